/* SPDX-License-Identifier: MIT */
/*
 * Walks of a guest's tables through the direct map. Other vCPUs may change or even free
 * the tables meanwhile: what is read is only a hint until the table at the end has been
 * referenced, and a frame number that was never a table's may lead out of the direct map,
 * to a fault that ends the walk or to the guest's own memory.
 */
#ifndef PV_MMU_WALK_H
#define PV_MMU_WALK_H

#include "mmu.h"

/* Canonical and not the hypervisor's? */
static always_inline bool mmu_is_guest_address(unsigned long va)
{
    return likely(va < CANONICAL_LOW_END) || va >= HV_END;
}

/* *entry, from the direct map or beside it. False: no memory there, or not present. */
static always_inline bool mmu_load_present(const uint64_t *entry, uint64_t *pte)
{
    GUEST_LOAD(uint64_t, pte, entry, fault);
    return *pte & PTE_P;
fault:
    return false;
}

/* Address of va's entry in the table at machine address `table`. */
static always_inline uint64_t *mmu_entry_of(uint64_t table, unsigned long va,
                                            unsigned int level)
{
    unsigned int shift = PAGE_SHIFT + 9 * (level - 1);

    return (uint64_t *)(DIRECTMAP_START + table + (va >> (shift - 3) & 0xff8));
}

/*
 * *table: the table that va's entry in the one at *table, of `level`, names. False: none.
 * base, mask: DIRECTMAP_START and PTE_ADDR_MASK, in registers.
 */
static always_inline bool mmu_load_table(uint64_t *table, unsigned long va,
                                         unsigned int level, uint64_t base, uint64_t mask)
{
    const uint64_t *entries = (const uint64_t *)(base + *table);
    uint64_t pte;

    if (unlikely(!mmu_load_present(&entries[va >> (PAGE_SHIFT + 9 * (level - 1)) & 511],
                                   &pte)))
        return false;
    *table = pte & mask;
    return true;
}

/* *table: the machine address of va's level-1 table under the root at `root`. False:
 * there is none, or va is the hypervisor's. */
static always_inline bool mmu_find_l1(uint64_t root, unsigned long va, uint64_t *table)
{
    uint64_t base = DIRECTMAP_START, mask = PTE_ADDR_MASK;

    /* Or else the compiler loads such constants anew for each use. */
    __asm__("" : "+r"(base), "+r"(mask));
    *table = root;
    return mmu_is_guest_address(va) && mmu_load_table(table, va, 4, base, mask) &&
           mmu_load_table(table, va, 3, base, mask) &&
           mmu_load_table(table, va, 2, base, mask);
}

/* mmu_get_slot_at() for an aligned address, when the quick try failed. */
uint64_t *mmu_get_slot_slow(uint64_t word, uint64_t maddr);

/* mmu_get_slot_at() for an aligned address. pg: its frame; word: page_ref_word() of the
 * owner. */
static always_inline uint64_t *mmu_get_slot_in(struct page_info *pg, uint64_t word,
                                               uint64_t maddr)
{
    if (unlikely(mfn_x(maddr_to_mfn(_maddr(maddr))) >= max_page))
        return NULL;
    if (!page_try_get(pg, word, PT_L1))
        return mmu_get_slot_slow(word, maddr);
    return (uint64_t *)(DIRECTMAP_START | maddr);
}

static always_inline uint64_t *mmu_get_slot_aligned(uint64_t word, uint64_t maddr)
{
    return mmu_get_slot_in(mfn_to_page(maddr_to_mfn(_maddr(maddr))), word, maddr);
}

static always_inline uint64_t *mmu_get_slot_inline(const struct vcpu *v, unsigned long va)
{
    uint64_t table;

    if (unlikely(!mmu_find_l1(v->root_cr3, va, &table)))
        return NULL;
    return mmu_get_slot_aligned(page_ref_word(v->domain->id),
                                table | (va >> (PAGE_SHIFT - 3) & 0xff8));
}

#endif
