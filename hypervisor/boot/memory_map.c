/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory map: from the loader's raw list, which firmware may have left
 * unsorted, overlapping and odd, to sorted disjoint ranges; and the checks that the map
 * and the modules make a machine that can be started.
 *
 * Compiles on the host.
 */
#include "multiboot.h"

#include <hv/layout.h>
#include <hv/lib.h>

/* Below this nothing useful starts: the hypervisor, a small kernel and its memory. */
#define MIN_RAM (24ull << 20)
/* Addresses end here: what lies above cannot be in the direct map. */
#define MAX_ADDRESS (MAX_FRAMES << PAGE_SHIFT)

static __init uint32_t known_kind(uint32_t kind)
{
    return kind >= MEM_RAM && kind <= MEM_UNUSABLE ? kind : MEM_RESERVED;
}

/* RAM shrinks to whole pages, everything else grows; false when nothing is left. */
static __init bool normalise(struct mem_range *r)
{
    uint64_t end = r->size > MAX_ADDRESS - min(r->start, MAX_ADDRESS)
                       ? MAX_ADDRESS
                       : r->start + r->size;

    r->kind = known_kind(r->kind);
    if (r->start >= MAX_ADDRESS)
        return false;
    if (r->kind == MEM_RAM) {
        r->start = ROUND_UP(r->start, PAGE_SIZE);
        end = ROUND_DOWN(end, PAGE_SIZE);
    } else {
        r->start = ROUND_DOWN(r->start, PAGE_SIZE);
        end = ROUND_UP(end, PAGE_SIZE);
    }
    if (r->start >= end)
        return false;
    r->size = end - r->start;
    return true;
}

/* What the memory at `at` is: the least usable kind that claims it; 0 none. */
static __init uint32_t kind_at(const struct mem_range *raw, unsigned int n, uint64_t at)
{
    uint32_t kind = 0;

    for (unsigned int i = 0; i < n; i++)
        if (at - raw[i].start < raw[i].size && at >= raw[i].start)
            kind = max(kind, raw[i].kind);
    return kind;
}

/* The first address above at where some range begins or ends; MAX_ADDRESS if none. */
static __init uint64_t next_edge(const struct mem_range *raw, unsigned int n, uint64_t at)
{
    uint64_t edge = MAX_ADDRESS;

    for (unsigned int i = 0; i < n; i++) {
        uint64_t end = raw[i].start + raw[i].size;

        if (raw[i].start > at)
            edge = min(edge, raw[i].start);
        else if (end > at)
            edge = min(edge, end);
    }
    return edge;
}

/* Appends, or lengthens the last one. What does not fit is left out: unusable. */
static __init void append(struct boot_info *bi, uint64_t start, uint64_t end,
                          uint32_t kind)
{
    struct mem_range *last = bi->nr_mem ? &bi->mem[bi->nr_mem - 1] : NULL;

    if (last && last->kind == kind && last->start + last->size == start)
        last->size = end - last->start;
    else if (bi->nr_mem < BOOT_MAX_RANGES)
        bi->mem[bi->nr_mem++] = (struct mem_range){ start, end - start, kind };
}

__init void memory_map_build(struct boot_info *bi, struct mem_range *raw, unsigned int n)
{
    unsigned int kept = 0;

    for (unsigned int i = 0; i < n; i++)
        if (normalise(&raw[i]))
            raw[kept++] = raw[i];
    bi->nr_mem = 0;
    for (uint64_t at = 0, end; at < MAX_ADDRESS; at = end) {
        uint32_t kind = kind_at(raw, kept, at);

        end = next_edge(raw, kept, at);
        if (kind)
            append(bi, at, end, kind);
    }
}

static __init bool is_in_ram(const struct boot_info *bi, uint64_t start, uint64_t size)
{
    for (unsigned int i = 0; i < bi->nr_mem; i++) {
        const struct mem_range *r = &bi->mem[i];

        if (r->kind == MEM_RAM && start >= r->start && start - r->start < r->size)
            return size <= r->size - (start - r->start);
    }
    return false;
}

static __init uint64_t ram_size(const struct boot_info *bi)
{
    uint64_t sum = 0;

    for (unsigned int i = 0; i < bi->nr_mem; i++)
        if (bi->mem[i].kind == MEM_RAM)
            sum += bi->mem[i].size;
    return sum;
}

__init const char *boot_info_check(const struct boot_info *bi)
{
    if (!bi->nr_mem)
        return "the boot loader gave no memory map";
    if (ram_size(bi) < MIN_RAM)
        return "too little memory: at least 24 MiB are needed";
    if (!bi->nr_modules)
        return "no domain 0 kernel: the boot loader loaded no module";
    for (unsigned int i = 0; i < bi->nr_modules; i++) {
        if (!bi->module[i].size)
            return "a boot module is empty";
        if (!is_in_ram(bi, bi->module[i].start, bi->module[i].size))
            return "a boot module lies outside RAM";
    }
    return NULL;
}
