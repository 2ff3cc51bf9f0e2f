/* SPDX-License-Identifier: MIT */
/*
 * Mappings in the hypervisor's vmap area: stacks with a guard page below, and device
 * memory. Areas are few and live long: they are in a list by address, and a new one
 * takes the first gap that fits.
 */
#include "internal.h"
#include <hv/cpumask.h>
#include <hv/lib.h>
#include <hv/list.h>
#include <hv/page_type.h>
#include <hv/paging.h>
#include <hv/smp.h>
#include <hv/spinlock.h>

struct vmap_area {
    struct list link;
    uintptr_t start, end; /* the guard page at start included */
};

static struct spinlock vmap_lock = SPINLOCK_INIT(VMAP); /* the list and the page tables */
static struct list areas = LIST_INIT(areas);

#define PTE_RAM    (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_NX)
#define PTE_DEVICE (PTE_RAM | PTE_PCD | PTE_PWT)

/* Takes the first gap of `bytes`; null when there is none. Under vmap_lock. */
static bool insert_area(struct vmap_area *new_area, size_t bytes)
{
    uintptr_t at = HV_VMAP_START;
    struct vmap_area *a;

    list_for_each_entry (a, &areas, link) {
        if (a->start - at >= bytes)
            break;
        at = a->end;
    }
    if (HV_VMAP_END - at < bytes)
        return false;
    new_area->start = at;
    new_area->end = at + bytes;
    list_add_tail(&a->link, &new_area->link); /* the head when the loop ran out */
    return true;
}

static void clear_entries(uintptr_t from, uintptr_t to)
{
    for (uintptr_t va = from; va < to; va += PAGE_SIZE) {
        uint64_t *pte = hv_pte_find(va);

        if (pte)
            WRITE_ONCE(*pte, 0);
    }
}

/* Maps frames from mfn on at [from, to). False: out of memory, nothing mapped. */
static bool set_entries(uintptr_t from, uintptr_t to, uint64_t mfn, uint64_t flags)
{
    for (uintptr_t va = from; va < to; va += PAGE_SIZE, mfn++) {
        uint64_t *pte = hv_pte_make(va);

        if (!pte) {
            clear_entries(from, va);
            return false;
        }
        WRITE_ONCE(*pte, mfn << PAGE_SHIFT | flags);
    }
    return true;
}

/* Maps n frames from mfn on above a guard page; null when out of memory or space. */
static void *map_frames(uint64_t mfn, uint64_t n, uint64_t flags)
{
    struct vmap_area *a = hv_new(struct vmap_area);
    uintptr_t va = 0;

    if (!a)
        return NULL;
    spin_lock(&vmap_lock);
    if (insert_area(a, (n + 1) << PAGE_SHIFT)) {
        if (set_entries(a->start + PAGE_SIZE, a->end, mfn, flags))
            va = a->start + PAGE_SIZE;
        else
            list_del(&a->link);
    }
    spin_unlock(&vmap_lock);
    if (!va)
        hv_free(a);
    return (void *)va;
}

/* Unmaps what map_frames() returned. The addresses are free for others only when no TLB
 * has them any more. */
static void unmap_frames(void *va)
{
    uintptr_t start = (uintptr_t)va - PAGE_SIZE;
    struct vmap_area *a;

    spin_lock(&vmap_lock);
    list_for_each_entry (a, &areas, link)
        if (a->start == start)
            break;
    BUG_ON(&a->link == &areas);
    clear_entries((uintptr_t)va, a->end);
    spin_unlock(&vmap_lock);
    for (uintptr_t at = (uintptr_t)va; at < a->end; at += PAGE_SIZE)
        tlb_flush_mask(&cpu_online_map, at);
    spin_lock(&vmap_lock);
    list_del(&a->link);
    spin_unlock(&vmap_lock);
    hv_free(a);
}

void *vmap_alloc(unsigned int order)
{
    void *frames = hv_alloc_pages(order), *va;

    if (!frames)
        return NULL;
    va = map_frames(mfn_x(virt_to_mfn(frames)), 1ull << order, PTE_RAM);
    if (!va)
        hv_free_pages(frames, order);
    return va;
}

void vmap_free(void *va, unsigned int order)
{
    mfn_t mfn;

    if (!va)
        return;
    mfn = pte_mfn(*hv_pte_find((uintptr_t)va));
    unmap_frames(va);
    hv_free_pages(mfn_to_virt(mfn), order);
}

volatile void *vmap_device(uint64_t pa, size_t size)
{
    uint64_t first = pa >> PAGE_SHIFT, last = (pa + size - 1) >> PAGE_SHIFT;
    char *va;

    if (!size || pa + size < pa ||
        last - first >= (HV_VMAP_END - HV_VMAP_START) >> PAGE_SHIFT)
        return NULL;
    va = map_frames(first, last - first + 1, PTE_DEVICE);
    return va ? va + (pa & (PAGE_SIZE - 1)) : NULL;
}

void vmap_device_free(volatile void *va)
{
    unmap_frames((void *)((uintptr_t)va & ~(uintptr_t)(PAGE_SIZE - 1)));
}
