/* SPDX-License-Identifier: MIT */
/*
 * Start of another processor. trampoline_start..trampoline_end is copied to a page below
 * 1 MiB, where a start-up IPI makes the processor begin; smpboot.c fills in the copy's
 * addresses. It goes from real to 64-bit mode in one step, on the start-up page tables,
 * whose identity map covers the page.
 */
#include <hv/layout.h>

#define MSR_EFER    0xc0000080
#define MSR_GS_BASE 0xc0000101
#define EFER_BITS   ((1 << 8) | (1 << 11)) /* LME NXE */
#define CR4_PAE     (1 << 5)
#define CR0_BITS    0x80010033

        .section .rodata.trampoline, "a", @progbits
        .code16
        .globl  trampoline_start, trampoline_end, trampoline_gdt_ptr, trampoline_jump
        .globl  trampoline_cr3
/* Real mode, cs = the page's segment, interrupts off; no stack. */
trampoline_start:
        cli
        cld
        movw    %cs, %ax
        movw    %ax, %ds
        lgdtl   trampoline_gdt_ptr - trampoline_start
        movl    $CR4_PAE, %eax
        movl    %eax, %cr4
        movl    trampoline_cr3 - trampoline_start, %eax
        movl    %eax, %cr3
        movl    $MSR_EFER, %ecx
        rdmsr
        orl     $EFER_BITS, %eax
        wrmsr
        movl    $CR0_BITS, %eax
        movl    %eax, %cr0
        ljmpl   *(trampoline_jump - trampoline_start)

        .code64
trampoline_64:
        movabsq $ap_entry, %rax
        jmp     *%rax

        .balign 8
trampoline_gdt:
        .quad   0
        .quad   0x00af9b000000ffff
        .quad   0x00cf93000000ffff
trampoline_gdt_ptr: /* limit; base, to be completed with the page's address */
        .short  . - trampoline_gdt - 1
        .long   trampoline_gdt - trampoline_start
trampoline_jump:    /* offset, likewise; 64-bit code selector */
        .long   trampoline_64 - trampoline_start
        .short  8
        .balign 4
trampoline_cr3:
        .long   0
trampoline_end:

        .section .init.text, "ax", @progbits
/* 64-bit mode at the image's address, trampoline's GDT and page tables, no stack. */
ap_entry:
        movl    $16, %eax
        movl    %eax, %ss
        xorl    %ebp, %ebp
        movl    %ebp, %ds
        movl    %ebp, %es
        movl    %ebp, %fs
        movl    %ebp, %gs
        movq    idle_cr3(%rip), %rax
        movq    %rax, %cr3
        movq    ap_stack(%rip), %rsp
        movq    ap_gs_base(%rip), %rax
        movq    %rax, %rdx
        shrq    $32, %rdx
        movl    $MSR_GS_BASE, %ecx
        wrmsr
        call    ap_main         /* on its own stack and tables; does not return */
        ud2
        .section .note.GNU-stack, "", @progbits
