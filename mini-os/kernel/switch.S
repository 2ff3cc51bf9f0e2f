/* SPDX-License-Identifier: MIT */
/*
 * From one thread to another.
 */

    .text

/*
 * void thread_switch(unsigned long *save, unsigned long load)
 * Event delivery is off. Stack of a thread that does not run, from RSP up: MXCSR and
 * x87 control word (8 bytes), R15, R14, R13, R12, RBP, RBX, return address. All other
 * registers are the caller's to save.
 */
    .globl thread_switch
    .type thread_switch, @function
thread_switch:
    push    %rbx
    push    %rbp
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    sub     $8, %rsp
    stmxcsr (%rsp)
    fnstcw  4(%rsp)
    mov     %rsp, (%rdi)
    mov     %rsi, %rsp
    fldcw   4(%rsp)
    ldmxcsr (%rsp)
    add     $8, %rsp
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbp
    pop     %rbx
    ret
    .size thread_switch, . - thread_switch

/* Where a new thread's first switch returns to. RBX: struct thread; RBP: 0. */
    .globl thread_first_entry
    .type thread_first_entry, @function
thread_first_entry:
    mov     %rbx, %rdi
    call    thread_main
    ud2
    .size thread_first_entry, . - thread_first_entry

    .section .note.GNU-stack, "", @progbits
