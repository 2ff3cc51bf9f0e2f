/* SPDX-License-Identifier: MIT */
/*
 * Layout of a guest image. Loaded at the start of the domain's memory: physical 0 is
 * LINEAR_START. Each segment has one set of rights and starts on a page of its own.
 */
#include <mini-os/layout.h>

OUTPUT_FORMAT("elf64-x86-64")
ENTRY(start)

PHDRS {
    text PT_LOAD FLAGS(5);
    rodata PT_LOAD FLAGS(4);
    data PT_LOAD FLAGS(6);
    note PT_NOTE FLAGS(4);
    stack PT_GNU_STACK FLAGS(6);
}

SECTIONS {
    . = LINEAR_START;
    image_start = .;
    .text : AT(ADDR(.text) - LINEAR_START) {
        *(.text.start)
        *(.text .text.*)
        . = ALIGN(PAGE_SIZE);
    } :text
    text_end = .;

    .rodata : AT(ADDR(.rodata) - LINEAR_START) {
        *(.rodata .rodata.*)
        . = ALIGN(8);
        fixups_start = .;
        KEEP(*(.ex_table))
        fixups_end = .;
        init_array_start = .;
        KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*) .init_array))
        init_array_end = .;
    } :rodata
    .note.Xen : AT(ADDR(.note.Xen) - LINEAR_START) {
        KEEP(*(.note.Xen))
    } :rodata :note
    . = ALIGN(PAGE_SIZE);
    rodata_end = .;

    .data : AT(ADDR(.data) - LINEAR_START) {
        *(.data .data.*)
    } :data
    .user : AT(ADDR(.user) - LINEAR_START) ALIGN(PAGE_SIZE) {
        user_start = .;
        *(.user)
        . = ALIGN(PAGE_SIZE);
        user_end = .;
    } :data
    .bss : AT(ADDR(.bss) - LINEAR_START) {
        *(.bss.boot_stack)
        *(.bss.shared_info)
        *(.bss .bss.*)
        *(COMMON)
        . = ALIGN(PAGE_SIZE);
    } :data
    image_end = .;

    /DISCARD/ : {
        *(.comment)
        *(.eh_frame*)
        *(.note.GNU-stack)
        *(.note.gnu.*)
    }
}
