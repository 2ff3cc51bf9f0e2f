/* SPDX-License-Identifier: MIT */
/*
 * The page-type machine: what keeps a guest from writing its page tables and from
 * mapping what is not its own. States and transitions are tabled in mm/page_type.c.
 *
 * A frame's type can change only while its type count is 0. Getting a table type for
 * the first time validates every entry (each entry gets references of what it names);
 * dropping the last one undoes that. Both are preemptible and resume where they stopped.
 *
 * Whoever takes a type reference of a frame holds an ordinary reference of it as long.
 * No locks; interrupts on (a type change may flush other CPUs' TLBs).
 *
 * The files behind this header compile on the host and are tested against the model in
 * tests/model. They see the machine through the page_env_ functions only.
 */
#ifndef HV_PAGE_TYPE_H
#define HV_PAGE_TYPE_H

#include <hv/page.h>
#include <hv/softirq.h>

/* Page-table entry bits. */
#define PTE_P          (1ull << 0)
#define PTE_RW         (1ull << 1)
#define PTE_US         (1ull << 2)
#define PTE_PWT        (1ull << 3)
#define PTE_PCD        (1ull << 4)
#define PTE_A          (1ull << 5)
#define PTE_D          (1ull << 6)
#define PTE_PSE        (1ull << 7) /* L2, L3; PAT in L1 */
#define PTE_PAT        (1ull << 7)
#define PTE_G          (1ull << 8)
#define PTE_AVAIL      (7ull << 9)
#define PTE_AVAIL_HIGH (0x7ffull << 52)
#define PTE_NX         (1ull << 63)
#define PTE_ADDR_MASK  0x000ffffffffff000ull
#define PTE_CACHE_MASK (PTE_PWT | PTE_PCD | PTE_PAT)

static inline mfn_t pte_mfn(uint64_t pte)
{
    return _mfn((pte & PTE_ADDR_MASK) >> PAGE_SHIFT);
}

/* What the reference word of a frame in use has of owner, less the count. */
static inline uint64_t page_ref_word(domid_t owner)
{
    return PGR_INUSE | (uint64_t)owner << PGR_OWNER_SHIFT;
}

static inline domid_t page_word_owner(uint64_t ref)
{
    return (domid_t)(ref >> PGR_OWNER_SHIFT);
}

/* Is this the reference word of a frame in use by the owner of owner_word, with a count
 * of 1 .. limit-1? In one comparison. */
static always_inline bool page_ref_is_of(uint64_t ref, uint64_t owner_word)
{
    const uint64_t ignored = PGR_ALLOCATED | PGR_HVPAGE;

    return ((ref & ~ignored) ^ owner_word) - 1 < PGR_COUNT_LIMIT - 1;
}

