/* SPDX-License-Identifier: MIT */
/*
 * Domain 0's first page tables, written into its own frames before they become page
 * tables: pinning the root validates all of them like any guest's.
 */
#include "build_domain0.h"

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

static uint64_t *table_at(struct builder *b, uint64_t pfn)
{
    return mfn_to_virt(build_mfn(b, pfn));
}

static uint64_t new_table(struct builder *b)
{
    uint64_t pfn = b->next_table++;

    memset(table_at(b, pfn), 0, PAGE_SIZE);
    return pfn;
}

/* The table below entry `index` of `table`, made if it is not there yet. */
static uint64_t *next_level(struct builder *b, uint64_t *table, unsigned int index)
{
    if (!(table[index] & PTE_P)) {
        mfn_t mfn = build_mfn(b, new_table(b));

        table[index] = mfn_x(mfn) << PAGE_SHIFT | TABLE_FLAGS;
    }
    return mfn_to_virt(pte_mfn(table[index]));
}

static unsigned int index_at(uint64_t va, unsigned int level)
{
    return va >> (PAGE_SHIFT + 9 * (level - 1)) & (PT_ENTRIES - 1);
}

static uint64_t *l1_for(struct builder *b, uint64_t *l4, uint64_t va)
{
    uint64_t *l3 = next_level(b, l4, index_at(va, 4));
    uint64_t *l2 = next_level(b, l3, index_at(va, 3));

    return next_level(b, l2, index_at(va, 2));
}

/* Page tables are mapped read-only; no others are. */
static bool is_table(const struct builder *b, uint64_t pfn)
{
    return pfn - b->at.tables < b->at.nr_tables;
}

static void map_range(struct builder *b, uint64_t *l4, uint64_t va, uint64_t pfn,
                      uint64_t n)
{
    uint64_t *l1 = NULL;

    for (; n; n--, pfn++, va += PAGE_SIZE) {
        if (!l1 || !index_at(va, 1))
            l1 = l1_for(b, l4, va);
        l1[index_at(va, 1)] = mfn_x(build_mfn(b, pfn)) << PAGE_SHIFT |
                              (is_table(b, pfn) ? TABLE_FLAGS & ~PTE_RW : TABLE_FLAGS);
    }
}

mfn_t build_page_tables(struct builder *b)
{
    uint64_t root;

    b->next_table = b->at.tables;
    root = new_table(b);
    map_range(b, table_at(b, root), build_va(b, 0), 0, b->at.end);
    BUG_ON(b->next_table > b->at.tables + b->at.nr_tables);
    if (b->at.p2m_apart) {
        b->next_table = b->at.p2m + b->at.p2m_pages;
        map_range(b, table_at(b, root), b->image->init_p2m, b->at.p2m, b->at.p2m_pages);
    }
    return build_mfn(b, root);
}
