/* SPDX-License-Identifier: MIT */
/*
 * The page allocator and the linear map's growth.
 *
 * A bitmap says which pages are in use. Pages below mapped_pages are in the linear map,
 * the others get there, a table of 512 at a time, shortly before they are needed: while
 * fewer than RESERVE mapped ones are free, so that there is always one for the table.
 */
#include <mini-os/mm.h>

#include <abi/xen.h>
#include <mini-os/boot.h>
#include <mini-os/lock.h>
#include <mini-os/panic.h>
#include <mini-os/string.h>

#include "internal.h"

#define LINEAR_PAGES ((LINEAR_END - LINEAR_START) >> PAGE_SHIFT)
#define RESERVE      4
#define BATCH        32

struct address_space kernel_space;

static struct spinlock mm_lock = SPINLOCK_INIT;

/* Under mm_lock. */
static uint64_t *used; /* a bit for each page, in pages of its own */
static unsigned long mapped_pages;
static unsigned long free_mapped;   /* free pages below mapped_pages */
static unsigned long free_unmapped; /* free pages from there on */
static unsigned long search_start;  /* no free page below */

static unsigned long nr_pages;

unsigned long mm_nr_pages(void)
{
    return nr_pages;
}

unsigned long mm_free_pages(void)
{
    return READ_ONCE(free_mapped) + READ_ONCE(free_unmapped);
}

static bool is_used(unsigned long pfn)
{
    return used[pfn / 64] >> (pfn % 64) & 1;
}

static void mark(unsigned long pfn, unsigned long count, bool in_use)
{
    for (unsigned long end = pfn + count; pfn < end; pfn++) {
        if (in_use)
            used[pfn / 64] |= 1UL << (pfn % 64);
        else
            used[pfn / 64] &= ~(1UL << (pfn % 64));
    }
}

static bool is_free_run(unsigned long pfn, unsigned long count)
{
    while (count)
        if (is_used(pfn + --count))
            return false;
    return true;
}

/* Takes count pages, naturally aligned, below limit. Returns false when there are none.
 */
static bool take(unsigned long count, unsigned long limit, unsigned long *pfn)
{
    while (search_start < nr_pages && is_used(search_start))
        search_start++;
    *pfn = (search_start + count - 1) & ~(count - 1);
    while (*pfn + count <= limit && !is_free_run(*pfn, count))
        *pfn += count;
    if (*pfn + count > limit)
        return false;
    mark(*pfn, count, true);
    free_mapped -= count;
    return true;
}

/* Hooks a table for the linear map's entries from mapped_pages on, unless there is one.
 */
static bool extend_tables(void)
{
    void *start = pfn_to_virt(mapped_pages);
    unsigned long pfn;
    void *table;
    int rc;

    if (pte_slot((unsigned long)start, 1))
        return true;
    if (!take(1, mapped_pages, &pfn))
        return false;
    table = pfn_to_virt(pfn);
    memset(table, 0, PAGE_SIZE);
    rc = page_make_ro(table);
    BUG_ON(rc);
    rc = mmu_update_one(pte_maddr(start, 2), pte_make(pfn_to_mfn(pfn), PTE_TABLE));
    BUG_ON(rc);
    return true;
}

/* Maps up to BATCH more pages, within one table. Returns false when that is impossible.
 */
static bool extend(void)
{
    struct mmu_update batch[BATCH];
    unsigned int count = 0;

    if (mapped_pages == nr_pages || !extend_tables())
        return false;
    do {
        unsigned long pfn = mapped_pages + count;

        batch[count].ptr = pte_maddr(pfn_to_virt(pfn), 1);
        batch[count].val = pte_make(pfn_to_mfn(pfn), PTE_RW);
        count++;
    } while (count < BATCH && (mapped_pages + count) % PTES_PER_TABLE &&
             mapped_pages + count < nr_pages);
    mmu_update_must(batch, count);
    mapped_pages += count;
    free_mapped += count;
    free_unmapped -= count;
    return true;
}

void *alloc_pages(unsigned int order)
{
    unsigned long count = 1UL << order, pfn;
    bool events = spin_lock_events(&mm_lock);
    bool taken;

    while (free_mapped < RESERVE + count && extend())
        ;
    while (!(taken = take(count, mapped_pages, &pfn)) && extend())
        ;
    spin_unlock_events(&mm_lock, events);
    return taken ? memset(pfn_to_virt(pfn), 0, count << PAGE_SHIFT) : NULL;
}

void free_pages(void *pages, unsigned int order)
{
    unsigned long pfn = virt_to_pfn(pages), count = 1UL << order;
    bool events = spin_lock_events(&mm_lock);

    BUG_ON(pfn + count > mapped_pages || !is_used(pfn));
    mark(pfn, count, false);
    free_mapped += count;
    if (pfn < search_start)
        search_start = pfn;
    spin_unlock_events(&mm_lock, events);
}

void *alloc_page(void)
{
    return alloc_pages(0);
}

void free_page(void *page)
{
    free_pages(page, 0);
}

/* The rights that a page of the builder's initial mapping, all RWX, shall have. */
static pte_t protect(unsigned long va, pte_t pte)
{
    if (va < (unsigned long)text_end)
        return pte & ~PTE_W;
    if (va < (unsigned long)rodata_end)
        return (pte & ~PTE_W) | PTE_NX;
    return pte | PTE_NX;
}

static void protect_initial_mapping(void)
{
    struct mmu_update batch[BATCH];
    unsigned int count = 0;

    for (unsigned long pfn = 0; pfn < mapped_pages; pfn++) {
        void *va = pfn_to_virt(pfn);

        batch[count].ptr = pte_maddr(va, 1);
        batch[count].val = protect((unsigned long)va, pte_of(va));
        if (++count == BATCH || pfn + 1 == mapped_pages) {
            mmu_update_must(batch, count);
            count = 0;
        }
    }
    mmuext_one(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
}

/*
 * The builder's pages end with the page tables and one page of stack; what the initial
 * mapping has behind them is free, but for the bitmap at its start.
 */
void mm_init(void)
{
    unsigned long taken =
        virt_to_pfn((void *)boot_info->pt_base) + boot_info->nr_pt_frames + 1;
    unsigned long bitmap_pages;

    kernel_space.root = (pte_t *)boot_info->pt_base;
    nr_pages = boot_info->nr_pages < LINEAR_PAGES ? boot_info->nr_pages : LINEAR_PAGES;
    while (mapped_pages < nr_pages && (pte_of(pfn_to_virt(mapped_pages)) & PTE_P))
        mapped_pages++;
    used = pfn_to_virt(taken);
    bitmap_pages = (nr_pages + PAGE_SIZE * 8 - 1) / (PAGE_SIZE * 8);
    taken += bitmap_pages;
    BUG_ON(taken > mapped_pages);
    memset(used, 0, bitmap_pages << PAGE_SHIFT);
    mark(0, taken, true);
    free_mapped = mapped_pages - taken;
    free_unmapped = nr_pages - mapped_pages;
    protect_initial_mapping();
    unmap(boot_stack); /* its guard page */
}
