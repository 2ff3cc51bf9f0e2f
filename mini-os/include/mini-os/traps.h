/* SPDX-License-Identifier: MIT */
/*
 * Traps of the guest's kernel and user mode, and ways to provoke one and look at it.
 *
 * A trap from kernel mode is offered, in this order, to the handler set for its vector,
 * to the fixup table (TRAP_PROBE), to the innermost trap_call(), and else is a panic. A
 * trap from user mode ends the user_enter() that is under way (user.h). Handlers run
 * with event delivery masked on the interrupted stack; returning resumes the frame.
 */
#ifndef MINI_OS_TRAPS_H
#define MINI_OS_TRAPS_H

#include <mini-os/compiler.h>
#include <mini-os/trapnr.h>

/* The interrupted registers as entry.S saves them; changes take effect on return. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector; /* TRAP_* */
    uint64_t error;  /* 0 where the vector has no error code */
    uint64_t rip, cs, rflags, rsp, ss;
};

/* Whether the frame is of user mode: only then the hypervisor shows RPL 3. */
static inline bool trap_from_user(const struct trap_frame *frame)
{
    return (frame->cs & 3) == 3;
}

/* What a provoked trap looked like. trapped is false when none came. */
struct trap_result {
    bool trapped;
    unsigned int vector;
    uint64_t error;
    uint64_t rip;
    uint64_t cr2; /* for TRAP_PAGE_FAULT */
    struct trap_frame frame;
    struct trap_result *outer; /* of the TRAP_PROBE that this one interrupts */
};

/* Returns whether it has dealt with the trap; false offers it to the next in line. */
typedef bool trap_handler_t(struct trap_frame *frame);

/*
 * Sets the handler for a vector (TRAP_*, below TRAP_COUNT) on all vCPUs and returns the
 * one before; NULL for none. Event upcalls go to events.h instead.
 */
trap_handler_t *trap_set_handler(unsigned int vector, trap_handler_t *handler);

/*
 * Calls fn(arg) with every trap in it caught: the first one abandons fn, wherever it is.
 * Stores what happened in *result and returns result->trapped. Nests.
 */
bool trap_call(void (*fn)(void *arg), void *arg, struct trap_result *result);

/*
 * Jumps to an arbitrary address, in the same way: for code that was assembled into a
 * page, and for addresses that cannot be executed.
 */
bool trap_exec(const void *code, struct trap_result *result);

/*
 * TRAP_PROBE(result, asm_text, operands...): executes one instruction (or several: all
 * but the last must not fault at an address of their own) as inline assembly whose trap
 * is stored in *result; execution goes on behind it. Outputs are then unchanged.
 * Operands are written as for extended asm: TRAP_PROBE(&r, "rdmsr", : "=a"(lo) : "c"(n)).
 */
#define TRAP_PROBE(result, text, ...)                  \
    do {                                               \
        trap_probe_begin(result);                      \
        asm volatile("771: " text "\n772:\n"           \
                     ".pushsection .ex_table, \"a\"\n" \
                     ".quad 771b, 772b\n"              \
                     ".popsection\n" __VA_ARGS__);     \
        trap_probe_end();                              \
    } while (0)

/* Brackets of TRAP_PROBE; not for use on their own. */
void trap_probe_begin(struct trap_result *result);
void trap_probe_end(void);

/* One 8-byte access at any address. Return whether it trapped. */
bool probe_read(const volatile void *addr, uint64_t *value, struct trap_result *result);
bool probe_write(volatile void *addr, uint64_t value, struct trap_result *result);

/* Tells the hypervisor this vCPU's trap table again, after a test has replaced it. */
void traps_install(void);

/* The library's own table, terminated by an entry with address 0. */
struct trap_info;
const struct trap_info *traps_table(void);

#endif
