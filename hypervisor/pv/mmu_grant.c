/* SPDX-License-Identifier: MIT */
/*
 * Grant mappings in a guest's tables (hv/grant.h). Such an entry holds references of the
 * foreign frame like any other entry: one, and a writable type reference if it is RW.
 * They are taken when it is put in place and dropped by whatever removes it: the unmap,
 * a change by the guest itself, or the end of the table.
 */
#include "mmu_walk.h"
#include <hv/grant.h>
#include <abi/grant_table.h>

/* The guest's processors may change an entry that is being replaced. */
#define MAX_TRIES 16

/* The entry that a grant operation names: by virtual address, or by machine address. */
static always_inline uint64_t *get_slot(const struct domain *d, uint64_t addr,
                                        bool is_maddr)
{
    return is_maddr ? mmu_get_slot_at(d, addr) : mmu_get_slot_inline(current, addr);
}

static bool names_frame(uint64_t pte, mfn_t frame)
{
    return (pte & PTE_P) && mfn_eq(pte_mfn(pte), frame);
}

static uint64_t grant_pte(uint32_t flags, mfn_t frame)
{
    uint64_t pte = mfn_x(frame) << PAGE_SHIFT | PTE_P | PTE_A | PTE_D | PTE_NX;

    if (!(flags & GNTMAP_readonly))
        pte |= PTE_RW;
    return pte | ((uint64_t)(flags >> _GNTMAP_guest_avail0) << 9 & PTE_AVAIL);
}

int pv_grant_map(struct domain *d, uint64_t addr, uint32_t flags, mfn_t frame)
{
    uint64_t *slot = get_slot(d, addr, flags & GNTMAP_contains_pte);
    domid_t owner;
    int rc;

    if (unlikely(!slot))
        return -EINVAL;
    /* The grant's own reference keeps the frame with its owner meanwhile. */
    owner = page_owner_id(mfn_to_page(frame));
    rc = page_mod_plain_leaf(slot, grant_pte(flags, frame), page_ref_word(d->id),
                             page_ref_word(owner));
    mmu_put_slot(slot);
    return unlikely(rc) ? -EINVAL : 0;
}

/* Puts `pte`, an entry for a frame of d's own or none,
 * in the place of frame's mapping. */
static int replace_mapping(const struct domain *d, uint64_t *slot, mfn_t frame,
                           uint64_t pte)
{
    struct page_mod m;
    int rc = -EAGAIN;

    page_mod_init(&m, d->id, d->id, d->id);
    m.how = PAGE_MOD_EXPECT;
    m.old = READ_ONCE(*slot);
    for (unsigned int i = 0; i < MAX_TRIES && rc == -EAGAIN; i++) {
        if (!names_frame(m.old, frame))
            return -EINVAL;
        rc = page_mod_leaf(slot, pte, &m);
    }
    return rc ? -EINVAL : 0;
}

static always_inline int clear_mapping(const struct domain *d, uint64_t *slot,
                                       mfn_t frame)
{
    uint64_t old = READ_ONCE(*slot);
    int rc = -EAGAIN;

    for (unsigned int i = 0; i < MAX_TRIES && rc == -EAGAIN; i++) {
        if (unlikely(!names_frame(old, frame)))
            return -EINVAL;
        rc = page_mod_clear_leaf(slot, &old, page_ref_word(d->id));
    }
    return rc ? -EINVAL : 0;
}

/* Moves the entry of new_addr to *slot. */
static int move_mapping(const struct domain *d, uint64_t *slot, mfn_t frame,
                        uint64_t new_addr)
{
    uint64_t *from = mmu_get_slot(current, new_addr);
    struct page_mod m;
    int rc;

    if (!from)
        return -EINVAL;
    page_mod_init(&m, d->id, d->id, d->id);
    rc = replace_mapping(d, slot, frame, READ_ONCE(*from));
    if (!rc)
        rc = page_mod_leaf(from, 0, &m);
    mmu_put_slot(from);
    return rc;
}

int pv_grant_unmap(struct domain *d, uint64_t addr, uint32_t flags, mfn_t frame,
                   uint64_t new_addr)
{
    bool is_maddr = flags & GNTMAP_contains_pte;
    uint64_t *slot = NULL;
    int rc;

    if (likely(!new_addr || !is_maddr))
        slot = get_slot(d, addr, is_maddr);
    if (unlikely(!slot))
        return -EINVAL;
    rc = unlikely(new_addr) ? move_mapping(d, slot, frame, new_addr)
                            : clear_mapping(d, slot, frame);
    mmu_put_slot(slot);
    return rc;
}
