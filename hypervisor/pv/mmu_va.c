/* SPDX-License-Identifier: MIT */
/* hypercalls 14 and 22: one level-1 entry by its virtual address, with a TLB flush. */
#include "mmu_walk.h"
#include <hv/smp.h>

static int flush_everywhere(unsigned long where, unsigned long va)
{
    if (where != UVMF_ALL)
        return mmu_flush_vcpus(where, va);
    mmu_flush_domain(va);
    return 0;
}

/* The flush that UVMF_* flags ask for. 0; -EFAULT no vCPU bitmap at the address given. */
static always_inline int flush_by_flags(unsigned long va, unsigned long flags)
{
    unsigned long where = flags & ~UVMF_FLUSHTYPE_MASK;

    switch (flags & UVMF_FLUSHTYPE_MASK) {
    case UVMF_TLB_FLUSH:
        if (where != UVMF_LOCAL)
            return flush_everywhere(where, TLB_FLUSH_ALL);
        tlb_flush_local();
        return 0;
    case UVMF_INVLPG:
        if (where != UVMF_LOCAL)
            return flush_everywhere(where, va & PAGE_MASK);
        tlb_flush_va_local(va);
        return 0;
    default:
        return 0;
    }
}

/* The new entry is for a frame of frames_word's owner, the table is word's owner's. */
static always_inline long update_va(unsigned long va, uint64_t val, unsigned long flags,
                                    uint64_t word, uint64_t frames_word)
{
    struct page_info *pg;
    uint64_t table, *slot;
    int rc;

    if (unlikely(!mmu_find_l1(current->root_cr3, va, &table)))
        return -EINVAL;
    pg = mfn_to_page(maddr_to_mfn(_maddr(table)));
    __asm__("" : "+r"(pg)); /* kept, not computed anew at the end */
    slot = mmu_get_slot_in(pg, word, table | (va >> (PAGE_SHIFT - 3) & 0xff8));
    if (unlikely(!slot))
        return -EINVAL;
    rc = page_mod_plain_leaf(slot, val, word, frames_word);
    page_put_shared_type(pg);
    if (unlikely(rc) || !(flags & UVMF_FLUSHTYPE_MASK))
        return rc;
    return flush_by_flags(va, flags);
}

/* 0; -EINVAL no level-1 table, or a flag not allowed; -EBUSY, -EPERM as page_mod_entry();
 * -EFAULT the entry is changed but the bitmap of vCPUs cannot be read. */
long hc_update_va_mapping(unsigned long va, uint64_t val, unsigned long flags)
{
    uint64_t word = page_ref_word(current->domain->id);

    return update_va(va, val, flags, word, word);
}

/* The same with a frame of domid. Also -ESRCH, -EPERM: the domain. */
long hc_update_va_mapping_otherdomain(unsigned long va, uint64_t val, unsigned long flags,
                                      domid_t domid)
{
    struct mmu_party p;
    long rc = mmu_party_get(domid, &p);

    if (rc)
        return rc;
    rc = update_va(va, val, flags, page_ref_word(current->domain->id),
                   page_ref_word(p.frames_id));
    mmu_party_put(&p);
    return rc;
}
