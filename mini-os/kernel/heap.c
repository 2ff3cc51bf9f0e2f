/* SPDX-License-Identifier: MIT */
/*
 * The heap behind malloc(): one area of addresses that grows and shrinks by pages, each
 * writable and not executable. The pages before and behind it are never mapped.
 */
#include <mini-os/layout.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>
#include <mini-os/sync.h>

#include "internal.h"

/* Free space below the linear map, with a page at each end left out. */
#define HEAP_START (LINEAR_START - 0x40000000 + PAGE_SIZE)
#define HEAP_END   (LINEAR_START - PAGE_SIZE)

static char *heap_end = (char *)HEAP_START;    /* of what malloc() has */
static char *heap_mapped = (char *)HEAP_START; /* page aligned, at or behind heap_end */

/* The frames are also in the linear map, from which they go back to the allocator. */
static bool map_next_page(void)
{
    void *page = alloc_page();

    if (!page)
        return false;
    if (map_mfn(heap_mapped, virt_to_mfn(page), PTE_RW)) {
        free_page(page);
        return false;
    }
    heap_mapped += PAGE_SIZE;
    return true;
}

static void unmap_last_page(void)
{
    unsigned long pfn;
    int rc;

    heap_mapped -= PAGE_SIZE;
    pfn = mfn_to_pfn(pte_mfn(pte_of(heap_mapped)));
    rc = unmap(heap_mapped);
    BUG_ON(rc);
    free_page(pfn_to_virt(pfn));
}

static void shrink_to(char *end)
{
    while (heap_mapped - PAGE_SIZE >= end)
        unmap_last_page();
}

void *heap_grow(ptrdiff_t increment)
{
    char *old = heap_end;

    if (increment > (char *)HEAP_END - old || increment < (char *)HEAP_START - old)
        return NULL;
    while (heap_mapped < old + increment) {
        if (!map_next_page()) {
            shrink_to(old);
            return NULL;
        }
    }
    heap_end = old + increment;
    shrink_to(heap_end);
    return old;
}
