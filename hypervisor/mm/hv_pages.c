/* SPDX-License-Identifier: MIT */
/* Whole zeroed frames for the hypervisor's own use, through the direct map. */
#include "internal.h"
#include <hv/lib.h>

void *hv_alloc_pages(unsigned int order)
{
    struct page_info *pg = heap_alloc_pages(order, (struct heap_constraint){ 0 });
    char *va;

    if (!pg)
        return NULL;
    va = page_to_virt(pg);
    for (uint64_t i = 0; i < 1ull << order; i++)
        clear_page(va + (i << PAGE_SHIFT));
    return va;
}

void hv_free_pages(void *va, unsigned int order)
{
    if (va)
        heap_free_pages(virt_to_page(va), order);
}

void *hv_alloc_page(void)
{
    return hv_alloc_pages(0);
}

void hv_free_page(void *va)
{
    hv_free_pages(va, 0);
}
