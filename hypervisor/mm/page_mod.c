/* SPDX-License-Identifier: MIT */
/*
 * Changing one entry of a table in use. No lock: the new entry's references are taken
 * first, then the entries are exchanged in one atomic step, and whoever got the old one
 * out drops its references. Entries of one table may be changed by several CPUs at once,
 * and the processor sets accessed and dirty bits meanwhile.
 */
#include "page_type_internal.h"

#define PTE_AD (PTE_A | PTE_D)

static uint64_t kept_bits(uint64_t old, const struct page_mod *m)
{
    return m->how & PAGE_MOD_KEEP_AD ? old & PTE_AD : 0;
}

/* exchange(), for every case. */
static noinline int exchange_slow(uint64_t *slot, uint64_t new_pte, struct page_mod *m)
{
    uint64_t old = m->how & PAGE_MOD_EXPECT ? m->old : READ_ONCE(*slot);
    int rc = 0;

    while (!rc && !word_cas(slot, &old, new_pte | kept_bits(old, m)))
        rc = m->how & PAGE_MOD_EXPECT ? -EAGAIN : 0;
    m->old = old;
    return rc;
}

/* Exchanges the entry; m->old is what came out. 0; -EAGAIN: not what m->old expected. */
static always_inline int exchange(uint64_t *slot, uint64_t new_pte, struct page_mod *m)
{
    if (unlikely(m->how))
        return exchange_slow(slot, new_pte, m);
    m->old = __atomic_exchange_n(slot, new_pte, __ATOMIC_SEQ_CST);
    return 0;
}

/*
 * An entry that names the same frame with the same access keeps its references. `compared`:
 * the bits that tell. False: it does not, or another CPU changed it meanwhile.
 */
static always_inline bool exchange_flags(uint64_t *slot, uint64_t new_pte,
                                         uint64_t compared, struct page_mod *m)
{
    uint64_t old = READ_ONCE(*slot);

    if ((old ^ new_pte) & compared)
        return false;
    if (unlikely((m->how & PAGE_MOD_EXPECT) && old != m->old))
        return false;
    m->old = old;
    return word_cas(slot, &old, new_pte | kept_bits(old, m));
}

/* The bits of a level-1 entry on which its references depend. */
#define LEAF_NAME_BITS (PTE_P | PTE_RW | PTE_ADDR_MASK)

/* page_mod_leaf(), for every case. */
static noinline int mod_leaf_slow(uint64_t *slot, uint64_t new_pte, struct page_mod *m)
{
    bool present = new_pte & PTE_P;
    int rc = 0;

    if (present) {
        new_pte = leaf_adjust(new_pte);
        if (!(new_pte & ~LEAF_BITS_ALLOWED) &&
            exchange_flags(slot, new_pte, LEAF_NAME_BITS, m))
            return 0;
        rc = leaf_get(new_pte, m);
    }
    if (rc)
        return rc;
    rc = exchange(slot, new_pte, m);
    if (rc && present)
        leaf_put(new_pte, page_word_owner(m->owner_word));
    else if (!rc && (m->old & PTE_P))
        leaf_put(m->old, page_word_owner(m->owner_word));
    return rc;
}

/* The same without a page_mod. */
static noinline int mod_plain_leaf_slow(uint64_t *slot, uint64_t new_pte,
                                        uint64_t owner_word, uint64_t frames_word)
{
    domid_t owner = page_word_owner(owner_word);
    struct page_mod m;

    page_mod_init(&m, owner, page_word_owner(frames_word), owner);
    return mod_leaf_slow(slot, new_pte, &m);
}

/* m: null for what page_mod_plain_leaf() does. */
static always_inline int mod_leaf_otherwise(uint64_t *slot, uint64_t new_pte,
                                            uint64_t owner_word, uint64_t frames_word,
                                            struct page_mod *m)
{
    return m ? mod_leaf_slow(slot, new_pte, m)
             : mod_plain_leaf_slow(slot, new_pte, owner_word, frames_word);
}

/* The reference of pg was there to take, but the type was not at once. */
static noinline int mod_leaf_again(struct page_info *pg, uint64_t *slot, uint64_t new_pte,
                                   struct page_mod *m)
{
    page_put(pg);
    return mod_leaf_slow(slot, new_pte, m);
}

static noinline int mod_plain_leaf_again(struct page_info *pg, uint64_t *slot,
                                         uint64_t new_pte, uint64_t owner_word,
                                         uint64_t frames_word)
{
    page_put(pg);
    return mod_plain_leaf_slow(slot, new_pte, owner_word, frames_word);
}

static noinline int drop_leaf_slow(uint64_t pte, uint64_t owner_word)
{
    leaf_put(pte, page_word_owner(owner_word));
    return 0;
}

