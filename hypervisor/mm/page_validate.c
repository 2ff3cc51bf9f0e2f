/* SPDX-License-Identifier: MIT */
/*
 * Going through a whole table: promote takes the references of its entries, demote
 * drops them. Levels 2-4 are one loop driven by table_levels[] and preemptible at each
 * entry; level 1 and descriptor pages are bounded work and run through.
 */
#include "page_type_internal.h"

/* Most tables are mostly empty: entries are skipped in groups. */
#define GROUP 8

static always_inline bool group_is_absent(const uint64_t *e)
{
    return !((e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7]) & PTE_P);
}

/* --- level 1 --- */

/* A table that is validated may name frames of its owner only. */
static always_inline struct page_mod own_frames(const struct page_info *pg)
{
    domid_t owner = page_owner_id(pg);
    struct page_mod m;

    page_mod_init(&m, owner, owner, owner);
    return m;
}

static int leaf_promote(struct page_info *pg, struct progress *p)
{
    uint64_t *table = page_to_virt(pg);
    struct page_mod own = own_frames(pg);

    for (unsigned int first = 0; first < PT_ENTRIES; first += GROUP) {
        if (group_is_absent(table + first))
            continue;
        for (unsigned int i = first; i < first + GROUP; i++) {
            uint64_t pte = READ_ONCE(table[i]);
            int rc;

            if (!(pte & PTE_P))
                continue;
            rc = leaf_get(pte, &own);
            if (unlikely(rc)) {
                p->done = i;
                return rc;
            }
            if (leaf_adjust(pte) != pte)
                WRITE_ONCE(table[i], leaf_adjust(pte));
        }
    }
    p->done = PT_ENTRIES;
    return 0;
}

static void leaf_demote(struct page_info *pg, struct progress *p)
{
    const uint64_t *table = page_to_virt(pg);
    domid_t owner = page_owner_id(pg);

    for (unsigned int first = 0; first < p->done; first += GROUP) {
        unsigned int end = min(first + GROUP, p->done);

        if (group_is_absent(table + first))
            continue;
        for (unsigned int i = first; i < end; i++) {
            uint64_t pte = READ_ONCE(table[i]);

            if (pte & PTE_P)
                leaf_put(pte, owner);
        }
    }
    p->done = 0;
}

/* --- levels 2-4 --- */

/*
 * Entry p->done of a table that is being taken up again is held already, but its child
 * may have been on its way down: it is got once more, now validated to the end, and the
 * reference that was left over is dropped.
 */
static void drop_left_over(uint64_t pte, struct progress *p)
{
    struct page_info *child = mfn_to_page(pte_mfn(pte));

    if (!p->child_held)
        return;
    page_put_type(child, false); /* not the last: we have just got one */
    page_put(child);
    p->child_held = false;
}

static int table_promote(struct page_info *pg, const struct table_level *l,
                         struct progress *p, bool preemptible)
{
    uint64_t *table = page_to_virt(pg);
    domid_t owner = page_owner_id(pg);

    while (p->done < PT_ENTRIES) {
        uint64_t pte = READ_ONCE(table[p->done]);
        int rc;

        if (p->done == l->hv_first) {
            p->done = l->hv_end;
            continue;
        }
        if (!(pte & PTE_P)) {
            p->done++;
            continue;
        }
        rc = child_get(pte, l, owner, preemptible);
        if (rc)
            return rc;
        drop_left_over(pte, p);
        WRITE_ONCE(table[p->done], child_adjust(pte));
        p->done++;
        if (preemptible && page_env_preempt() && p->done < PT_ENTRIES)
            return -ERESTART;
    }
    if (l->hv_first < PT_ENTRIES)
        page_env_fill_root(table);
    return 0;
}

/*
 * The entry at which work stopped: its child is held and goes down first; or it is not
 * held, but the child may have been left half-way up by our own interrupted try.
 */
static int demote_first(uint64_t pte, const struct table_level *l, domid_t owner,
                        struct progress *p, bool preemptible)
{
    struct page_info *child = mfn_to_page(pte_mfn(pte));
    int rc;

    if (p->child_held) {
        rc = child_put(pte, preemptible);
        p->child_held = rc;
        return rc;
    }
    if (!(pte & PTE_P) || mfn_x(pte_mfn(pte)) >= max_page || !page_get(child, owner))
        return 0;
    rc = pgt_type(READ_ONCE(child->type)) == l->child ? page_cancel(child, preemptible)
                                                      : 0;
    page_put(child);
    return rc;
}

static int table_demote(struct page_info *pg, const struct table_level *l,
                        struct progress *p, bool preemptible)
{
    const uint64_t *table = page_to_virt(pg);
    int rc;

    if (p->done < PT_ENTRIES) {
        rc =
            demote_first(READ_ONCE(table[p->done]), l, page_owner_id(pg), p, preemptible);
        if (rc)
            return rc;
    }
    while (p->done) {
        uint64_t pte = READ_ONCE(table[p->done - 1]);

        if (p->done == l->hv_end) {
            p->done = l->hv_first;
            continue;
        }
        p->done--;
        if (!(pte & PTE_P))
            continue;
        rc = child_put(pte, preemptible);
        if (rc) {
            p->child_held = true;
            return rc;
        }
        if (preemptible && page_env_preempt() && p->done)
            return -ERESTART;
    }
    return 0;
}

/* --- descriptor pages --- */

static int desc_promote(struct page_info *pg)
{
    uint64_t *desc = page_to_virt(pg);

    for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*desc); i++)
        if (!page_desc_check(&desc[i]))
            return -EINVAL;
    return 0;
}

int page_promote(struct page_info *pg, enum page_type type, struct progress *p,
                 bool preemptible)
{
    if (type == PT_L1)
        return leaf_promote(pg, p);
    if (pgt_is_table(type))
        return table_promote(pg, &table_levels[type], p, preemptible);
    return type == PT_DESC ? desc_promote(pg) : 0;
}

int page_demote(struct page_info *pg, enum page_type type, struct progress *p,
                bool preemptible)
{
    if (type == PT_L1)
        leaf_demote(pg, p);
    else if (pgt_is_table(type))
        return table_demote(pg, &table_levels[type], p, preemptible);
    return 0;
}
