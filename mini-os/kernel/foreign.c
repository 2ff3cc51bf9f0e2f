/* SPDX-License-Identifier: MIT */
/*
 * Foreign frames. A bitmap says which pages of the foreign area are taken; the lowest ones
 * that fit are used, so that page tables, which stay once they are made, remain few.
 */
#include <mini-os/foreign.h>

#include <abi/errno.h>
#include <abi/hypercall_stubs.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>

#define AREA_PAGES ((FOREIGN_END - FOREIGN_START) / PAGE_SIZE)
#define BATCH      64

static uint64_t taken[AREA_PAGES / 64];

static bool is_taken(unsigned long page)
{
    return taken[page / 64] >> (page % 64) & 1;
}

static void mark(unsigned long page, unsigned int count, bool in_use)
{
    for (unsigned long end = page + count; page < end; page++) {
        if (in_use)
            taken[page / 64] |= 1UL << (page % 64);
        else
            taken[page / 64] &= ~(1UL << (page % 64));
    }
}

/* Takes count pages in a row; returns the first address, or 0. */
static unsigned long take(unsigned int count)
{
    unsigned int run = 0;

    for (unsigned long page = 0; page < AREA_PAGES; page++) {
        if (page % 64 == 0 && taken[page / 64] == ~0UL) {
            run = 0;
            page += 63;
            continue;
        }
        run = is_taken(page) ? 0 : run + 1;
        if (run == count) {
            mark(page + 1 - count, count, true);
            return FOREIGN_START + (page + 1 - count) * PAGE_SIZE;
        }
    }
    return 0;
}

static void give_back(unsigned long va, unsigned int count)
{
    mark((va - FOREIGN_START) / PAGE_SIZE, count, false);
}

/* Machine address of va's entry, whose table is made if there is none; 0: no memory. */
static uint64_t entry_of(unsigned long va)
{
    if (!pte_slot(va, 1) && space_map(&kernel_space, va, 0))
        return 0;
    return pte_maddr((void *)va, 1);
}

/* Fills the batch with the entries from va on, as far as they lie in one table. */
static unsigned int fill_batch(struct mmu_update *batch, unsigned long va,
                               const xen_pfn_t *mfns, unsigned int count, pte_t flags)
{
    unsigned int left = PTES_PER_TABLE - pte_index(va, 1);
    uint64_t entry = entry_of(va);

    if (!entry)
        return 0;
    if (count > left)
        count = left;
    if (count > BATCH)
        count = BATCH;
    for (unsigned int i = 0; i < count; i++) {
        batch[i].ptr = (entry + i * sizeof(pte_t)) | MMU_NORMAL_PT_UPDATE;
        batch[i].val = mfns ? pte_make(mfns[i], flags) : 0;
    }
    return count;
}

/* Sets count entries, or with mfns NULL empties them. *done tells how many are set. */
static int set_entries(domid_t domid, unsigned long va, const xen_pfn_t *mfns,
                       unsigned int count, pte_t flags, unsigned int *done)
{
    struct mmu_update batch[BATCH];
    unsigned int n, part;
    int rc = 0;

    for (*done = 0; *done < count && !rc; *done += part) {
        n = fill_batch(batch, va + (unsigned long)*done * PAGE_SIZE,
                       mfns ? mfns + *done : NULL, count - *done, flags);
        if (!n)
            return -XEN_ENOMEM;
        part = 0;
        rc = HYPERVISOR_mmu_update(batch, n, &part, domid);
    }
    return rc;
}

static void clear_entries(unsigned long va, unsigned int count)
{
    unsigned int done;
    int rc = set_entries(DOMID_SELF, va, NULL, count, 0, &done);

    BUG_ON(rc);
    mmuext_one(MMUEXT_TLB_FLUSH_ALL, 0, 0);
}

/* The first address, or 0 with *error. */
static unsigned long map(domid_t domid, const xen_pfn_t *mfns, unsigned int count,
                         pte_t flags, int *error)
{
    unsigned long va = count ? take(count) : 0;
    unsigned int done;

    *error = -XEN_ENOMEM;
    if (!va)
        return 0;
    *error = set_entries(domid, va, mfns, count, flags, &done);
    if (!*error)
        return va;
    clear_entries(va, done);
    give_back(va, count);
    return 0;
}

int foreign_map(domid_t domid, const xen_pfn_t *mfns, unsigned int count, void **address)
{
    int error;
    unsigned long va = map(domid, mfns, count, PTE_RW, &error);

    if (va)
        *address = (void *)va;
    return error;
}

int foreign_map_read(domid_t domid, const xen_pfn_t *mfns, unsigned int count,
                     const void **address)
{
    int error;
    unsigned long va = map(domid, mfns, count, PTE_RO, &error);

    if (va)
        *address = (const void *)va;
    return error;
}

void foreign_unmap(const void *address, unsigned int count)
{
    clear_entries((unsigned long)address, count);
    give_back((unsigned long)address, count);
}

unsigned long foreign_mapped(void)
{
    unsigned long count = 0;

    for (unsigned long i = 0; i < AREA_PAGES / 64; i++)
        count += (unsigned long)__builtin_popcountll(taken[i]);
    return count;
}
