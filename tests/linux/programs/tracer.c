/* SPDX-License-Identifier: MIT */
/*
 * What a debugger does by ptrace, on children of this program: single steps through every
 * kind of instruction, breakpoints and watchpoints in debug registers, floating-point
 * registers. Two children are traced at a time on one processor, with other debug
 * registers each. Prints what was seen; the same kernel prints the same lines in a guest
 * and on the machine itself. Compiled for 64 and for 32 bits.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
#define IP          rip
#define SYSTEM_CALL "mov $39, %eax; syscall\n"
#else
#define IP          eip
#define SYSTEM_CALL "nop; nop\n"
#endif

/* Variables of the child that are watched. */
volatile uint8_t area[64] __attribute__((aligned(64)));
volatile long counter;

/* The code that is stepped through; its instructions are counted here. */
void walk(void);
extern const char walk_fault[], walk_after_fault[];
asm(".text; .globl walk, walk_fault, walk_after_fault\n"
    "walk: mov $2000, %ecx\n"
    "1: dec %ecx; jnz 1b\n" /* 4001 until here */
    "mov $20, %eax; int $0x80\n" SYSTEM_CALL "pushf; popf; nop\n"
    "rdtsc; cpuid\n"
    "walk_fault: mov 0, %al\n"
    "walk_after_fault: ret\n");

static long child_status(pid_t child)
{
    int status;

    if (waitpid(child, &status, 0) != child)
        return -1;
    return status;
}

static pid_t start(void (*program)(void))
{
    pid_t child = fork();

    if (!child) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        program();
        _exit(7);
    }
    child_status(child);
    return child;
}

static uintptr_t register_ip(pid_t child)
{
    struct user_regs_struct regs;

    ptrace(PTRACE_GETREGS, child, NULL, &regs);
    return (uintptr_t)regs.IP;
}

static void set_ip(pid_t child, uintptr_t ip)
{
    struct user_regs_struct regs;

    ptrace(PTRACE_GETREGS, child, NULL, &regs);
    regs.IP = (unsigned long)ip;
    ptrace(PTRACE_SETREGS, child, NULL, &regs);
}

static int signal_code(pid_t child)
{
    siginfo_t info;

    return ptrace(PTRACE_GETSIGINFO, child, NULL, &info) ? -1 : info.si_code;
}

#define DEBUGREG(n) ((void *)(offsetof(struct user, u_debugreg) + (n) * sizeof(long)))

static long set_debugreg(pid_t child, unsigned int n, unsigned long value)
{
    errno = 0;
    ptrace(PTRACE_POKEUSER, child, DEBUGREG(n), (void *)value);
    return errno;
}

static unsigned long get_debugreg(pid_t child, unsigned int n)
{
    return (unsigned long)ptrace(PTRACE_PEEKUSER, child, DEBUGREG(n), NULL);
}

/* Lets it run to its next stop; true when that is SIGTRAP. */
static int resume(pid_t child, enum __ptrace_request how, long signal)
{
    long status;

    ptrace(how, child, NULL, (void *)signal);
    status = child_status(child);
    return WIFSTOPPED(status) ? WSTOPSIG(status) : -WEXITSTATUS(status) - 1000;
}

static void finish(pid_t child)
{
    kill(child, SIGKILL);
    child_status(child);
}

/* --- single steps --- */

static void fault_handler(int signal)
{
    (void)signal;
    counter += 1000;
}

static void walk_program(void)
{
    signal(SIGSEGV, fault_handler);
    walk();
}

/* From walk()'s first instruction until walk_fault faults. */
static unsigned long count_steps(pid_t child, unsigned long *bad)
{
    unsigned long steps = 0;
    int signal;

    while ((signal = resume(child, PTRACE_SINGLESTEP, 0)) == SIGTRAP) {
        *bad += signal_code(child) != 2; /* TRAP_TRACE */
        steps++;
    }
    printf(" then signal %d at %+ld", signal,
           (long)(register_ip(child) - (uintptr_t)walk_fault));
    return steps;
}

