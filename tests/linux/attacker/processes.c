/* SPDX-License-Identifier: MIT */
/*
 * What a kernel does for its programs and has to ask the hypervisor for: descriptors of
 * their own, segment bases, frames to return to, registers of traced processes, debug
 * registers, mappings at the ends of the address space.
 */
#define _GNU_SOURCE
#include "attacker.h"

#include <asm/ldt.h>
#include <asm/prctl.h>
#include <elf.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define SELECTORS 0x10000

static uint16_t selector;

static void load_selector(struct attacker *self)
{
    unsigned long result;

    switch (below(self, 6)) {
    case 0:
        asm volatile("mov %0, %%ds\n\tmov %%ds, %0" : "+r"(selector));
        return;
    case 1:
        asm volatile("mov %0, %%es" ::"r"(selector));
        return;
    case 2:
        asm volatile("mov %0, %%gs" ::"r"(selector));
        return;
    case 3:
        asm volatile("mov %0, %%ss" ::"r"(selector));
        return;
    case 4:
        asm volatile("lar %1, %0" : "=r"(result) : "r"((unsigned long)selector) : "cc");
        return;
    default:
        asm volatile("lsl %1, %0" : "=r"(result) : "r"((unsigned long)selector) : "cc");
        return;
    }
}

static void descriptors(struct attacker *self)
{
    struct user_desc d;
    uint64_t word[2] = { any(self), any(self) };

    memcpy(&d, word, sizeof(d));
    d.entry_number = once_in(self, 8) ? any(self) : below(self, 32);
    d.base_addr = (uint32_t)wild(self);
    if (once_in(self, 4))
        syscall(SYS_set_thread_area, &d);
    else
        syscall(SYS_modify_ldt, once_in(self, 4) ? 1 : 0x11, &d, sizeof(d));
    selector = once_in(self, 2) ? d.entry_number * 8 + 4 + below(self, 4)
                                : below(self, SELECTORS);
    load_selector(self);
}

static struct attacker *returning;

/* Comes back with other registers than it was called with. */
static void on_return(int number, siginfo_t *info, void *data)
{
    greg_t *reg = ((ucontext_t *)data)->uc_mcontext.gregs;

    (void)number;
    (void)info;
    for (unsigned int i = 0; i < 4; i++)
        reg[below(returning, REG_CR2 + 1)] = (greg_t)wild(returning);
    if (once_in(returning, 2))
        reg[REG_CSGSFS] =
            (greg_t)((any(returning) & ~0xfffffffful) | below(returning, SELECTORS));
}

static void signal_return(struct attacker *self)
{
    const struct sigaction action = { .sa_sigaction = on_return,
                                      .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

    returning = self;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
}

static void bases(struct attacker *self)
{
    unsigned long base = wild(self), was;

    syscall(SYS_arch_prctl, ARCH_GET_FS, &was);
    syscall(SYS_arch_prctl, ARCH_SET_GS, base);
    if (!syscall(SYS_arch_prctl, ARCH_SET_FS, base))
        syscall(SYS_arch_prctl, ARCH_SET_FS, was);
}

static void mappings(struct attacker *self)
{
    void *at = (void *)(wild(self) & ~(PAGE - 1ul));
    size_t size = (1 + below(self, 64)) * PAGE;

    if ((uintptr_t)at - (uintptr_t)self->scratch < SCRATCH_PAGES * PAGE)
        return;
    at = mmap(at, size, (int)below(self, 8),
              MAP_PRIVATE | MAP_ANONYMOUS | (once_in(self, 2) ? MAP_FIXED_NOREPLACE : 0),
              -1, 0);
    if (at == MAP_FAILED)
        return;
    madvise(at, size, (int)below(self, 26));
    mprotect(at, size, (int)any(self) & 7);
    at = mremap(at, size, size + PAGE, MREMAP_MAYMOVE);
    if (at != MAP_FAILED)
        munmap(at, size + PAGE);
}

static void disturb(struct attacker *self, pid_t child)
{
    struct user_regs_struct regs;
    const struct iovec state = { .iov_base = self->scratch,
                                 .iov_len = below(self, 2 * PAGE) };
    uint64_t *word = (uint64_t *)&regs;

    for (unsigned int i = 0; i < 8; i++)
        ptrace(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg) + i * 8,
               i == 7 ? any(self) & 0xffff03ff : wild(self));
    if (!ptrace(PTRACE_GETREGS, child, NULL, &regs)) {
        for (unsigned int i = 0; i < 4; i++)
            word[below(self, sizeof(regs) / 8)] = wild(self);
        ptrace(PTRACE_SETREGS, child, NULL, &regs);
    }
    for (unsigned int i = 0; i < 128; i++)
        self->scratch[below(self, PAGE)] = (uint8_t)any(self);
    ptrace(PTRACE_SETREGSET, child, once_in(self, 2) ? NT_X86_XSTATE : NT_PRFPREG,
           &state);
    ptrace(once_in(self, 2) ? PTRACE_SINGLESTEP : PTRACE_CONT, child, NULL, NULL);
}

static void traced(struct attacker *self)
{
    pid_t child = fork();

    if (!child) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        asm volatile("syscall" : : "a"(SYS_gettid) : "rcx", "r11", "memory");
        _exit(0);
    }
    if (child < 0 || waitpid(child, NULL, 0) != child)
        return;
    disturb(self, child);
    usleep(500);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void round_of_processes(struct attacker *self)
{
    static void (*const way[])(struct attacker *) = { descriptors, signal_return, bases,
                                                      mappings, traced };

    way[below(self, sizeof(way) / sizeof(way[0]))](self);
}

const struct attack attack_processes = { "processes", false, NULL, round_of_processes };