static noinline int drop_leaf_last(struct page_info *pg)
{
    page_release(pg);
    return 0;
}

/* leaf_put(), returning 0. */
static always_inline int drop_leaf(uint64_t pte, uint64_t owner_word)
{
    mfn_t mfn = pte_mfn(pte);
    struct page_info *pg = mfn_to_page(mfn);
    uint64_t type;

    if (unlikely(mfn_x(mfn) >= max_page ||
                 !page_ref_is_of(READ_ONCE(pg->ref), owner_word)))
        return drop_leaf_slow(pte, owner_word);
    if (pte & PTE_RW) {
        type = READ_ONCE(pg->type);
        if (unlikely(pgt_count(type) <= 1 || !word_cas(&pg->type, &type, type - 1)))
            return drop_leaf_slow(pte, owner_word);
    }
    if (unlikely(!((uint32_t)__atomic_sub_fetch(&pg->ref, 1, __ATOMIC_RELEASE))))
        return drop_leaf_last(pg);
    return 0;
}

/*
 * Straight through for what is ordinary: every way out of that is a tail call, so that
 * the way itself needs no stack.
 */
static always_inline int mod_leaf(uint64_t *slot, uint64_t new_pte, uint64_t owner_word,
                                  uint64_t frames_word, struct page_mod *m)
{
    uint64_t old;

    if (new_pte & PTE_P) {
        mfn_t mfn = pte_mfn(new_pte);
        struct page_info *pg = mfn_to_page(mfn);

        new_pte = leaf_adjust(new_pte);
        old = READ_ONCE(*slot);
        if (unlikely((new_pte & ~LEAF_BITS_ALLOWED) || mfn_x(mfn) >= max_page ||
                     !((old ^ new_pte) & LEAF_NAME_BITS)))
            return mod_leaf_otherwise(slot, new_pte, owner_word, frames_word, m);
        old = READ_ONCE(pg->ref);
        if (unlikely(!page_ref_is_of(old, frames_word) ||
                     !word_cas(&pg->ref, &old, old + 1)))
            return mod_leaf_otherwise(slot, new_pte, owner_word, frames_word, m);
        if (new_pte & PTE_RW) {
            old = READ_ONCE(pg->type);
            if (unlikely(!pgt_is_usable(old, PT_WRITABLE) ||
                         pgt_count(old) >= PGT_COUNT_LIMIT ||
                         !word_cas(&pg->type, &old, old + 1)))
                return m ? mod_leaf_again(pg, slot, new_pte, m)
                         : mod_plain_leaf_again(pg, slot, new_pte, owner_word,
                                                frames_word);
        }
    }
    old = __atomic_exchange_n(slot, new_pte, __ATOMIC_SEQ_CST);
    if (m)
        m->old = old;
    return old & PTE_P ? drop_leaf(old, owner_word) : 0;
}

int page_mod_leaf(uint64_t *slot, uint64_t new_pte, struct page_mod *m)
{
    if (unlikely(m->how))
        return mod_leaf_slow(slot, new_pte, m);
    return mod_leaf(slot, new_pte, m->owner_word, m->frames_word, m);
}

int page_mod_plain_leaf(uint64_t *slot, uint64_t new_pte, uint64_t owner_word,
                        uint64_t frames_word)
{
    return mod_leaf(slot, new_pte, owner_word, frames_word, NULL);
}

int page_mod_clear_leaf(uint64_t *slot, uint64_t *old, uint64_t owner_word)
{
    if (unlikely(!word_cas(slot, old, 0)))
        return -EAGAIN;
    return *old & PTE_P ? drop_leaf(*old, owner_word) : 0;
}

/* What a table's entry names loses a reference; if that takes long the caller finishes. */
static void drop_child(uint64_t pte, struct page_mod *m)
{
    if ((pte & PTE_P) && child_put(pte, true))
        m->unfinished = mfn_to_page(pte_mfn(pte));
}

int page_mod_table(uint64_t *slot, enum page_type level, uint64_t new_pte,
                   struct page_mod *m)
{
    const struct table_level *l = &table_levels[level];
    unsigned int index = ((uintptr_t)slot & ~PAGE_MASK) / sizeof(*slot);
    int rc;

    if (index >= l->hv_first && index < l->hv_end)
        return -EINVAL;
    if (new_pte & PTE_P) {
        new_pte = child_adjust(new_pte);
        if (!(new_pte & ~TABLE_BITS_ALLOWED) &&
            exchange_flags(slot, new_pte, PTE_P | PTE_ADDR_MASK, m))
            return 0;
        rc = child_get(new_pte, l, page_word_owner(m->owner_word), true);
        if (rc)
            return rc;
    }
    rc = exchange(slot, new_pte, m);
    drop_child(rc ? new_pte : m->old, m);
    return rc;
}
