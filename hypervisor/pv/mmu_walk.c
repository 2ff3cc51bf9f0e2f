/* SPDX-License-Identifier: MIT */
/*
 * Walks of a guest's tables through the direct map. Other vCPUs may change or even free
 * the tables meanwhile: what is read is only a hint until the table at the end has been
 * referenced. A frame that was ever in use is RAM and can be read for ever.
 */
#include "mmu.h"

static always_inline bool descend(const uint64_t **table, unsigned int index)
{
    uint64_t pte = READ_ONCE((*table)[index]);
    mfn_t mfn = pte_mfn(pte);

    if (unlikely(!(pte & PTE_P) || mfn_x(mfn) >= max_page ||
                 !(READ_ONCE(mfn_to_page(mfn)->ref) & PGR_INUSE)))
        return false;
    *table = mfn_to_virt(mfn);
    return true;
}

/* Null when va has no level-1 table. */
static always_inline const uint64_t *find_l1(const struct vcpu *v, unsigned long va)
{
    const uint64_t *table;

    if (unlikely(!guest_range_ok(va, 1) || !v->pv.root))
        return NULL;
    table = page_to_virt(v->pv.root);
    if (descend(&table, mmu_index(va, 4)) && descend(&table, mmu_index(va, 3)) &&
        descend(&table, mmu_index(va, 2)))
        return table;
    return NULL;
}

struct page_info *mmu_get_l1(struct vcpu *v, unsigned long va)
{
    const uint64_t *table = find_l1(v, va);
    struct page_info *pg;
    enum page_type type;

    if (unlikely(!table))
        return NULL;
    pg = virt_to_page(table);
    if (unlikely(!page_get_table(pg, v->domain->id, PT_L1, &type)))
        return NULL;
    if (likely(type == PT_L1))
        return pg;
    page_put(pg);
    return NULL;
}

bool pv_kernel_pte(struct vcpu *v, unsigned long va, uint64_t *pte)
{
    const uint64_t *table = find_l1(v, va);

    if (!table)
        return false;
    *pte = READ_ONCE(table[mmu_index(va, 1)]);
    return true;
}