/* The first stop in walk(), by a breakpoint there. */
static void go_to_walk(pid_t child)
{
    set_debugreg(child, 0, (unsigned long)(uintptr_t)walk);
    set_debugreg(child, 7, 1);
    resume(child, PTRACE_CONT, 0);
    set_debugreg(child, 7, 0);
}

static void test_steps(void)
{
    pid_t child = start(walk_program);
    unsigned long bad = 0, steps;

    go_to_walk(child);
    printf("steps: at walk%+ld,", (long)(register_ip(child) - (uintptr_t)walk));
    steps = count_steps(child, &bad);
    printf(", %lu steps, %lu of another kind", steps, bad);
    set_ip(child, (uintptr_t)walk_after_fault);
    printf(", then %d", resume(child, PTRACE_SINGLESTEP, 0));
    printf(" at %+ld\n", (long)(register_ip(child) - (uintptr_t)walk_after_fault));
    finish(child);
}

/* The signal handler is stepped into, at its first instruction. */
static void test_step_into_handler(void)
{
    pid_t child = start(walk_program);
    int signal;

    set_debugreg(child, 0, (unsigned long)(uintptr_t)walk_fault);
    set_debugreg(child, 7, 1);
    resume(child, PTRACE_CONT, 0);
    signal = resume(child, PTRACE_CONT, 0);
    printf("into the handler: signal %d", signal);
    printf(", step %d", resume(child, PTRACE_SINGLESTEP, SIGSEGV));
    printf(" at %+ld\n", (long)(register_ip(child) - (uintptr_t)fault_handler));
    finish(child);
}

/* --- debug registers --- */

static void write_program(void)
{
    for (long i = 0; i < 1000; i++) {
        area[i % 64] = (uint8_t)i;
        counter = i;
        (void)area[(i + 13) % 64];
    }
}

/* Runs to the end, counting stops by the bits of DR6. */
static void count_hits(const char *what, pid_t child)
{
    unsigned long hits[4] = { 0 }, odd = 0;
    int signal;

    while ((signal = resume(child, PTRACE_CONT, 0)) == SIGTRAP) {
        unsigned long dr6 = get_debugreg(child, 6);

        for (unsigned int n = 0; n < 4; n++)
            hits[n] += dr6 >> n & 1;
        odd += !(dr6 & 15) || signal_code(child) != 4; /* TRAP_HWBKPT */
        set_debugreg(child, 6, 0);
    }
    printf("%s: %lu %lu %lu %lu hits, %lu odd, end %d\n", what, hits[0], hits[1], hits[2],
           hits[3], odd, signal);
}

/* Breakpoint n enabled, of a kind (0 code, 1 writes, 3 all accesses) and length. */
static unsigned long dr7_of(unsigned int n, unsigned long kind, unsigned int length)
{
    static const unsigned long code[] = { 0, 0, 1, 0, 3, 0, 0, 0, 2 };

    return 1ul << (n * 2) | (kind | code[length] << 2) << (16 + n * 4);
}

static void watch(pid_t child, unsigned int n, const volatile void *at,
                  unsigned long kind, unsigned int length)
{
    unsigned long dr7 = get_debugreg(child, 7);

    set_debugreg(child, n, (unsigned long)(uintptr_t)at);
    set_debugreg(child, 7, dr7 | dr7_of(n, kind, length));
}

static void test_watchpoints(void)
{
    pid_t child = start(write_program);

    watch(child, 0, &area[5], 1, 1);
    watch(child, 1, &area[16], 1, 4);
    watch(child, 2, &area[32], 3, 2);
    watch(child, 3, &counter, 1, sizeof(long));
    count_hits("watchpoints", child);
}

static void test_breakpoints(void)
{
    pid_t child = start(write_program);

    watch(child, 0, (void *)(uintptr_t)write_program, 0, 1);
    watch(child, 2, (void *)(uintptr_t)fault_handler, 0, 1);
    count_hits("breakpoints", child);
}

