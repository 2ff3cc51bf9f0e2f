/* SPDX-License-Identifier: MIT */
/*
 * Memory before the heap: the machine's RAM less what start-up found in use, as a short
 * list of ranges cut from the top. Page tables and the frame table come from here; the
 * rest becomes the heap.
 */
#include "internal.h"

#include <hv/heap.h>
#include <hv/lib.h>

struct early_range {
    uint64_t start, end;
};

static __initdata struct early_range range[2 * BOOT_MAX_RANGES];
static __initdata unsigned int nr_ranges;

static __init void add(uint64_t start, uint64_t end)
{
    if (start >= end)
        return;
    if (nr_ranges == ARRAY_SIZE(range))
        boot_fail("the memory map has too many pieces");
    range[nr_ranges++] = (struct early_range){ start, end };
}

/* Removes [start, end), widened to whole pages, from every range. */
static __init void reserve(uint64_t start, uint64_t end)
{
    unsigned int n = nr_ranges;

    start = ROUND_DOWN(start, PAGE_SIZE);
    end = ROUND_UP(end, PAGE_SIZE);
    for (unsigned int i = 0; i < n; i++) {
        struct early_range old = range[i];

        if (end <= old.start || start >= old.end)
            continue;
        range[i].end = max(old.start, min(start, old.end));
        add(max(end, old.start), old.end);
    }
}

__init void early_init(const struct boot_info *bi)
{
    for (unsigned int i = 0; i < bi->nr_mem; i++)
        if (bi->mem[i].kind == MEM_RAM)
            add(bi->mem[i].start, bi->mem[i].start + bi->mem[i].size);
    reserve(0, PAGE_SIZE); /* firmware's data */
    reserve(image_pa(__boot_start_alias), image_pa(__image_end));
    for (unsigned int i = 0; i < bi->nr_modules; i++)
        reserve(bi->module[i].start, bi->module[i].start + bi->module[i].size);
}

__init uint64_t early_alloc(uint64_t size, uint64_t align, uint64_t limit)
{
    struct early_range *best = NULL;
    uint64_t best_at = 0;

    for (unsigned int i = 0; i < nr_ranges; i++) {
        uint64_t end = min(range[i].end, limit);
        uint64_t at = end < size ? 0 : ROUND_DOWN(end - size, align);

        if (at >= range[i].start && at > best_at) {
            best = &range[i];
            best_at = at;
        }
    }
    if (!best)
        boot_fail("out of memory: no %lu KiB for start-up tables",
                  (unsigned long)size >> 10);
    add(best_at + size, best->end);
    best->end = best_at;
    return best_at;
}

__init void early_to_heap(void)
{
    for (unsigned int i = 0; i < nr_ranges; i++)
        if (range[i].start < range[i].end)
            heap_add_range(maddr_to_mfn(_maddr(range[i].start)),
                           maddr_to_mfn(_maddr(range[i].end)));
    nr_ranges = 0;
}
