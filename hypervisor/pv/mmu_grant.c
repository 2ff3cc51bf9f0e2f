/* SPDX-License-Identifier: MIT */
/*
 * Grant mappings in a guest's tables (hv/grant.h). Such an entry holds references of the
 * foreign frame like any other entry: one, and a writable type reference if it is RW.
 * They are taken when it is put in place and dropped by whatever removes it: the unmap,
 * a change by the guest itself, or the end of the table.
 */
#include "mmu.h"
#include <hv/grant.h>
#include <abi/grant_table.h>

/* The entry that a grant operation names: by virtual address, or by machine address. */
struct entry {
    struct page_info *l1; /* with reference and type reference */
    unsigned int index;
};

static bool entry_get(struct domain *d, uint64_t addr, bool is_maddr, struct entry *e)
{
    mfn_t mfn = maddr_to_mfn(_maddr(addr));
    enum page_type type;

    if (!is_maddr) {
        e->index = mmu_index(addr, 1);
        e->l1 = mmu_get_l1(current, addr);
        return e->l1 != NULL;
    }
    e->index = (addr & ~PAGE_MASK) / sizeof(uint64_t);
    e->l1 = mfn_to_page(mfn);
    if ((addr & (sizeof(uint64_t) - 1)) || mfn_x(mfn) >= max_page ||
        !page_get_table(e->l1, d->id, PT_L1, &type))
        return false;
    if (type == PT_L1)
        return true;
    page_put(e->l1);
    return false;
}

static void entry_put(const struct entry *e)
{
    page_put_and_type(e->l1, false);
}

static uint64_t entry_read(const struct entry *e)
{
    return READ_ONCE(((uint64_t *)page_to_virt(e->l1))[e->index]);
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
    /* The grant's own reference keeps the frame with its owner meanwhile. */
    struct page_mod m = {
        .owner = d->id,
        .frames = page_owner_id(mfn_to_page(frame)),
        .caller = d->id,
    };
    struct entry e;
    int rc;

    if (!entry_get(d, addr, flags & GNTMAP_contains_pte, &e))
        return -EINVAL;
    rc = page_mod_entry(e.l1, PT_L1, e.index, grant_pte(flags, frame), &m);
    entry_put(&e);
    return rc ? -EINVAL : 0;
}

/* Puts `pte`, an entry for a frame of d's own or none, in the place of frame's mapping. */
static int replace_mapping(struct domain *d, const struct entry *e, mfn_t frame,
                           uint64_t pte)
{
    struct page_mod m = {
        .owner = d->id, .frames = d->id, .caller = d->id, .expect = true
    };
    int rc;

    m.old = entry_read(e);
    do {
        if (!names_frame(m.old, frame))
            return -EINVAL;
        rc = page_mod_entry(e->l1, PT_L1, e->index, pte, &m);
    } while (rc == -EAGAIN); /* the processor set a bit in it, or the guest changed it */
    return rc ? -EINVAL : 0;
}

/* Moves the entry of new_addr to e. */
static int move_mapping(struct domain *d, const struct entry *e, mfn_t frame,
                        uint64_t new_addr)
{
    struct page_mod clear = { .owner = d->id, .frames = d->id, .caller = d->id };
    struct entry from;
    int rc;

    if (!entry_get(d, new_addr, false, &from))
        return -EINVAL;
    rc = replace_mapping(d, e, frame, entry_read(&from));
    if (!rc)
        rc = page_mod_entry(from.l1, PT_L1, from.index, 0, &clear);
    entry_put(&from);
    return rc;
}

int pv_grant_unmap(struct domain *d, uint64_t addr, uint32_t flags, mfn_t frame,
                   uint64_t new_addr)
{
    bool is_maddr = flags & GNTMAP_contains_pte;
    struct entry e;
    int rc;

    if ((new_addr && is_maddr) || !entry_get(d, addr, is_maddr, &e))
        return -EINVAL;
    rc = new_addr ? move_mapping(d, &e, frame, new_addr)
                  : replace_mapping(d, &e, frame, 0);
    entry_put(&e);
    return rc;
}
