/* SPDX-License-Identifier: MIT */
/*
 * Code that trips, and the frame around it. Nothing here changes a register or a flag
 * beyond what trips.h says.
 */
#include <abi/xen.h>

#include "trips.h"

#define IN(reg)  %gs:TRIP_IN + 8 * R_##reg
#define OUT(reg) %gs:TRIP_OUT + 8 * R_##reg

    .text

/* void trip_run(struct trip *t) */
    .globl trip_run
    .type trip_run, @function
trip_run:
    push    %rbp
    push    %rbx
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    mov     %rsp, %gs:TRIP_CALLER_RSP
    mov     IN(RSP), %rsp
    mov     IN(RAX), %rax
    mov     IN(RBX), %rbx
    mov     IN(RCX), %rcx
    mov     IN(RDX), %rdx
    mov     IN(RSI), %rsi
    mov     IN(RDI), %rdi
    mov     IN(RBP), %rbp
    mov     IN(R8), %r8
    mov     IN(R9), %r9
    mov     IN(R10), %r10
    mov     IN(R11), %r11
    mov     IN(R12), %r12
    mov     IN(R13), %r13
    mov     IN(R14), %r14
    mov     IN(R15), %r15
    pushq   IN(RFLAGS)
    popfq
    jmp     *%gs:TRIP_CODE
    .size trip_run, . - trip_run

    .globl trip_done
trip_done:
    mov     %rax, OUT(RAX)
    mov     %rbx, OUT(RBX)
    mov     %rcx, OUT(RCX)
    mov     %rdx, OUT(RDX)
    mov     %rsi, OUT(RSI)
    mov     %rdi, OUT(RDI)
    mov     %rbp, OUT(RBP)
    mov     %r8, OUT(R8)
    mov     %r9, OUT(R9)
    mov     %r10, OUT(R10)
    mov     %r11, OUT(R11)
    mov     %r12, OUT(R12)
    mov     %r13, OUT(R13)
    mov     %r14, OUT(R14)
    mov     %r15, OUT(R15)
    mov     %rsp, OUT(RSP)
    mov     %gs:TRIP_CALLER_RSP, %rsp
    pushfq
    popq    OUT(RFLAGS)
    pushq   $2
    popfq
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbx
    pop     %rbp
    ret

/* Begins the stretch `name`; `at` marks where the trap is; `done` ends it. */
.macro trip name
    .globl trip_\name, trip_\name\()_at, trip_\name\()_end
trip_\name:
.endm
.macro done name
trip_\name\()_end:
    jmp     trip_done
.endm
/* One whose trap is at its first instruction, and is skipped. */
.macro faults name, insn:vararg
    trip \name
trip_\name\()_at:
    \insn
    done \name
.endm

    trip nothing
trip_nothing_at:
    done nothing

    trip syscall
    syscall
trip_syscall_at:
    done syscall

    /* By the hypercall page. Its call takes and gives back one word of stack. */
    trip page
    call    hypercall_page + __HYPERVISOR_xen_version * 32
trip_page_at:
    done page

    /* An event handler moves on trip_spin. */
    trip spin
trip_spin_at:
    jmp     *%gs:TRIP_SPIN
    done spin

    faults ud2, ud2
    faults page_fault, movabs NOT_MAPPED, %al
    faults gp, movabs NON_CANONICAL, %al
    faults divide, divb %gs:TRIP_ZERO
    faults fpu, fnop

    trip int3
    int3
trip_int3_at:
    done int3

    /* TF is set: the trap comes behind the jump to here. */
    trip step
trip_step_at:
    done step

    trip clts
    clts
trip_clts_at:
    done clts

    trip cpuid
    ud2
    .ascii "xen"
    cpuid
trip_cpuid_at:
    done cpuid

    trip store
    mov     %rax, (%rsi)
trip_store_at:
    done store

    /* The iret hypercall, to the end. */
    trip iret
    pushq   $FLAT_KERNEL_SS
    pushq   IN(RSP)
    pushq   IN(RFLAGS)
    pushq   $FLAT_KERNEL_CS & ~3
    pushq   $trip_done
    pushq   %gs:TRIP_IRET_FLAGS
    jmp     hypercall_page + __HYPERVISOR_iret * 32
trip_iret_at:
    done iret

/* The page for user mode. `at` is the address that the trap reports. */
.macro user name
    .globl utrip_\name, utrip_\name\()_at
utrip_\name:
.endm
/* A trap behind the instruction, and one at it. */
.macro user_trap name, insn:vararg
    user \name
    \insn
utrip_\name\()_at:
    ud2
.endm
.macro user_fault name, insn:vararg
    user \name
utrip_\name\()_at:
    \insn
    ud2
.endm

    .balign 4096
    .globl user_code
user_code:
    user_trap syscall, syscall
    user_trap int3, int3
    user_fault ud2, ud2
    user_fault page_fault, movabs NOT_MAPPED, %al
    user_fault gp, movabs NON_CANONICAL, %al
    user_trap step, nop
    user_trap sysenter, sysenter

    /* Long enough to be interrupted by events. */
    user spin
    .rept 1000
    nop
    .endr
    int3
utrip_spin_at:
    ud2

    .code32
    user_trap syscall32, syscall
    user_trap sysenter32, sysenter
    user_trap int3_32, int3
    user_fault page_fault32, movb NOT_MAPPED, %al
    .code64
    .balign 4096

    .section .note.GNU-stack, "", @progbits