/* None that is not armed stops, nor one that lies in the kernel or the hypervisor. */
static void test_refused(void)
{
    pid_t child = start(write_program);

    set_debugreg(child, 0, (unsigned long)(uintptr_t)&area[5]);
    printf("refused: kernel %ld", set_debugreg(child, 1, ~0xfffful));
#ifdef __x86_64__
    printf(", hypervisor %ld", set_debugreg(child, 1, 0xffff800000000000));
    printf(", not canonical %ld", set_debugreg(child, 1, 0x123456789abcdef0));
#endif
    printf(", I/O %ld", set_debugreg(child, 7, dr7_of(0, 2, 1)));
    printf(", general detect %ld\n", set_debugreg(child, 7, 0x2000));
    count_hits("none armed", child);
}

/* --- two at once --- */

static void writer(volatile uint8_t *at)
{
    for (unsigned int i = 0; i < 300; i++) {
        *at = (uint8_t)i;
        sched_yield();
    }
}

static void writer_0(void)
{
    writer(&area[0]);
}

static void writer_8(void)
{
    writer(&area[8]);
}

/* The first watches what it writes; the second what only the first writes. */
static void test_two(void)
{
    pid_t first = start(writer_0), second = start(writer_8), spinner;
    unsigned long hits = 0, wrong = 0;

    watch(first, 0, &area[0], 1, 1);
    watch(second, 0, &area[0], 1, 1);
    watch(second, 1, &area[8], 1, 1);
    spinner = fork();
    if (!spinner)
        for (;;)
            area[0]++; /* the same address, not traced */
    for (unsigned int i = 0; i < 300; i++) {
        hits += resume(first, PTRACE_CONT, 0) == SIGTRAP;
        wrong += (get_debugreg(first, 6) & 15) != 1;
        hits += resume(second, PTRACE_CONT, 0) == SIGTRAP;
        wrong += (get_debugreg(second, 6) & 15) != 2;
        set_debugreg(first, 6, 0);
        set_debugreg(second, 6, 0);
    }
    printf("two at once: %lu hits, %lu wrong\n", hits, wrong);
    finish(first);
    finish(second);
    finish(spinner);
}

/* --- floating-point registers --- */

static void float_program(void)
{
    static uint8_t out[16];

    asm volatile("int3; movups %%xmm3, %0; fldpi; int3" : "=m"(out));
    _exit(out[0] == 0x5a && out[15] == 0x5a ? 1 : 2);
}

static void test_registers(void)
{
    static uint8_t xstate[8192] __attribute__((aligned(64)));
    struct iovec vector = { xstate, sizeof(xstate) };
    pid_t child = start(float_program);

    resume(child, PTRACE_CONT, 0);
    ptrace(PTRACE_GETREGSET, child, (void *)NT_X86_XSTATE, &vector);
    printf("registers: state %s", vector.iov_len >= 576 ? "with XSAVE" : "too short");
    memset(xstate + 160 + 3 * 16, 0x5a, 16); /* XMM3 */
    xstate[512] |= 2; /* XSTATE_BV: SSE is not in its first state */
    printf(", set %d",
           (int)ptrace(PTRACE_SETREGSET, child, (void *)NT_X86_XSTATE, &vector));
    resume(child, PTRACE_CONT, 0);
    ptrace(PTRACE_GETREGSET, child, (void *)NT_X86_XSTATE, &vector);
    printf(", pi %02x%02x", xstate[32 + 7], xstate[32 + 9]);
    printf(", end %d\n", resume(child, PTRACE_CONT, 0));
}

int main(int argc, char **argv)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(argc > 1 ? atoi(argv[1]) : 0, &one);
    sched_setaffinity(0, sizeof(one), &one);
    setvbuf(stdout, NULL, _IOLBF, 0);
    test_steps();
    test_step_into_handler();
    test_watchpoints();
    test_breakpoints();
    test_refused();
    test_two();
    test_registers();
    printf("over\n");
    return 0;
}
