/* SPDX-License-Identifier: MIT */
/* Where everything lies in a new domain's memory. */
#include "builder.h"

#define SPAN_2M     (1ull << 21)
#define SPAN_1G     (1ull << 30)
#define SPAN_512G   (1ull << 39)
#define SPARE_PAGES ((512u << 10) / TS_PAGE_SIZE)
#define MAP_ALIGN   (4ull << 20)

static uint64_t pages(uint64_t bytes)
{
    return bytes / TS_PAGE_SIZE + (bytes % TS_PAGE_SIZE != 0);
}

/* Units of size span that [start, end) touches; the range is not empty. */
static uint64_t units(uint64_t start, uint64_t end, uint64_t span)
{
    return (end - 1) / span - start / span + 1;
}

/* Level 1 to 3 tables that map [start, end). */
static uint64_t tables_for(uint64_t start, uint64_t end)
{
    return units(start, end, SPAN_2M) + units(start, end, SPAN_1G) +
           units(start, end, SPAN_512G);
}

/* Where the initial mapping ends if the stack is at pfn. */
static uint64_t mapping_end(uint64_t base, uint64_t stack, uint64_t nr_pages)
{
    uint64_t end = base + ((stack + 1 + SPARE_PAGES) << TS_PAGE_SHIFT);
    uint64_t last = nr_pages > stack ? nr_pages : stack + 1;

    end = ((end + MAP_ALIGN - 1) & ~(MAP_ALIGN - 1)) - base;
    end >>= TS_PAGE_SHIFT;
    return end < last ? end : last;
}

/* The tables lie in the mapping they make, so their number is a fixed point. */
static void plan_tables(struct layout *at, uint64_t base, uint64_t nr_pages)
{
    uint64_t need = 0;

    do {
        at->nr_tables = need;
        at->stack = at->tables + need;
        at->end = mapping_end(base, at->stack, nr_pages);
        need = 1 + tables_for(base, base + (at->end << TS_PAGE_SHIFT));
    } while (need > at->nr_tables);
}

static void plan_p2m_apart(struct layout *at, uint64_t va)
{
    at->p2m = at->end;
    at->p2m_tables = tables_for(va, va + (at->p2m_pages << TS_PAGE_SHIFT));
    at->total = at->end + at->p2m_pages + at->p2m_tables;
}

void layout_plan(const struct ts_kernel *kernel, size_t ramdisk_size, uint64_t nr_pages,
                 struct layout *at)
{
    bool apart = kernel->init_p2m != TS_ADDR_UNSET;

    *at = (struct layout){ .p2m_pages = pages(nr_pages * sizeof(uint64_t)) };
    at->ramdisk = pages(kernel->end - kernel->virt_base);
    at->p2m = at->ramdisk + pages(ramdisk_size);
    at->start_info = apart ? at->p2m : at->p2m + at->p2m_pages;
    at->store = at->start_info + 1;
    at->console = at->store + 1;
    at->tables = at->console + 1;
    plan_tables(at, kernel->virt_base, nr_pages);
    at->total = at->stack + 1;
    if (apart)
        plan_p2m_apart(at, kernel->init_p2m);
}

uint64_t ts_build_least_kib(const struct ts_kernel *kernel, size_t ramdisk_size)
{
    struct layout at;
    uint64_t nr_pages = 1;

    for (;;) {
        layout_plan(kernel, ramdisk_size, nr_pages, &at);
        if (at.total <= nr_pages)
            return nr_pages * (TS_PAGE_SIZE / 1024);
        nr_pages = at.total;
    }
}
