/* SPDX-License-Identifier: MIT */
/*
 * Handles: what a domain has mapped of others' grants. A handle is the index of a struct
 * mapping; free ones form a list through `ref`. Memory comes a page at a time, up to the
 * domain's limit, and stays until the domain goes.
 *
 *   flags  busy   state
 *   0      no     free, or taken by a map operation that has not published it yet
 *   set    no     mapped
 *   set    yes    being unmapped: the operation settles it when the TLBs are clean
 *
 * Whoever has taken or claimed a handle may use its mapping without the lock.
 */
#include "internal.h"
#include <hv/heap.h>

/* Adds a page of free handles; false when the limit or the memory is reached. */
static noinline bool handles_grow(struct domain *d)
{
    struct grant_table *t = d->grant;
    unsigned int first = t->tracks.nr * (unsigned int)MAPPINGS_PER_PAGE;
    struct mapping *page;

    if (t->tracks.nr >= d->max_maptrack_frames)
        return false;
    page = hv_alloc_page();
    if (!page)
        return false;
    if (list_append(&t->tracks, page)) {
        hv_free_page(page);
        return false;
    }
    for (unsigned int i = 0; i < MAPPINGS_PER_PAGE; i++)
        page[i].ref = first + i + 1;
    page[MAPPINGS_PER_PAGE - 1].ref = NO_HANDLE;
    t->free_handle = first;
    return true;
}

struct mapping *handle_take(struct domain *d, grant_handle_t *h)
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

void handle_release(struct domain *d, grant_handle_t h, struct mapping *m)
{
    spin_lock(&d->grant->lock);
    put_back(d->grant, h, m);
    spin_unlock(&d->grant->lock);
}

struct mapping *handle_claim(struct domain *d, grant_handle_t h)
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

void handle_settle(struct domain *d, grant_handle_t h, struct mapping *m,
                   unsigned int flags_left)
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

unsigned int grant_maptrack_count(struct domain *d)
{
    struct grant_table *t = d->grant;
    unsigned int n = 0;

    spin_lock(&t->lock);
    for (unsigned int h = 0; h / MAPPINGS_PER_PAGE < t->tracks.nr; h++)
        n += mapping_at(t, h)->flags != 0;
    spin_unlock(&t->lock);
    return n;
}
