/* SPDX-License-Identifier: MIT */
#include "mmu_walk.h"

uint64_t *mmu_get_slot_slow(uint64_t word, uint64_t maddr)
{
    mfn_t mfn = maddr_to_mfn(_maddr(maddr));
    int level = -EINVAL;

    if (mfn_x(mfn) < max_page)
        level = page_get_table(mfn_to_page(mfn), page_word_owner(word), PT_L1);
    if (level == PT_L1)
        return (uint64_t *)(DIRECTMAP_START + maddr);
    if (level == PT_NONE)
        page_put(mfn_to_page(mfn));
    return NULL;
}

uint64_t *mmu_get_slot_at(const struct domain *d, uint64_t maddr)
{
    if (unlikely(maddr & (sizeof(uint64_t) - 1)))
        return NULL;
    return mmu_get_slot_aligned(page_ref_word(d->id), maddr);
}

uint64_t *mmu_get_slot(const struct vcpu *v, unsigned long va)
{
    return mmu_get_slot_inline(v, va);
}

bool pv_kernel_pte(struct vcpu *v, unsigned long va, uint64_t *pte)
{
    uint64_t table;

    if (!v->pv.root ||
        !mmu_find_l1(mfn_x(page_to_mfn(v->pv.root)) << PAGE_SHIFT, va, &table))
        return false;
    if (!mmu_load_present(mmu_entry_of(table, va, 1), pte))
        *pte = 0;
    return true;
}
