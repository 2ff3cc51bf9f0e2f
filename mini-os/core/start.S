/* SPDX-License-Identifier: MIT */
/*
 * First instructions of vCPU 0 and of the others, and the hypercall page.
 */
#include <mini-os/layout.h>

    .section .text.start, "ax"

/*
 * Entry of the image. In: RSI = start_info, RSP = builder's stack, CR3 = the initial
 * tables; events masked. Goes on the stack of vCPU 0, whose top core_start() fills.
 */
    .globl start
    .type start, @function
start:
    cld
    lea     boot_stack + STACK_SIZE - 16(%rip), %rsp
    xor     %ebp, %ebp
    mov     %rsi, %rdi
    call    core_start
    ud2
    .size start, . - start

/*
 * Entry of a further vCPU. In: RDI = its area, RSP = 16 bytes below the top of its
 * stack; events masked.
 */
    .globl vcpu_start_entry
    .type vcpu_start_entry, @function
vcpu_start_entry:
    cld
    xor     %ebp, %ebp
    call    vcpu_main
    ud2
    .size vcpu_start_entry, . - vcpu_start_entry

/* Filled by the builder; each stub is 32 bytes long. */
    .section .text.hypercall_page, "ax"
    .balign PAGE_SIZE
    .globl hypercall_page
    .type hypercall_page, @object
hypercall_page:
    .skip   PAGE_SIZE
    .size hypercall_page, PAGE_SIZE

    .section .bss.boot_stack, "aw", @nobits
    .balign STACK_SIZE
    .globl boot_stack
boot_stack:
    .skip   STACK_SIZE

/* A page of the image on which boot.c maps the shared page. */
    .section .bss.shared_info, "aw", @nobits
    .balign PAGE_SIZE
    .globl shared_info
    .type shared_info, @object
shared_info:
    .skip   PAGE_SIZE
    .size shared_info, PAGE_SIZE

    .section .note.GNU-stack, "", @progbits
