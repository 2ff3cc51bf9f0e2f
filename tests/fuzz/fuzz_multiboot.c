/* SPDX-License-Identifier: MIT */
/*
 * Multiboot 1 and 2 information made of any bytes. The input is machine memory from
 * address 0; its first byte chooses the protocol, the next four the structure's address.
 * What comes out must keep its promises: sorted, disjoint ranges, terminated strings.
 */
#include "../../hypervisor/boot/multiboot.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <hv/layout.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_map(const struct boot_info *bi)
{
    uint64_t at = 0;

    assert(bi->nr_mem <= BOOT_MAX_RANGES);
    for (unsigned int i = 0; i < bi->nr_mem; i++) {
        const struct mem_range *r = &bi->mem[i];

        assert(r->size && r->start >= at && r->start + r->size > r->start);
        assert(!(r->start % PAGE_SIZE) && !(r->size % PAGE_SIZE));
        assert(r->kind >= MEM_RAM && r->kind <= MEM_UNUSABLE);
        at = r->start + r->size;
    }
    assert(at <= MAX_FRAMES << PAGE_SHIFT);
}

static void check_text(const struct boot_info *bi)
{
    assert(memchr(bi->cmdline, 0, sizeof(bi->cmdline)));
    assert(memchr(bi->loader, 0, sizeof(bi->loader)));
    assert(bi->nr_modules <= BOOT_MAX_MODULES && bi->rsdp_size <= sizeof(bi->rsdp));
    for (unsigned int i = 0; i < bi->nr_modules; i++)
        assert(memchr(bi->module[i].cmdline, 0, sizeof(bi->module[i].cmdline)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_info bi;
    struct machine_view mem = { data, size };
    uint32_t info;

    if (size < 5)
        return 0;
    memcpy(&info, data + 1, sizeof(info));
    if (!multiboot_parse(&mem, data[0] & 1 ? MB2_LOADER_MAGIC : MB1_LOADER_MAGIC, info,
                         &bi)) {
        check_map(&bi);
        check_text(&bi);
        (void)boot_info_check(&bi);
    }
    return 0;
}
