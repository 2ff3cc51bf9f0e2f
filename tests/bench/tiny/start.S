/* SPDX-License-Identifier: MIT */
/* The smallest guest: its first instruction reads the time-stamp counter. */
#include <mini-os/layout.h>

/* In: RSI = start_info, RSP = builder's stack. */
    .section .text.start, "ax"
    .globl start
    .type start, @function
start:
    rdtsc
    shl     $32, %rdx
    or      %rdx, %rax
    mov     %rsi, %rdi
    mov     %rax, %rsi
    and     $-16, %rsp
    call    tiny_main
    ud2
    .size start, . - start

/* Filled by the builder. */
    .section .text.hypercall_page, "ax"
    .balign PAGE_SIZE
    .globl hypercall_page
    .type hypercall_page, @object
hypercall_page:
    .skip   PAGE_SIZE
    .size hypercall_page, PAGE_SIZE

    .section .note.GNU-stack, "", @progbits
