/* SPDX-License-Identifier: MIT */
/* The right to use ports; device memory in the window area. */
#include "io.h"

#include <abi/hypercall_stubs.h>
#include <abi/physdev.h>
#include <mini-os/mm.h>

#define MAX_REGIONS 8
#define PTE_DEVICE  (PTE_RW | PTE_PCD | PTE_PWT)

/* What is mapped, first frame and number of pages; pages 0: not used yet. */
static struct region {
    uint64_t frame;
    unsigned int pages;
    char *window;
} regions[MAX_REGIONS];

int io_enable(void)
{
    physdev_set_iopl_t iopl = { .iopl = 1 };

    return (int)HYPERVISOR_physdev_op(PHYSDEVOP_set_iopl, &iopl);
}

/* The region that is mapped already, or one to use for it; NULL when all are in use. */
static struct region *find_region(uint64_t frame, unsigned int pages)
{
    struct region *r = regions;

    while (r < regions + MAX_REGIONS && r->pages &&
           (r->frame != frame || r->pages != pages))
        r++;
    return r < regions + MAX_REGIONS ? r : NULL;
}

static bool map_region(struct region *r, uint64_t frame, unsigned int pages)
{
    char *window = window_reserve(pages);

    if (!window)
        return false;
    for (unsigned int i = 0; i < pages; i++)
        if (map_mfn(window + (size_t)i * PAGE_SIZE, frame + i, PTE_DEVICE))
            return false;
    *r = (struct region){ frame, pages, window };
    return true;
}

volatile void *io_map(uint64_t maddr, size_t bytes)
{
    uint64_t frame = maddr >> PAGE_SHIFT;
    size_t offset = maddr & (PAGE_SIZE - 1);
    unsigned int pages = (unsigned int)((offset + bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
    struct region *r = find_region(frame, pages);

    if (!r || (!r->pages && !map_region(r, frame, pages)))
        return NULL;
    return r->window + offset;
}
