/* SPDX-License-Identifier: MIT */
/*
 * Code for user mode that changes no register before it leaves.
 */
    .text
    .globl user_syscall_only
user_syscall_only:
    syscall
    ud2

    .globl user_int3_only
user_int3_only:
    int3
    ud2

    .section .note.GNU-stack, "", @progbits
