/* SPDX-License-Identifier: MIT */
/* What the start-up files share: the early allocator, the steps, the linker's marks. */
#ifndef BOOT_INTERNAL_H
#define BOOT_INTERNAL_H

#include <hv/boot.h>
#include <hv/cmdline.h>
#include <hv/page.h>

/* Bounds of the image's parts (pavise.lds.S). */
extern char __boot_start_alias[], __boot_end_alias[], __text_start[], __text_end[];
extern char __rodata_start[], __rodata_end[], __ro_after_init_start[],
    __ro_after_init_end[];
extern char __data_end[], __init_start[], __init_data_start[], __init_end[];
extern char __symbols_start[], __symbols_end[], __bss_start[], __image_end[];
extern char __percpu_start[], __percpu_end[], __percpu_template[];
extern char boot_stack_guard[], boot_stack_top[];

#define image_pa(symbol) ((uint64_t)(uintptr_t)(symbol)-HV_IMAGE_START)

/* --- early_alloc.c: memory before the heap. Boot CPU only. --- */

/* Takes over all RAM of bi but the image's and the modules'. */
void early_init(const struct boot_info *bi);
/*
 * size bytes (pages) with that alignment, as high as possible but ending at or below
 * limit; machine address. Ends start-up when there is none. Contents are undefined.
 */
uint64_t early_alloc(uint64_t size, uint64_t align, uint64_t limit);
/* Hands what is left to the heap; no early_alloc() after it. */
void early_to_heap(void);

/* --- paging.c --- */
void paging_init(void);
void paging_seal(void);

/* --- cmdline.c: cmdline_parse() on a table; the number of words not accepted. --- */
unsigned int cmdline_parse_table(char *line, const struct boot_option *table, size_t n);

/* --- percpu.c --- */
void percpu_save_template(void);
void percpu_init(void);

/* From head.S on the boot stack, start-up page tables, interrupts off. */
noreturn void boot_main(uint32_t magic, uint32_t info);

#endif
