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
#include "maptrack.h"
#include <hv/heap.h>

bool handles_grow(struct domain *d)
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
