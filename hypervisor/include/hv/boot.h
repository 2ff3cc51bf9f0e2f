/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader gave us, gathered once from Multiboot 1 or 2 into one form.
 * Everything here is machine addresses of memory that the heap has not been given.
 */
#ifndef HV_BOOT_H
#define HV_BOOT_H

#include <hv/compiler.h>
#include <hv/types.h>

enum mem_kind { MEM_RAM = 1, MEM_RESERVED, MEM_ACPI, MEM_NVS, MEM_UNUSABLE };

struct mem_range {
    uint64_t start, size;
    uint32_t kind; /* E820 numbers */
};

struct boot_module {
    uint64_t start, size; /* bytes */
    char cmdline[1024];
};

#define BOOT_MAX_RANGES  128
#define BOOT_MAX_MODULES 8

struct boot_info {
    char loader[64];
    char cmdline[2048];
    struct mem_range mem[BOOT_MAX_RANGES]; /* sorted, not overlapping */
    unsigned int nr_mem;
    struct boot_module module[BOOT_MAX_MODULES];
    unsigned int nr_modules;
    uint8_t rsdp[36];       /* ACPI's root pointer as the loader passed it */
    unsigned int rsdp_size; /* valid bytes of that, 0 = search memory for it */
    bool efi;
};

extern struct boot_info boot_info;

/*
 * Gives module i's memory back to the heap, once; its contents must not be used
 * afterwards. Its command line stays.
 */
void boot_module_release(unsigned int i);

/*
 * Ends the start-up of a machine that cannot run us, or whose boot input is unusable:
 * one line on the console, then the processor stops. Boot CPU, before domain 0 runs.
 */
noreturn void boot_fail(const char *fmt, ...) printf_like(1, 2);

#endif
