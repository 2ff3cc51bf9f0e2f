/* SPDX-License-Identifier: MIT */
/* Page-table entries: what one may hold, and the references that it stands for. */
#include "page_type_internal.h"

/* All ones: no frame at all, in a guest's tables. */
#define NO_FRAME (PTE_ADDR_MASK >> PAGE_SHIFT)
#define NO_SLOT  (PT_ENTRIES + 1u) /* never reached by an index */

const struct table_level table_levels[PT_L4 + 1] = {
    [PT_L2] = { PT_L1, NO_SLOT, NO_SLOT },
    [PT_L3] = { PT_L2, NO_SLOT, NO_SLOT },
    [PT_L4] = { PT_L3, HV_FIRST_SLOT, HV_LAST_SLOT + 1 },
};

static bool leaf_bits_ok(uint64_t pte, domid_t owner)
{
    uint64_t bad = pte & ~LEAF_BITS_ALLOWED;

    return !bad || (!(bad & ~PTE_CACHE_MASK) && page_env_may_set_caching(owner));
}

/* Device memory is not counted, but whoever maps it must have the right to. */
static int device_get(mfn_t mfn, const struct page_mod *m)
{
    domid_t owner = page_word_owner(m->owner_word),
            rightful = page_word_owner(m->frames_word);

    if (rightful == DOMID_IO)
        rightful = m->caller;
    if (!page_env_may_map_device(rightful, mfn) ||
        (rightful != owner && !page_env_may_map_device(owner, mfn)))
        return -EPERM;
    return 0;
}

noinline int leaf_get_slow(uint64_t pte, const struct page_mod *m)
{
    mfn_t mfn = pte_mfn(pte);
    struct page_info *pg = mfn_to_page(mfn);

    if (!leaf_bits_ok(pte, page_word_owner(m->owner_word)) || mfn_x(mfn) == NO_FRAME)
        return -EINVAL;
    if (mfn_x(mfn) >= max_page || !mfn_is_ram(mfn))
        return device_get(mfn, m);
    if (!page_get(pg, page_word_owner(m->frames_word)))
        return -EBUSY;
    if ((pte & PTE_RW) && !writable_get(pg)) {
        page_put(pg);
        return -EBUSY;
    }
    return 0;
}

int child_get(uint64_t pte, const struct table_level *l, domid_t owner, bool preemptible)
{
    mfn_t mfn = pte_mfn(pte);

    if ((pte & ~TABLE_BITS_ALLOWED) || mfn_x(mfn) >= max_page)
        return -EINVAL;
    return page_get_and_type(mfn_to_page(mfn), owner, l->child, preemptible);
}

int child_put(uint64_t pte, bool preemptible)
{
    return page_put_and_type(mfn_to_page(pte_mfn(pte)), preemptible);
}