/* One attempt to turn *word, found to be old, into new_value. */
static always_inline bool page_word_cas(uint64_t *word, uint64_t *old, uint64_t new_value)
{
    return __atomic_compare_exchange_n(word, old, new_value, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

/*
 * Takes a reference and a type reference of a frame that is owner's and usable as `type`
 * now. False, with nothing taken: it is not, or another CPU was in the way.
 */
static always_inline bool page_try_get(struct page_info *pg, uint64_t owner_word,
                                       enum page_type type)
{
    const uint64_t usable = (uint64_t)type << PGT_TYPE_SHIFT | PGT_VALIDATED;
    const uint64_t mask = 7ull << PGT_TYPE_SHIFT | PGT_VALIDATED;
    uint64_t old = READ_ONCE(pg->ref);

    if (unlikely(!page_ref_is_of(old, owner_word) ||
                 !page_word_cas(&pg->ref, &old, old + 1)))
        return false;
    old = READ_ONCE(pg->type);
    if (likely((old & mask) == usable && (old & PGT_COUNT_MASK) < PGT_COUNT_LIMIT))
        if (page_word_cas(&pg->type, &old, old + 1))
            return true;
    page_put(pg);
    return false;
}

/*
 * Takes a type reference of pg, of which the caller holds an ordinary reference.
 * preemptible: may return -ERESTART when something waits for this CPU, with progress
 * kept in the frame: call again. PT_L2 and above need it; the others are bounded work.
 * Returns 0; -EINVAL the frame has another type in use, an entry is not allowed, or the
 * count is at its limit; -EPERM, -EBUSY an entry is not allowed (see page_mod_leaf());
 * -ERESTART.
 */
int must_check page_get_type(struct page_info *pg, enum page_type type, bool preemptible);

/*
 * Drops one. preemptible: -ERESTART as above, and the caller keeps its reference until
 * it has called again; otherwise always 0. The last reference of an L2 or above must be
 * dropped preemptibly.
 */
int page_put_type(struct page_info *pg, bool preemptible);

/* Fast pairs for the common case. False: nothing was taken. owner as in page_get(). */
bool page_get_writable(struct page_info *pg,
                       domid_t owner); /* reference + writable type */
void page_put_writable(struct page_info *pg);
/* Reference and type in one; errors as page_get_type(), -EINVAL also for a foreign frame. */
int must_check page_get_and_type(struct page_info *pg, domid_t owner, enum page_type type,
                                 bool preemptible);
/* Drops both. On -ERESTART it still holds both: call again. */
int page_put_and_type(struct page_info *pg, bool preemptible);

/*
 * Takes a reference and, if pg is a table in use of a level up to `highest`, a type
 * reference of the type it has. Returns that level, PT_L1..highest; PT_NONE when only the
 * ordinary reference was taken; -EINVAL, with nothing taken: not a frame of owner.
 */
int must_check page_get_table(struct page_info *pg, domid_t owner,
                              enum page_type highest);

/*
 * Pins (type = L1..L4) or unpins a table of d. Restartable: on -ERESTART call again.
 * pin: errors as page_get_type(), -EINVAL also for a frame that is pinned already or
 * a domain that is dying. unpin: -EINVAL for a frame that is not d's or not pinned.
 */
int must_check page_pin(struct domain *d, mfn_t mfn, enum page_type type);
int must_check page_unpin(struct domain *d, mfn_t mfn);

/*
 * For the teardown of pg's owner: undoes a pin and what an interrupted validation left
 * behind. The caller holds a reference of pg. 0; -ERESTART: call again.
 */
int page_unwind(struct page_info *pg);

/* Not preemptible, and inline while others use the frame as this type too. */
static always_inline void page_put_shared_type(struct page_info *pg)
{
    uint64_t old = READ_ONCE(pg->type);

    if (likely((old & PGT_COUNT_MASK) > 1 && page_word_cas(&pg->type, &old, old - 1)))
        page_put(pg);
    else
        page_put_and_type(pg, false);
}

/* How entries are changed; for several changes of tables of one owner. */
struct page_mod {
    uint64_t owner_word;  /* page_ref_word() of the tables' owner */
    uint64_t frames_word; /* of whose frames new entries may name; DOMID_IO: of devices */
    domid_t caller;       /* whose right to device memory counts when that is DOMID_IO */
    uint32_t how;         /* PAGE_MOD_* */
    uint64_t old;         /* EXPECT: in, what the entry should be; out: what it was */
    /* Out: a table that lost its last reference and whose teardown was broken off: the
     * caller owes it page_put_and_type(). Null before and mostly after. */
    struct page_info *unfinished;
};
#define PAGE_MOD_KEEP_AD 1 /* keep accessed and dirty bits that the old entry has */
#define PAGE_MOD_EXPECT  2 /* replace only if the entry is still m->old */

static inline void page_mod_init(struct page_mod *m, domid_t owner, domid_t frames,
                                 domid_t caller)
{
    m->owner_word = page_ref_word(owner);
    m->frames_word = page_ref_word(frames);
    m->caller = caller;
    m->how = 0;
    m->unfinished = NULL;
}

/*
 * Replaces the entry *slot (through the direct map) of a level-1 table or of one of
 * `level`, of which the caller holds a type reference. The new entry takes references of
 * what it names, the old one drops its. Returns 0; -EINVAL a flag or the frame is not
 * allowed, or a slot of the hypervisor's; -EBUSY the frame cannot be had with the access
 * asked for; -EPERM device memory without the right; -ERESTART a lower table's validation
 * was preempted, nothing has changed; -EAGAIN (EXPECT only) the entry was another one,
 * now in m->old.
 */
int must_check page_mod_leaf(uint64_t *slot, uint64_t new_pte, struct page_mod *m);
int must_check page_mod_table(uint64_t *slot, enum page_type level, uint64_t new_pte,
                              struct page_mod *m);
/* page_mod_leaf() for a table of owner_word's owner and a frame of frames_word's. */
int must_check page_mod_plain_leaf(uint64_t *slot, uint64_t new_pte, uint64_t owner_word,
                                   uint64_t frames_word);
/* The same for an entry *old that is to become 0: -EAGAIN when *slot is another one, which
 * is put into *old. */
int must_check page_mod_clear_leaf(uint64_t *slot, uint64_t *old, uint64_t owner_word);

static inline int must_check page_mod_entry(uint64_t *slot, enum page_type level,
                                            uint64_t new_pte, struct page_mod *m)
{
    if (likely(level == PT_L1))
        return page_mod_leaf(slot, new_pte, m);
    return page_mod_table(slot, level, new_pte, m);
}

/*
 * Checks a segment descriptor that a 64-bit guest wants in its GDT or LDT; a privilege
 * level below 3 is raised to 3. False: it must not be there.
 */
bool page_desc_check(uint64_t *desc);

/*
 * The surroundings: mm/page_env.c in the hypervisor, tests/model on the host.
 */
/* Flushes the CPUs that may hold translations of domain id's tables: those that have not
 * flushed since stamp; or, all, whether they have or not. */
void page_env_flush(domid_t id, uint32_t stamp);
void page_env_flush_now(domid_t id);
/* Writes the hypervisor's slots into a level-4 table. */
void page_env_fill_root(uint64_t *root);
/* May domain id map the device memory at mfn? May it choose caching attributes? */
bool page_env_may_map_device(domid_t id, mfn_t mfn);
bool page_env_may_set_caching(domid_t id);
/* Should long work be broken off? */
#ifdef HV_HOST_BUILD
bool page_env_preempt(void);
#else
static inline bool page_env_preempt(void)
{
    return preempt_wanted();
}
#endif

#endif
