/* SPDX-License-Identifier: MIT */
/*
 * Guest user mode: a page-table root of its own, entered by the iret hypercall.
 *
 * user_enter() behaves like a call: it returns when user mode executes SYSCALL or traps,
 * with the whole register frame. Events are handled meanwhile and do not end it. Each
 * vCPU can be in one user_enter() at a time.
 */
#ifndef MINI_OS_USER_H
#define MINI_OS_USER_H

#include <mini-os/mm.h>
#include <mini-os/traps.h>

#define USER_STACK_TOP 0x0000700000000000

struct user_space {
    struct address_space space;
    void *stack; /* the page below USER_STACK_TOP, as the kernel sees it */
};

/*
 * Builds an address space with the program's code and read-only data at the kernel's own
 * addresses, its section .user (variables marked user_data) writable, and a page of
 * stack. Returns 0, or -ENOMEM.
 */
int user_space_create(struct user_space *user);

/* Frees everything; no vCPU may still have it loaded (user_space_load another first). */
void user_space_destroy(struct user_space *user);

/* Makes it this vCPU's user-mode root; NULL loads none. Returns 0 or a negative errno. */
int user_space_load(const struct user_space *user);

/* A variable that user mode may write and the kernel sees as well. */
#define user_data __attribute__((section(".user")))

/*
 * Enters user mode with the registers in *frame (cs and ss must be user selectors,
 * rflags.IF allows events) and returns when it traps: *frame is then the state at the
 * trap and frame->vector says why (TRAP_CALLBACK_SYSCALL or an exception). iret_flags is
 * 0, or VGCF_in_syscall to return by SYSRET. cr2 may be NULL.
 */
void user_enter(struct trap_frame *frame, unsigned long iret_flags, uint64_t *cr2);

/* A frame that calls fn(arg) on the user stack; fn's return is a SYSCALL with rdi = its
 * result and rax = USER_RETURN. */
#define USER_RETURN 0x7e7
void user_frame_init(struct trap_frame *frame, long (*fn)(long arg), long arg);

/*
 * Calls fn(arg) in user mode and waits for its end. Returns whether it returned (its
 * result in *value); otherwise *frame tells the trap that ended it.
 */
bool user_call(long (*fn)(long arg), long arg, long *value, struct trap_frame *frame);

/* For code in user mode: SYSCALL with a number and one argument; returns rax. */
static inline long user_syscall(long number, long arg)
{
    asm volatile("syscall" : "+a"(number) : "D"(arg) : "rcx", "r11", "memory");
    return number;
}

#endif
