/* SPDX-License-Identifier: MIT */
/* What the files of the page-type machine share with each other only. */
#ifndef MM_PAGE_TYPE_INTERNAL_H
#define MM_PAGE_TYPE_INTERNAL_H

#include <hv/lib.h>
#include <hv/page_type.h>
#include <hv/smp.h>
#include <abi/errno.h>

#ifndef ERESTART
#define ERESTART 85
#endif

/* The type word's bits from VALIDATED up: one comparison tells a usable type. */
#define PGT_STATE(type)  ((uint64_t)(type) << PGT_TYPE_SHIFT)
#define PGT_USABLE(type) (PGT_STATE(type) | PGT_VALIDATED)
#define PGT_USABLE_MASK  (PGT_STATE(7) | PGT_VALIDATED)

static inline bool pgt_is_usable(uint64_t word, enum page_type type)
{
    return (word & PGT_USABLE_MASK) == PGT_USABLE(type);
}

static inline uint32_t pgt_count(uint64_t word)
{
    return (uint32_t)word;
}

static inline bool pgt_is_table(enum page_type type)
{
    return type >= PT_L1 && type <= PT_L4;
}

static always_inline bool word_cas(uint64_t *word, uint64_t *old, uint64_t new_value)
{
    return page_word_cas(word, old, new_value);
}

/*
 * How far a table's validation has got: entries below `done` hold references. Kept in
 * the type word's EXTRA bits while the frame is PARTIAL.
 */
struct progress {
    unsigned int done;
    bool child_held; /* entry `done` holds its references too, but the table it names
                        was on its way down and may not be validated */
    int error;       /* not 0: an entry was refused (-errno); only the way down is left */
};

#define PROGRESS_DONE_MASK   0x3ffu
#define PROGRESS_CHILD_HELD  (1u << 10)
#define PROGRESS_ERROR_SHIFT 16

/* --- page_type.c --- */
/* Withdraws what an interrupted validation left in pg (PARTIAL, count 0);
 * else nothing. */
int page_cancel(struct page_info *pg, bool preemptible);
/* Drops a type reference and the PINNED bit with it. */
int page_put_pin(struct page_info *pg);

/* Takes a writable type reference in the common case: the type is WRITABLE already. */
static always_inline bool writable_get(struct page_info *pg)
{
    uint64_t old = READ_ONCE(pg->type);

    do {
        if (unlikely(!pgt_is_usable(old, PT_WRITABLE) ||
                     (old & PGT_COUNT_MASK) >= PGT_COUNT_LIMIT))
            return page_get_type(pg, PT_WRITABLE, false) == 0;
    } while (unlikely(!word_cas(&pg->type, &old, old + 1)));
    return true;
}

/* As writable_put(), for every case. */
void writable_put_slow(struct page_info *pg);

static always_inline void writable_put(struct page_info *pg)
{
    uint64_t old = READ_ONCE(pg->type);

    if (unlikely(pgt_count(old) <= 1 || !word_cas(&pg->type, &old, old - 1)))
        writable_put_slow(pg);
}

/* page_get(). */
static always_inline bool ref_get(struct page_info *pg, uint64_t owner_word)
{
    uint64_t old = READ_ONCE(pg->ref);

    do {
        if (unlikely(!page_ref_is_of(old, owner_word)))
            return false;
    } while (unlikely(!word_cas(&pg->ref, &old, old + 1)));
    return true;
}

/* --- page_entry.c --- */

/* Bits that no guest entry may have, by level: all but level 1 have PSE among these. */
#define TABLE_BITS_ALLOWED                                                           \
    (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_AVAIL | PTE_AVAIL_HIGH | PTE_NX | \
     PTE_ADDR_MASK)
#define LEAF_BITS_ALLOWED (TABLE_BITS_ALLOWED | PTE_G)

/* As leaf_get(), for every case. */
int leaf_get_slow(uint64_t pte, const struct page_mod *m);

/*
 * Takes the references that the present level-1 entry pte stands for; m: whose frames it
 * may name. 0; -EINVAL a bit that is not allowed; -EBUSY not a frame that may be named,
 * or not with that access; -EPERM device memory without the right.
 */
static always_inline int leaf_get(uint64_t pte, const struct page_mod *m)
{
    mfn_t mfn = pte_mfn(pte);
    struct page_info *pg = mfn_to_page(mfn);

    if (unlikely((pte & ~LEAF_BITS_ALLOWED) || mfn_x(mfn) >= max_page ||
                 !ref_get(pg, m->frames_word)))
        return leaf_get_slow(pte, m);
    if ((pte & PTE_RW) && unlikely(!writable_get(pg))) {
        page_put(pg);
        return -EBUSY;
    }
    return 0;
}

/* Drops what the present level-1 entry pte of a table of the given owner holds. */
static always_inline void leaf_put(uint64_t pte, domid_t owner)
{
    mfn_t mfn = pte_mfn(pte);
    struct page_info *pg = mfn_to_page(mfn);
    uint64_t ref;

    if (unlikely(mfn_x(mfn) >= max_page))
        return; /* device memory */
    ref = READ_ONCE(pg->ref);
    if (unlikely(!(ref & PGR_INUSE)))
        return; /* likewise */
    if (pte & PTE_RW) {
        /* A change of type flushes the CPUs of the frame's owner only: those of another
         * domain that could write to it forget the translation here. */
        if (unlikely(page_word_owner(ref) != owner))
            page_env_flush_now(owner);
        writable_put(pg);
    }
    page_put(pg);
}

/* The form in which a level-1 entry is stored: both guest rings are ring 3, and no guest
 * translation outlives a CR3 load. */
static always_inline uint64_t leaf_adjust(uint64_t pte)
{
    return (pte | PTE_US) & ~PTE_G;
}

/* Levels 2-4: what differs between them. */
struct table_level {
    enum page_type child;
    unsigned int hv_first, hv_end; /* slots that are the hypervisor's */
};
extern const struct table_level table_levels[PT_L4 + 1];

/* References and type of the table that the present entry pte names, for a table of
 * `owner`. Errors as page_get_and_type(); -EINVAL also for bits not allowed. */
int child_get(uint64_t pte, const struct table_level *l, domid_t owner, bool preemptible);
int child_put(uint64_t pte, bool preemptible);

static always_inline uint64_t child_adjust(uint64_t pte)
{
    return pte | PTE_US;
}

/* --- page_validate.c --- */
/*
 * Takes (or drops) the references of the entries of pg from p->done up (or down to 0).
 * 0; -ERESTART with p telling how far it got; promote also the error of an entry that
 * was refused, p->done being its index.
 */
int page_promote(struct page_info *pg, enum page_type type, struct progress *p,
                 bool preemptible);
int page_demote(struct page_info *pg, enum page_type type, struct progress *p,
                bool preemptible);

#endif
