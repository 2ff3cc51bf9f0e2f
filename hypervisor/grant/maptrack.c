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

unsigned int handle_take(struct domain *d)
{
    struct grant_table *t = d->grant;
    unsigned int h;

    spin_lock(&t->lock);
    if (unlikely(t->free_handle == NO_HANDLE) && !handles_grow(d)) {
        spin_unlock(&t->lock);
        return NO_HANDLE;
    }
    h = t->free_handle;
    t->free_handle = mapping_at(t, h)->ref;
    t->nr_mappings++;
    spin_unlock(&t->lock);
    return h;
}

/* With the lock. */
static always_inline void put_back(struct grant_table *t, unsigned int h)
{
    struct mapping *m = mapping_at(t, h);

    m->granter = NULL;
    m->flags = 0;
    m->busy = false;
    m->ref = t->free_handle;
    t->free_handle = h;
    t->nr_mappings--;
}

void handle_publish(struct domain *d, unsigned int h, struct domain *granter,
                    grant_ref_t ref, unsigned int flags)
{
    struct mapping *m;

    spin_lock(&d->grant->lock);
    m = mapping_at(d->grant, h);
    m->granter = granter;
    m->ref = ref;
    m->flags = (uint16_t)flags;
    spin_unlock(&d->grant->lock);
}

void handle_release(struct domain *d, unsigned int h)
{
    spin_lock(&d->grant->lock);
    put_back(d->grant, h);
    spin_unlock(&d->grant->lock);
}

bool handle_claim(struct domain *d, unsigned int h, struct mapping *m)
{
    struct grant_table *t = d->grant;
    bool claimed = false;

    spin_lock(&t->lock);
    if (likely(h / MAPPINGS_PER_PAGE < t->tracks.nr)) {
        *m = *mapping_at(t, h);
        claimed = m->flags && !m->busy;
        if (likely(claimed))
            mapping_at(t, h)->busy = true;
    }
    spin_unlock(&t->lock);
    return claimed;
}

void handle_settle(struct domain *d, unsigned int h, unsigned int flags_left)
{
    struct grant_table *t = d->grant;

    spin_lock(&t->lock);
    if (likely(!(flags_left & (GNTMAP_host_map | GNTMAP_device_map)))) {
        put_back(t, h);
    } else {
        mapping_at(t, h)->flags = (uint16_t)flags_left;
        mapping_at(t, h)->busy = false;
    }
    spin_unlock(&t->lock);
}
