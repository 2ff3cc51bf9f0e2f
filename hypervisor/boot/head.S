/* SPDX-License-Identifier: MIT */
/*
 * Entry from the boot loader: both Multiboot headers, the way from 32-bit protected mode
 * to 64-bit code at the image's own address, and the page tables for that.
 *
 * Everything here is linked at its load address (below 4 GiB) and dropped with .init.
 * The start-up page tables map the first 4 GiB twice, at 0 and at DIRECTMAP_START, and
 * the image; all of it writable and executable. boot/paging.c replaces them.
 */
#include <hv/layout.h>
#include "multiboot.h"

#define MSR_EFER    0xc0000080
#define MSR_GS_BASE 0xc0000101
#define EFER_LME    (1 << 8)
#define EFER_NXE    (1 << 11)
#define CR4_PAE     (1 << 5)
#define CR0_BITS    0x80010033 /* PG WP NE ET MP PE */
#define LEAF_EXT    0x80000001
#define EXT_LM_NX   ((1 << 29) | (1 << 20))
#define COM1        0x3f8
#define PTE_TABLE   0x3   /* present, writable */
#define PTE_2M      0x83
#define SLOT(va)    (((va) >> 39) & 511)

        .section .boot, "awx", @progbits
        .code32

        .balign 8
mb2_header:
        .long   MB2_HEADER_MAGIC, MB2_ARCH_I386, mb2_end - mb2_header
        .long   -(MB2_HEADER_MAGIC + MB2_ARCH_I386 + (mb2_end - mb2_header))
        /* Without these two the image cannot start. */
        .balign 8
1:      .short  MB2_HTAG_INFO_REQUEST, 0
        .long   2f - 1b
        .long   MB2_TAG_MMAP, MB2_TAG_MODULE
2:      /* Used when they are there. */
        .balign 8
1:      .short  MB2_HTAG_INFO_REQUEST, 1
        .long   2f - 1b
        .long   MB2_TAG_CMDLINE, MB2_TAG_LOADER, MB2_TAG_ACPI_OLD, MB2_TAG_ACPI_NEW
2:      .balign 8
        .short  MB2_HTAG_MODULE_ALIGN, 1
        .long   8
        .balign 8
        .short  MB2_HTAG_END, 0
        .long   8
mb2_end:

/* With load addresses: a Multiboot 1 loader does not read 64-bit ELF files. */
#define MB1_FLAGS (MB1_PAGE_ALIGN | MB1_MEMORY_INFO | MB1_ADDRESSES)
        .balign 4
mb1_header:
        .long   MB1_HEADER_MAGIC, MB1_FLAGS, -(MB1_HEADER_MAGIC + MB1_FLAGS)
        .long   mb1_header, __boot_start, __image_data_end_pa, __image_end_pa, boot_entry

/*
 * From the loader. eax: its magic, ebx: its information; 32-bit protected mode with flat
 * segments, paging and interrupts off; no stack.
 */
        .globl  boot_entry
boot_entry:
        cld
        cli
        movl    $boot_early_stack, %esp
        pushl   $0
        popfl
        movl    %eax, %esi      /* kept up to boot_main: esi magic, edi information */
        movl    %ebx, %edi
        lgdt    boot_gdt_ptr
        ljmp    $BOOT_CS32, $1f
1:      movl    $BOOT_DS, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        call    check_long_mode
        call    fill_page_tables
        movl    $CR4_PAE, %eax
        movl    %eax, %cr4
        movl    $boot_l4, %eax
        movl    %eax, %cr3
        movl    $MSR_EFER, %ecx
        rdmsr
        orl     $(EFER_LME | EFER_NXE), %eax
        wrmsr
        movl    $CR0_BITS, %eax
        movl    %eax, %cr0
        ljmp    $BOOT_CS64, $boot_entry64

