/* SPDX-License-Identifier: MIT */
/*
 * A hypercall by number, without types: for numbers that have no stub, and for arguments
 * that no stub would take.
 */
#ifndef MINI_OS_HYPERCALL_H
#define MINI_OS_HYPERCALL_H

#include <mini-os/compiler.h>

/* Issues SYSCALL itself rather than by way of the hypercall page. */
static inline long hypercall_raw(unsigned long number, unsigned long a1, unsigned long a2,
                                 unsigned long a3, unsigned long a4, unsigned long a5)
{
    register unsigned long r10 asm("r10") = a4;
    register unsigned long r8 asm("r8") = a5;
    long result;

    asm volatile("syscall"
                 : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                 : "a"(number)
                 : "rcx", "r11", "r9", "memory");
    return result;
}

#endif
