/* SPDX-License-Identifier: MIT */
/*
 * Changing one entry of a table in use. No lock: the new entry's references are taken
 * first, then the entries are exchanged in one atomic step, and whoever got the old one
 * out drops its references. Entries of one table may be changed by several CPUs at once,
 * and the processor sets accessed and dirty bits meanwhile.
 */
#include "page_type_internal.h"

#define PTE_AD (PTE_A | PTE_D)

/* Exchanges the entry; m->old is what came out. 0; -EAGAIN: not what m->old expected. */
static always_inline int exchange(uint64_t *slot, uint64_t new_pte, struct page_mod *m)
{
    uint64_t old;

    if (likely(!m->keep_ad && !m->expect)) {
        m->old = __atomic_exchange_n(slot, new_pte, __ATOMIC_SEQ_CST);
        return 0;
    }
    old = m->expect ? m->old : READ_ONCE(*slot);
    while (!word_cas(slot, &old, new_pte | (m->keep_ad ? old & PTE_AD : 0))) {
        if (m->expect) {
            m->old = old;
            return -EAGAIN;
        }
    }
    m->old = old;
    return 0;
}

/* An entry that names the same frame with the same access keeps its references. False:
 * it does not, or another CPU changed it meanwhile. */
static always_inline bool exchange_flags(uint64_t *slot, uint64_t new_pte, uint64_t compared,
                                         struct page_mod *m)
{
    uint64_t old = READ_ONCE(*slot);

    if (((old ^ new_pte) & compared) || (m->expect && old != m->old) ||
        !word_cas(slot, &old, new_pte | (m->keep_ad ? old & PTE_AD : 0)))
        return false;
    m->old = old;
    return true;
}

static int mod_leaf(uint64_t *slot, uint64_t new_pte, struct page_mod *m)
{
    int rc;

    if (new_pte & PTE_P) {
        const struct leaf_rules rules = leaf_rules(m->owner, m->frames, m->caller);

        new_pte = leaf_adjust(new_pte);
        if (likely(!(new_pte & ~LEAF_BITS_ALLOWED)) &&
            exchange_flags(slot, new_pte, PTE_P | PTE_RW | PTE_ADDR_MASK, m))
            return 0;
        rc = leaf_get(new_pte, &rules);
        if (unlikely(rc))
            return rc;
    }
    rc = exchange(slot, new_pte, m);
    if (unlikely(rc)) {
        if (new_pte & PTE_P)
            leaf_put(new_pte, m->owner);
        return rc;
    }
    if (m->old & PTE_P)
        leaf_put(m->old, m->owner);
    return 0;
}

/* What a table's entry names loses a reference; if that takes long the caller finishes. */
static void drop_child(uint64_t pte, struct page_mod *m)
{
    if ((pte & PTE_P) && child_put(pte, true))
        m->unfinished = mfn_to_page(pte_mfn(pte));
}

static int mod_table(uint64_t *slot, uint64_t new_pte, const struct table_level *l,
                     struct page_mod *m)
{
    int rc;

    if (new_pte & PTE_P) {
        new_pte = child_adjust(new_pte);
        if (!(new_pte & ~TABLE_BITS_ALLOWED) &&
            exchange_flags(slot, new_pte, PTE_P | PTE_ADDR_MASK, m))
            return 0;
        rc = child_get(new_pte, l, m->owner, true);
        if (rc)
            return rc;
    }
    rc = exchange(slot, new_pte, m);
    drop_child(rc ? new_pte : m->old, m);
    return rc;
}

int page_mod_entry(struct page_info *pg, enum page_type level, unsigned int index,
                   uint64_t new_pte, struct page_mod *m)
{
    const struct table_level *l = &table_levels[level];
    uint64_t *slot = (uint64_t *)page_to_virt(pg) + index;

    if (likely(level == PT_L1))
        return mod_leaf(slot, new_pte, m);
    if (index >= l->hv_first && index < l->hv_end)
        return -EINVAL;
    return mod_table(slot, new_pte, l, m);
}
