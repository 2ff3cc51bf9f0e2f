/* SPDX-License-Identifier: MIT */
/*
 * The shortest handlers that a guest kernel can have: they measure the hypervisor's
 * part of a trap and its return, not the guest's.
 *
 * The hypervisor's frame is RCX R11 [error] RIP CS RFLAGS RSP SS; HYPERVISOR_iret wants
 * RAX R11 RCX flags RIP CS RFLAGS RSP SS.
 */
#include <abi/xen.h>

    .text

/* Page fault at an instruction of 3 bytes: skips it. The error code's slot holds flags. */
    .globl bench_page_fault
    .type bench_page_fault, @function
bench_page_fault:
    pop     %rcx
    pop     %r11
    movq    $0, (%rsp)
    addq    $3, 8(%rsp)
    push    %rcx
    push    %r11
    push    %rax
    mov     $__HYPERVISOR_iret, %eax
    syscall
    .size bench_page_fault, . - bench_page_fault

/* Device not available: the instruction is executed again. No error code. */
    .globl bench_no_fpu
    .type bench_no_fpu, @function
bench_no_fpu:
    pop     %rcx
    pop     %r11
    push    $0
    push    %rcx
    push    %r11
    push    %rax
    mov     $__HYPERVISOR_iret, %eax
    syscall
    .size bench_no_fpu, . - bench_no_fpu

/*
 * System call from user mode: back at once, by SYSRET. RDI = 0 ends user mode: jump to
 * the library's entry.
 */
    .globl bench_syscall
    .type bench_syscall, @function
bench_syscall:
    test    %rdi, %rdi
    jnz     entry_syscall
    pop     %rcx
    pop     %r11
    push    $VGCF_in_syscall
    push    %rcx
    push    %r11
    push    %rax
    mov     $__HYPERVISOR_iret, %eax
    syscall
    .size bench_syscall, . - bench_syscall

/* Event upcall: clears pending, selector and port 0-63 words, and returns with events
 * masked as they were before. RDI and RSI are free at the place of the measurement. */
    .globl bench_event
    .type bench_event, @function
bench_event:
    pop     %rcx
    pop     %r11
    mov     bench_vcpu_info(%rip), %rcx
    movb    $0, (%rcx)
    movq    $0, 8(%rcx)
    mov     bench_pending(%rip), %rcx
    movq    $0, (%rcx)
    movq    $1, bench_event_seen(%rip)
    mov     8(%rsp), %r11
    /* back with events masked: RFLAGS.IF of the frame clear */
    andq    $~0x200, 16(%rsp)
    push    $0
    push    %rcx
    push    %r11
    push    %rax
    mov     $__HYPERVISOR_iret, %eax
    syscall
    .size bench_event, . - bench_event

    .section .note.GNU-stack, "", @progbits