/* Returns if the processor has long mode and no-execute pages. Clobbers eax-edx. */
check_long_mode:
        movl    $0x80000000, %eax
        cpuid
        cmpl    $LEAF_EXT, %eax
        jb      1f
        movl    $LEAF_EXT, %eax
        cpuid
        andl    $EXT_LM_NX, %edx
        cmpl    $EXT_LM_NX, %edx
        jne     1f
        ret
1:      movl    $msg_no_long_mode, %esi
        jmp     fail_32

/* esi: a message, sent to the first serial line as the firmware left it. Stops. */
fail_32:
        movw    $(COM1 + 5), %dx
1:      inb     %dx, %al
        testb   $0x20, %al
        jz      1b
        lodsb
        testb   %al, %al
        jz      2f
        movw    $COM1, %dx
        outb    %al, %dx
        jmp     fail_32
2:      hlt
        jmp     2b

/* The tables' fixed entries are data below; this writes the 2048 of 2 MiB. Clobbers eax, ecx. */
fill_page_tables:
        xorl    %ecx, %ecx
        movl    $PTE_2M, %eax
1:      movl    %eax, boot_l2(, %ecx, 8)
        addl    $0x200000, %eax
        incl    %ecx
        cmpl    $(4 * PT_ENTRIES), %ecx
        jne     1b
        ret

        .code64
/* 64-bit mode at the load address. esi, edi as above. */
boot_entry64:
        movabsq $boot_entry_high, %rax
        jmp     *%rax

        .balign 8
boot_gdt:
        .quad   0
        .quad   0x00cf9b000000ffff
        .quad   0x00af9b000000ffff
        .quad   0x00cf93000000ffff
boot_gdt_end:
        .set    BOOT_CS32, 8
        .set    BOOT_CS64, 16
        .set    BOOT_DS, 24
boot_gdt_ptr:
        .short  boot_gdt_end - boot_gdt - 1
        .quad   boot_gdt

msg_no_long_mode:
        .asciz  "\r\nPavise cannot start: the processor lacks 64-bit mode or no-execute pages\r\n"

        .balign 16
        .skip   64
boot_early_stack:

        .balign PAGE_SIZE
        .globl  boot_l4
boot_l4:
        .quad   boot_l3 + PTE_TABLE
        .fill   SLOT(HV_IMAGE_START) - 1, 8, 0
        .quad   boot_l3 + PTE_TABLE
        .fill   SLOT(DIRECTMAP_START) - SLOT(HV_IMAGE_START) - 1, 8, 0
        .quad   boot_l3 + PTE_TABLE
        .fill   PT_ENTRIES - 1 - SLOT(DIRECTMAP_START), 8, 0
boot_l3:
        .quad   boot_l2 + PTE_TABLE, boot_l2 + PAGE_SIZE + PTE_TABLE
        .quad   boot_l2 + 2 * PAGE_SIZE + PTE_TABLE, boot_l2 + 3 * PAGE_SIZE + PTE_TABLE
        .fill   PT_ENTRIES - 4, 8, 0
boot_l2:
        .fill   4 * PT_ENTRIES, 8, 0

        .section .init.text, "ax", @progbits
/* At the image's address, on start-up page tables. edi: information, esi: magic. */
boot_entry_high:
        leaq    boot_stack_top(%rip), %rsp
        xorl    %ebp, %ebp
        movl    %ebp, %fs
        movl    %ebp, %gs
        movl    $MSR_GS_BASE, %ecx
        xorl    %eax, %eax
        xorl    %edx, %edx
        wrmsr
        movl    %edi, %ebx
        movl    %esi, %edi
        movl    %ebx, %esi
        call    boot_main       /* (magic, information); does not return */
        ud2

        .section .bss.stack, "aw", @nobits
        .balign PAGE_SIZE
        .globl  boot_stack_guard, boot_stack_top
boot_stack_guard:
        .skip   PAGE_SIZE
        .skip   HV_STACK_SIZE
boot_stack_top:
        .section .note.GNU-stack, "", @progbits
