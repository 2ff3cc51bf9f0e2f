/* SPDX-License-Identifier: MIT */
/*
 * Trap and callback entry, and the way back by the iret hypercall.
 *
 * The hypervisor pushes on the interrupted stack (kernel mode) or the one given by
 * stack_switch (user mode): RCX, R11, the error code where the vector has one, RIP, CS,
 * RFLAGS, RSP, SS. The failsafe callback has DS, ES, FS, GS after R11.
 */
#include <abi/xen.h>
#include <mini-os/trapnr.h>

#define IRET_STUB (hypercall_page + __HYPERVISOR_iret * 32)

/* A bit for each vector that has an error code: 8, 10-14, 17, 21, 29, 30. */
#define ERROR_CODE_VECTORS 0x60227d00


    .text

/*
 * One stub for each vector, 32 bytes apart. Live: everything but RCX and R11, which are
 * on the stack. Event delivery as the trap table says. Stack: the frame above.
 */
    .balign 32
    .globl trap_stubs
    .type trap_stubs, @function
trap_stubs:
    .set vector, 0
    .rept 256
    .balign 32
    pop     %rcx
    pop     %r11
    .if ((ERROR_CODE_VECTORS >> (vector & 31)) & 1) * (vector < 32)
    .else
    push    $0
    .endif
    push    $vector
    jmp     trap_common
    .set vector, vector + 1
    .endr
    .balign 32
    .size trap_stubs, . - trap_stubs

.macro callback name, number
    .globl \name
    .type \name, @function
\name:
    pop     %rcx
    pop     %r11
    push    $0
    push    $\number
    jmp     trap_common
    .size \name, . - \name
.endm

    callback entry_event, TRAP_CALLBACK_EVENT
    callback entry_syscall, TRAP_CALLBACK_SYSCALL

/* The four selectors that could not be loaded are dropped: they are null now. */
    .globl entry_failsafe
    .type entry_failsafe, @function
entry_failsafe:
    pop     %rcx
    pop     %r11
    add     $32, %rsp
    push    $0
    push    $TRAP_CALLBACK_FAILSAFE
    jmp     trap_common
    .size entry_failsafe, . - entry_failsafe

/*
 * Stack: vector, error code, RIP, CS, RFLAGS, RSP, SS. Builds a struct trap_frame and
 * calls trap_dispatch(frame) on an aligned stack; RBX keeps the frame's address.
 */
    .type trap_common, @function
trap_common:
    push    %rdi
    push    %rsi
    push    %rdx
    push    %rcx
    push    %rax
    push    %r8
    push    %r9
    push    %r10
    push    %r11
    push    %rbx
    push    %rbp
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    cld
    mov     %rsp, %rbx
    mov     %rsp, %rdi
    and     $-16, %rsp
    xor     %ebp, %ebp
    call    trap_dispatch
    mov     %rbx, %rsp
    xor     %eax, %eax
    jmp     frame_restore
    .size trap_common, . - trap_common

/*
 * void frame_resume(const struct trap_frame *frame, unsigned long iret_flags)
 * Loads every register from the frame, which must lie on the current vCPU's stack.
 * The iret hypercall's operand takes the places of vector and error code.
 */
    .globl frame_resume
    .type frame_resume, @function
frame_resume:
    mov     %rdi, %rsp
    mov     %rsi, %rax

/* Stack: struct trap_frame. RAX: the iret flags. */
frame_restore:
    mov     %rax, 16 * 8(%rsp)
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbp
    pop     %rbx
    pop     %r11
    pop     %r10
    pop     %r9
    pop     %r8
    pop     %rax
    pop     %rcx
    pop     %rdx
    pop     %rsi
    pop     %rdi
    add     $8, %rsp
    jmp     IRET_STUB
    .size frame_resume, . - frame_resume

/*
 * int catch_save(struct catch_context *context)
 * Returns 0; returns 1 when catch_resume(context) is called while the caller lives.
 */
    .globl catch_save
    .type catch_save, @function
catch_save:
    mov     (%rsp), %rax
    mov     %rax, 0(%rdi)
    lea     8(%rsp), %rax
    mov     %rax, 8(%rdi)
    mov     %rbp, 16(%rdi)
    mov     %rbx, 24(%rdi)
    mov     %r12, 32(%rdi)
    mov     %r13, 40(%rdi)
    mov     %r14, 48(%rdi)
    mov     %r15, 56(%rdi)
    xor     %eax, %eax
    ret
    .size catch_save, . - catch_save

/* noreturn void catch_resume(const struct catch_context *context) */
    .globl catch_resume
    .type catch_resume, @function
catch_resume:
    mov     8(%rdi), %rsp
    mov     16(%rdi), %rbp
    mov     24(%rdi), %rbx
    mov     32(%rdi), %r12
    mov     40(%rdi), %r13
    mov     48(%rdi), %r14
    mov     56(%rdi), %r15
    mov     $1, %eax
    jmp     *0(%rdi)
    .size catch_resume, . - catch_resume

    .section .note.GNU-stack, "", @progbits
