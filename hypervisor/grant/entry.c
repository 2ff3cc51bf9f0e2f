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
#include "entry.h"
#include <hv/heap.h>
#include <abi/errno.h>

#define USES_MAX UINT16_MAX

/* The active entry for ref, its memory taken if need be; null when there is none. */
static struct active *active_make(struct grant_table *t, unsigned int ref)
{
    struct active *chunk = hv_zalloc_array(ENTRIES_PER_CHUNK, sizeof(*chunk));

    if (!chunk)
        return NULL;
    t->chunks.at[ref / ENTRIES_PER_CHUNK] = chunk;
    return &chunk[ref % ENTRIES_PER_CHUNK];
}

/* A further use, of the same frame by the same domain. */
static int further_use(uint64_t *entry, struct active *act, domid_t user, bool readonly)
{
    uint64_t word;

    if (act->user != user || act->readers == USES_MAX || act->writers == USES_MAX)
        return GNTST_general_error;
    if (!readonly && !act->writers && !status_set(entry, user, false, &word))
        return GNTST_general_error;
    active_count(act, readonly, 1);
    return GNTST_okay;
}

int entry_pin_further(struct domain *d, grant_ref_t ref, domid_t user, bool readonly,
                      struct active **use)
{
    struct grant_table *t = d->grant;
    struct active *act;

    if (ref >= table_nr_entries(t))
        return GNTST_bad_gntref;
    act = active_find(t, ref);
    /* Anybody may ask: the granter's memory is taken for those only whom it lets. */
    if (!act && word_allows(READ_ONCE(*table_entry(t, ref)), user, readonly))
        act = active_make(t, ref);
    if (!act || READ_ONCE(d->life) >= DOM_DYING)
        return GNTST_general_error;
    *use = act;
    if (active_is_used(act))
        return further_use(table_entry(t, ref), act, user, readonly);
    return first_use(d, table_entry(t, ref), act, user, readonly);
}

unsigned int grant_active_count(struct domain *d)
{
    struct grant_table *t = d->grant;
    unsigned int n = 0;

    spin_lock(&t->lock);
    for (unsigned int ref = 0; ref < table_nr_entries(t); ref++) {
        const struct active *act = active_find(t, ref);

        n += act && active_is_used(act);
    }
    spin_unlock(&t->lock);
    return n;
}
