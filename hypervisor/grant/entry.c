/* SPDX-License-Identifier: MIT */
/*
 * A grant entry's states. The granter writes type, domid and frame while neither reading
 * nor writing is set, and waits for the hypervisor to clear those before it takes the
 * grant back by a compare-and-swap of its own.
 *
 *   entry (shared)                 active            becomes
 *   invalid, or another type       no uses           -
 *   permit_access                  no uses           by pin: reading [, writing]
 *   permit_access, reading         readers > 0       pin for writing adds writing;
 *                                                    last unpin clears reading
 *   permit_access, reading,        writers > 0       last writer's unpin clears writing,
 *     writing                                        last unpin clears both
 *
 * The whole entry is read and swapped as one 8-byte word, so the frame, the domain and
 * the flags that were checked are those that were in force when the use began. The frame
 * of a use in progress is the one in the active entry: what the granter writes to the
 * shared one meanwhile changes nothing. The active entry holds one reference of the frame
 * from the first use to the last.
 */
#include "internal.h"
#include <hv/heap.h>
#include <abi/errno.h>

#define USES_MAX UINT16_MAX

static inline mfn_t word_frame(uint64_t word)
{
    return _mfn(word >> 32);
}

struct active *active_find(const struct grant_table *t, unsigned int ref)
{
    struct active *chunk = t->chunks.at[ref / ENTRIES_PER_CHUNK];

    return chunk ? &chunk[ref % ENTRIES_PER_CHUNK] : NULL;
}

/* The active entry for ref, its memory taken if need be; null when there is none. */
static noinline struct active *active_make(struct grant_table *t, unsigned int ref)
{
    struct active *chunk = hv_zalloc_array(ENTRIES_PER_CHUNK, sizeof(*chunk));

    if (!chunk)
        return NULL;
    t->chunks.at[ref / ENTRIES_PER_CHUNK] = chunk;
    return &chunk[ref % ENTRIES_PER_CHUNK];
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

static void status_clear(uint64_t *entry, unsigned int flags)
{
    __atomic_fetch_and(entry, ~(uint64_t)flags, __ATOMIC_RELEASE);
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
    return GNTST_okay;
}

/* A further use, of the same frame by the same domain. */
static noinline int further_use(uint64_t *entry, const struct active *act, domid_t user,
                                bool readonly)
{
    uint64_t word;

    if (act->user != user || act->readers == USES_MAX || act->writers == USES_MAX)
        return GNTST_general_error;
    if (readonly || act->writers)
        return GNTST_okay;
    return status_set(entry, user, false, &word) ? GNTST_okay : GNTST_general_error;
}

/* With the lock. */
static always_inline int pin(struct domain *d, grant_ref_t ref, domid_t user,
                             bool readonly, struct active **use)
{
    struct grant_table *t = d->grant;
    struct active *act;
    uint64_t *entry;
    int status;

    if (unlikely(ref >= table_nr_entries(t)))
        return GNTST_bad_gntref;
    act = active_find(t, ref);
    if (unlikely(!act))
        act = active_make(t, ref);
    if (unlikely(!act || READ_ONCE(d->life) >= DOM_DYING))
        return GNTST_general_error;
    entry = table_entry(t, ref);
    if (likely(!active_is_used(act)))
        status = first_use(d, entry, act, user, readonly);
    else
        status = further_use(entry, act, user, readonly);
    if (unlikely(status != GNTST_okay))
        return status;
    if (readonly)
        act->readers++;
    else
        act->writers++;
    *use = act;
    return GNTST_okay;
}

int entry_pin(struct domain *d, grant_ref_t ref, domid_t user, bool readonly,
              struct active **use)
{
    int status;

    spin_lock(&d->grant->lock);
    status = pin(d, ref, user, readonly, use);
    spin_unlock(&d->grant->lock);
    return status;
}

void entry_unpin(struct domain *d, grant_ref_t ref, struct active *use, bool readonly)
{
    struct grant_table *t = d->grant;
    struct page_info *unused = NULL;

    spin_lock(&t->lock);
    if (readonly)
        use->readers--;
    else
        use->writers--;
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
