/* SPDX-License-Identifier: MIT */
/*
 * The transitions of a grant entry that maps and copies are made of, inline; the table
 * that they follow is in entry.c.
 */
#ifndef GRANT_ENTRY_H
#define GRANT_ENTRY_H

#include "internal.h"

/* The active entry, or null when there is no memory for one yet. With the lock. */
static inline struct active *active_find(const struct grant_table *t, unsigned int ref)
{
    struct active *chunk = t->chunks.at[ref / ENTRIES_PER_CHUNK];

    return chunk ? &chunk[ref % ENTRIES_PER_CHUNK] : NULL;
}

static inline bool active_is_used(const struct active *act)
{
    return act->readers || act->writers;
}

static inline mfn_t word_frame(uint64_t word)
{
    return _mfn(word >> 32);
}

/* Type, domain and, for a writer, the read-only flag as they have to be. */
static always_inline bool word_allows(uint64_t word, domid_t user, bool readonly)
{
    uint32_t decides = 0xffff0000u | GTF_type_mask | (readonly ? 0 : GTF_readonly);

    return ((uint32_t)word & decides) == ((uint32_t)user << 16 | GTF_permit_access);
}

/*
 * Sets the flags of a use in the shared entry and gives the word that was there. False:
 * not allowed, or the granter keeps changing it.
 */
static always_inline bool status_set(uint64_t *entry, domid_t user, bool readonly,
                                     uint64_t *word)
{
    uint64_t use = GTF_reading | (readonly ? 0 : GTF_writing);
    unsigned int tries = 5;

    *word = READ_ONCE(*entry);
    do {
        if (unlikely(!word_allows(*word, user, readonly)))
            return false;
        if (likely(__atomic_compare_exchange_n(entry, word, *word | use, false,
                                               __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
            return true;
    } while (--tries);
    return false;
}

static always_inline void status_clear(uint64_t *entry, unsigned int flags)
{
    __atomic_fetch_and(entry, ~(uint64_t)flags, __ATOMIC_RELEASE);
}

static always_inline void active_count(struct active *act, bool readonly, int by)
{
    if (readonly)
        act->readers = (uint16_t)(act->readers + by);
    else
        act->writers = (uint16_t)(act->writers + by);
}

/* The first use: the entry's frame is taken hold of. */
static always_inline int first_use(struct domain *d, uint64_t *entry, struct active *act,
                                   domid_t user, bool readonly)
{
    uint64_t word;
    mfn_t frame;

    if (!status_set(entry, user, readonly, &word))
        return GNTST_general_error;
    frame = word_frame(word);
    if (unlikely(mfn_x(frame) >= max_page || !page_get(mfn_to_page(frame), d->id))) {
        status_clear(entry, GTF_reading | GTF_writing);
        return GNTST_bad_page;
    }
    act->frame = frame;
    act->user = user;
    active_count(act, readonly, 1);
    return GNTST_okay;
}

/* entry.c: every other use than a first one, and every error. With the lock. */
int entry_pin_further(struct domain *d, grant_ref_t ref, domid_t user, bool readonly,
                      struct active **use);

/*
 * Begins a use of d's entry ref by domain `user`: its flags say so, and the frame is
 * held. GNTST_okay with the active entry in *use; _bad_gntref no such entry;
 * _general_error not granted to user, or not with that access, or too many uses, or d is
 * dying, or no memory; _bad_page not a frame of d. Takes d's lock.
 */
static always_inline int entry_pin(struct domain *d, grant_ref_t ref, domid_t user,
                                   bool readonly, struct active **use)
{
    struct grant_table *t = d->grant;
    struct active *act = NULL;
    int status;

    spin_lock(&t->lock);
    if (likely(ref < table_nr_entries(t)))
        act = active_find(t, ref);
    if (likely(act && !active_is_used(act) && READ_ONCE(d->life) < DOM_DYING)) {
        status = first_use(d, table_entry(t, ref), act, user, readonly);
        *use = act;
    } else {
        status = entry_pin_further(d, ref, user, readonly, use);
    }
    spin_unlock(&t->lock);
    return status;
}

/* Ends one. Takes d's lock. */
static always_inline void entry_unpin(struct domain *d, grant_ref_t ref,
                                      struct active *use, bool readonly)
{
    struct grant_table *t = d->grant;
    struct page_info *unused = NULL;

    spin_lock(&t->lock);
    active_count(use, readonly, -1);
    if (likely(!active_is_used(use))) {
        status_clear(table_entry(t, ref), GTF_reading | GTF_writing);
        unused = mfn_to_page(use->frame);
    } else if (!use->writers) {
        status_clear(table_entry(t, ref), GTF_writing);
    }
    spin_unlock(&t->lock);
    if (likely(unused))
        page_put(unused);
}

#endif
