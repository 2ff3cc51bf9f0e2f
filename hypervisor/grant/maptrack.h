/* SPDX-License-Identifier: MIT */
/* Taking and settling handles, inline; their states are tabled in maptrack.c. */
#ifndef GRANT_MAPTRACK_H
#define GRANT_MAPTRACK_H

#include "internal.h"

/* maptrack.c: adds a page of free handles; false at the limit, or without memory. */
bool handles_grow(struct domain *d);

/* Takes a handle: its mapping, to be filled in (flags last: from then on it can be
 * unmapped), or null: none left, or no memory. Takes d's lock. */
static always_inline struct mapping *handle_take(struct domain *d, grant_handle_t *h)
{
    struct grant_table *t = d->grant;
    struct mapping *m = NULL;

    spin_lock(&t->lock);
    if (likely(t->free_handle != NO_HANDLE) || handles_grow(d)) {
        *h = t->free_handle;
        m = mapping_at(t, *h);
        t->free_handle = m->ref;
    }
    spin_unlock(&t->lock);
    return m;
}

/* With the lock. */
static always_inline void put_back(struct grant_table *t, grant_handle_t h,
                                   struct mapping *m)
{
    m->flags = 0;
    m->busy = false;
    m->ref = t->free_handle;
    t->free_handle = h;
}

/* Gives a handle back. Takes d's lock. */
static inline void handle_release(struct domain *d, grant_handle_t h, struct mapping *m)
{
    spin_lock(&d->grant->lock);
    put_back(d->grant, h, m);
    spin_unlock(&d->grant->lock);
}

/* Marks h busy, so that nobody else unmaps it meanwhile; null: no such handle, nothing
 * mapped, or busy. Takes d's lock. */
static always_inline struct mapping *handle_claim(struct domain *d, grant_handle_t h)
{
    struct grant_table *t = d->grant;
    struct mapping *m = NULL;

    spin_lock(&t->lock);
    if (likely(h / MAPPINGS_PER_PAGE < t->tracks.nr)) {
        m = mapping_at(t, h);
        if (likely(READ_ONCE(m->flags) && !m->busy))
            m->busy = true;
        else
            m = NULL;
    }
    spin_unlock(&t->lock);
    return m;
}

/* Ends the claim with what is left mapped; with nothing the handle is free, and the
 * caller drops the granter's reference. Takes d's lock. */
static always_inline void handle_settle(struct domain *d, grant_handle_t h,
                                        struct mapping *m, unsigned int flags_left)
{
    struct grant_table *t = d->grant;

    spin_lock(&t->lock);
    if (likely(!(flags_left & (GNTMAP_host_map | GNTMAP_device_map)))) {
        put_back(t, h, m);
    } else {
        m->flags = (uint16_t)flags_left;
        m->busy = false;
    }
    spin_unlock(&t->lock);
}

#endif
