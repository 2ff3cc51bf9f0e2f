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
#define PGT_STATE(type)       ((uint64_t)(type) << PGT_TYPE_SHIFT)
#define PGT_USABLE(type)      (PGT_STATE(type) | PGT_VALIDATED)
#define PGT_USABLE_MASK       (PGT_STATE(7) | PGT_VALIDATED)

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

static inline bool word_cas(uint64_t *word, uint64_t *old, uint64_t new_value)
{
    return __atomic_compare_exchange_n(word, old, new_value, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
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
/* Withdraws what an interrupted validation left in pg (PARTIAL, count 0); else nothing. */
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

static always_inline void writable_put(struct page_info *pg)
{
    uint64_t old = READ_ONCE(pg->type), now;

    do {
        now = old - 1;
        if (!pgt_count(now))
            now = PGT_USABLE(PT_WRITABLE) | (uint64_t)tlb_stamp_now() << PGT_EXTRA_SHIFT;
    } while (unlikely(!word_cas(&pg->type, &old, now)));
}

/* --- page_entry.c --- */

/* Bits that no guest entry may have, by level: all but level 1 have PSE among these. */
#define TABLE_BITS_ALLOWED                                                              \
    (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_AVAIL | PTE_AVAIL_HIGH | PTE_NX |      \
     PTE_ADDR_MASK)
#define LEAF_BITS_ALLOWED (TABLE_BITS_ALLOWED | PTE_G)

/* Whose frames a level-1 entry may name. */
struct leaf_rules {
    uint64_t ref_word; /* what a frame of `frames` has in its reference word */
    domid_t owner, frames, caller;
};

static inline struct leaf_rules leaf_rules(domid_t owner, domid_t frames, domid_t caller)
{
    return (struct leaf_rules){
        .ref_word = PGR_INUSE | (uint64_t)frames << PGR_OWNER_SHIFT,
        .owner = owner,
        .frames = frames,
        .caller = caller,
    };
}

/* As leaf_get(), for every case. */
int leaf_get_slow(uint64_t pte, const struct leaf_rules *r);
/* As leaf_put(), for a writable entry. */
void leaf_put_writable(struct page_info *pg, domid_t owner);

/* Does an entry that names this frame hold references? Device memory is not counted. */
static always_inline bool frame_is_counted(mfn_t mfn)
{
    return mfn_x(mfn) < max_page && (READ_ONCE(mfn_to_page(mfn)->ref) & PGR_INUSE);
}

/* Reference of a frame that is r->frames' own; false: nothing taken, look closer. */
static always_inline bool leaf_ref_get(struct page_info *pg, const struct leaf_rules *r)
{
    const uint64_t ignored = PGR_ALLOCATED | PGR_HVPAGE;
    uint64_t old = READ_ONCE(pg->ref);

    do {
        /* Right owner and in use, and a count of 1 .. limit-1: in one comparison. */
        if (unlikely(((old & ~ignored) ^ r->ref_word) - 1 >= PGR_COUNT_LIMIT - 1))
            return false;
    } while (unlikely(!word_cas(&pg->ref, &old, old + 1)));
    return true;
}

/*
 * Takes the references that the present level-1 entry pte stands for. 0; -EINVAL a bit
 * that is not allowed; -EBUSY not a frame that may be named, or not with that access;
 * -EPERM device memory without the right.
 */
static always_inline int leaf_get(uint64_t pte, const struct leaf_rules *r)
{
    mfn_t mfn = pte_mfn(pte);
    struct page_info *pg = mfn_to_page(mfn);

    if (unlikely((pte & ~LEAF_BITS_ALLOWED) || mfn_x(mfn) >= max_page ||
                 !leaf_ref_get(pg, r)))
        return leaf_get_slow(pte, r);
    if ((pte & PTE_RW) && unlikely(!writable_get(pg))) {
        page_put(pg);
        return -EBUSY;
    }
    return 0;
}

/* Drops what the present level-1 entry pte of a table of `owner` holds. */
static always_inline void leaf_put(uint64_t pte, domid_t owner)
{
    mfn_t mfn = pte_mfn(pte);
    struct page_info *pg = mfn_to_page(mfn);

    if (unlikely(!frame_is_counted(mfn)))
        return;
    if (pte & PTE_RW)
        leaf_put_writable(pg, owner);
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
