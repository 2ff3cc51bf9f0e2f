/* SPDX-License-Identifier: MIT */
/*
 * The two Multiboot protocols' numbers, for C and assembly, and the parser's interface.
 * Specified by: Multiboot Specification 0.6.96 and 2.0.
 */
#ifndef BOOT_MULTIBOOT_H
#define BOOT_MULTIBOOT_H

#define MB1_HEADER_MAGIC 0x1badb002
#define MB1_LOADER_MAGIC 0x2badb002
#define MB1_PAGE_ALIGN   (1 << 0)
#define MB1_MEMORY_INFO  (1 << 1)
#define MB1_ADDRESSES    (1 << 16)

#define MB2_HEADER_MAGIC 0xe85250d6
#define MB2_LOADER_MAGIC 0x36d76289
#define MB2_ARCH_I386    0

#define MB2_HTAG_END          0
#define MB2_HTAG_INFO_REQUEST 1
#define MB2_HTAG_MODULE_ALIGN 6

#define MB2_TAG_END      0
#define MB2_TAG_CMDLINE  1
#define MB2_TAG_LOADER   2
#define MB2_TAG_MODULE   3
#define MB2_TAG_MMAP     6
#define MB2_TAG_EFI32    11
#define MB2_TAG_EFI64    12
#define MB2_TAG_ACPI_OLD 14
#define MB2_TAG_ACPI_NEW 15

#ifndef __ASSEMBLY__
#include <hv/boot.h>

/* Machine memory from address 0, as far as the parser may look: in a test, any bytes. */
struct machine_view {
    const uint8_t *base;
    uint64_t size;
};

/*
 * Fills bi from what a loader left in memory. magic: its register value; info: machine
 * address of its structure. Returns null, or the reason why that is unusable; bi is
 * then incomplete. Reads nothing outside mem, whatever the bytes are.
 */
const char *multiboot_parse(const struct machine_view *mem, uint32_t magic, uint32_t info,
                            struct boot_info *bi);

/*
 * Makes bi->mem from n raw ranges in any order: sorted, merged, page granular for RAM,
 * without overlaps (the less usable kind wins). The raw ranges are changed.
 */
void memory_map_build(struct boot_info *bi, struct mem_range *raw, unsigned int n);

/* Null, or why domain 0 cannot be started from bi: modules and memory are looked at. */
const char *boot_info_check(const struct boot_info *bi);
#endif

#endif
