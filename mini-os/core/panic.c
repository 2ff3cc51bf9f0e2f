/* SPDX-License-Identifier: MIT */
/*
 * Panic: one report per domain, whichever vCPU comes first; the others spin.
 */
#include <mini-os/panic.h>

#include <abi/sched.h>
#include <mini-os/boot.h>
#include <mini-os/console.h>
#include <mini-os/smp.h>
#include <mini-os/traps.h>

#include "internal.h"

#define BACKTRACE_MAX 32

struct frame_link {
    const struct frame_link *next;
    uint64_t return_address;
};

static bool claim_report(void)
{
    static bool reported;

    return !__atomic_exchange_n(&reported, true, __ATOMIC_ACQUIRE);
}

static noreturn void die(void)
{
    shutdown(SHUTDOWN_crash);
    for (;;)
        cpu_relax();
}

/* Follows saved RBPs as long as they stay, ascending, on this vCPU's stack. */
static void print_backtrace(uint64_t rip, uint64_t rbp, uint64_t sp)
{
    const struct vcpu_area *vcpu = this_vcpu();
    uint64_t high = (uint64_t)vcpu->stack + vcpu->stack_size - sizeof(struct frame_link);

    kprintf("Backtrace: %016lx", rip);
    for (int depth = 0; depth < BACKTRACE_MAX; depth++) {
        const struct frame_link *link = (const struct frame_link *)rbp;

        if (rbp < sp || rbp > high || (rbp & 7))
            break;
        kprintf(" %016lx", link->return_address);
        sp = rbp + 1;
        rbp = (uint64_t)link->next;
    }
    kprintf("\n");
}

static void print_registers(const struct trap_frame *f)
{
    kprintf("rax=%016lx rbx=%016lx rcx=%016lx\n", f->rax, f->rbx, f->rcx);
    kprintf("rdx=%016lx rsi=%016lx rdi=%016lx\n", f->rdx, f->rsi, f->rdi);
    kprintf("rbp=%016lx r8 =%016lx r9 =%016lx\n", f->rbp, f->r8, f->r9);
    kprintf("r10=%016lx r11=%016lx r12=%016lx\n", f->r10, f->r11, f->r12);
    kprintf("r13=%016lx r14=%016lx r15=%016lx\n", f->r13, f->r14, f->r15);
    kprintf("rip=%016lx cs=%04lx ss=%04lx rsp=%016lx rflags=%08lx\n", f->rip,
            f->cs & 0xffff, f->ss & 0xffff, f->rsp, f->rflags);
}

void panic(const char *fmt, ...)
{
    va_list args;

    if (!claim_report())
        die();
    kprintf("PANIC: ");
    va_start(args, fmt);
    kvprintf(fmt, args);
    va_end(args);
    kprintf("\n");
    print_backtrace((uint64_t)__builtin_return_address(0),
                    (uint64_t)__builtin_frame_address(0),
                    (uint64_t)__builtin_frame_address(0));
    die();
}

void panic_frame(const struct trap_frame *frame, const char *what)
{
    if (!claim_report())
        die();
    kprintf("PANIC: %s: vector %lu error %lx cr2 %016lx\n", what, frame->vector,
            frame->error, this_vcpu()->info->arch.cr2);
    print_registers(frame);
    print_backtrace(frame->rip, frame->rbp, frame->rsp);
    die();
}
