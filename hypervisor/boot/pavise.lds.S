/* SPDX-License-Identifier: MIT */
/*
 * The image: loaded at 2 MiB, linked at HV_IMAGE_START plus its load address, except for
 * .boot, which runs where it is loaded. Parts with different rights begin on pages of
 * their own (boot/paging.c). In the file everything lies at load address minus a
 * constant: the Multiboot 1 header depends on it. The symbol table comes last so that
 * filling it moves no code.
 */
#define __ASSEMBLY__ 1
#include <hv/layout.h>

#define LOAD_ADDRESS 0x200000
#define PA(x) ((x) - HV_IMAGE_START)

OUTPUT_FORMAT(elf64-x86-64)
OUTPUT_ARCH(i386:x86-64)
ENTRY(boot_entry)

PHDRS
{
    boot PT_LOAD FLAGS(7);
    text PT_LOAD FLAGS(5);
    rodata PT_LOAD FLAGS(4);
    data PT_LOAD FLAGS(6);
    init PT_LOAD FLAGS(7);
    symbols PT_LOAD FLAGS(4);
    bss PT_LOAD FLAGS(6);
}

SECTIONS
{
    . = LOAD_ADDRESS;
    __boot_start = .;
    .boot : { KEEP(*(.boot)) . = ALIGN(PAGE_SIZE); } :boot
    __boot_end = .;
    /* Code at the image's address cannot name these directly: too far away. */
    __boot_start_alias = __boot_start + HV_IMAGE_START;
    __boot_end_alias = __boot_end + HV_IMAGE_START;
    boot_l4_alias = boot_l4 + HV_IMAGE_START;

    . = HV_IMAGE_START + .;
    __text_start = .;
    .text : AT(PA(ADDR(.text))) {
        *(.text .text.*)
        . = ALIGN(PAGE_SIZE);
    } :text
    __text_end = .;

    __rodata_start = .;
    .rodata : AT(PA(ADDR(.rodata))) {
        *(.rodata .rodata.* .data.rel.ro .data.rel.ro.* .got)
        /* Of a position-dependent image these stay empty: asserted below. */
        __dynamic_start = .;
        *(.got.plt .igot .igot.plt .iplt .plt .rela.*)
        __dynamic_end = .;
        . = ALIGN(8);
        __ex_table_start = .;
        KEEP(*(.ex_table))
        __ex_table_end = .;
        . = ALIGN(8);
        __boot_options_start = .;
        KEEP(*(.boot_options))
        __boot_options_end = .;
        . = ALIGN(PAGE_SIZE);
    } :rodata
    __rodata_end = .;

    __ro_after_init_start = .;
    .data.ro_after_init : AT(PA(ADDR(.data.ro_after_init))) {
        *(.data.ro_after_init)
        . = ALIGN(PAGE_SIZE);
    } :data
    __ro_after_init_end = .;

    .data : AT(PA(ADDR(.data))) {
        *(.data .data.*)
        . = ALIGN(64);
        __percpu_start = .;
        *(.percpu)
        . = ALIGN(64);
        __percpu_end = .;
        . = ALIGN(PAGE_SIZE);
    } :data
    __data_end = .;

    __init_start = .;
    .init.text : AT(PA(ADDR(.init.text))) {
        *(.init.text)
        . = ALIGN(PAGE_SIZE);
    } :init
    __init_data_start = .;
    .init.data : AT(PA(ADDR(.init.data))) {
        *(.init.data .init.data.*)
        . = ALIGN(64);
        /* The per-CPU section as linked: the boot processor works in the original. */
        __percpu_template = .;
        . += __percpu_end - __percpu_start;
        . = ALIGN(PAGE_SIZE);
    } :init
    __init_end = .;

    __symbols_start = .;
    .symbols : AT(PA(ADDR(.symbols))) {
        KEEP(*(.symbols))
        . = ALIGN(PAGE_SIZE);
    } :symbols
    __symbols_end = .;
    __image_data_end_pa = PA(.);

    __bss_start = .;
    .bss : AT(PA(ADDR(.bss))) {
        *(.bss.stack)
        *(.bss .bss.* COMMON)
        . = ALIGN(PAGE_SIZE);
    } :bss
    __image_end = .;
    __image_end_pa = PA(.);

    .debug_info 0 : { *(.debug_info) }
    .debug_abbrev 0 : { *(.debug_abbrev) }
    .debug_aranges 0 : { *(.debug_aranges) }
    .debug_line 0 : { *(.debug_line) }
    .debug_str 0 : { *(.debug_str) }
    .debug_line_str 0 : { *(.debug_line_str) }
    .debug_frame 0 : { *(.debug_frame) }
    .debug_loclists 0 : { *(.debug_loclists) }
    .debug_rnglists 0 : { *(.debug_rnglists) }
    .debug_addr 0 : { *(.debug_addr) }
    .debug_str_offsets 0 : { *(.debug_str_offsets) }
    .symtab 0 : { *(.symtab) }
    .strtab 0 : { *(.strtab) }
    .shstrtab 0 : { *(.shstrtab) }

    /DISCARD/ : { *(.note .note.* .comment .eh_frame .eh_frame_hdr) }
}

ASSERT(__image_end - __text_start < HV_VMAP_START - HV_IMAGE_START - 0x800000, "image too large")
ASSERT(__boot_start == LOAD_ADDRESS, "first section must be .boot")
ASSERT(SIZEOF(.boot) >= 0x1000, ".boot is missing")
ASSERT(__dynamic_end - __dynamic_start <= 24, "relocations left for run time")
