/* SPDX-License-Identifier: MIT */
/*
 * A new domain's memory: which frames it consists of, and a view of some of them at a
 * time. Frames come zeroed from the hypervisor, so nothing is cleared here.
 */
#include "builder.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ORDER    9 /* 2 MiB */
#define EXTENTS_STEP 64

/* --- frames --- */

static int add_extent(struct builder *b, uint64_t pfn, uint64_t mfn, uint64_t count)
{
    struct extent *last = b->nr_extents ? &b->extent[b->nr_extents - 1] : NULL;

    if (last && last->mfn + last->count == mfn) {
        last->count += count;
        return 0;
    }
    if (b->nr_extents == b->room) {
        unsigned int room = b->room ? b->room * 2 : EXTENTS_STEP;
        struct extent *more = realloc(b->extent, room * sizeof(*more));

        if (!more)
            return ts_fail(b->err, -XEN_ENOMEM, "out of memory for a list of frames");
        b->extent = more;
        b->room = room;
    }
    b->extent[b->nr_extents++] = (struct extent){ pfn, mfn, count };
    return 0;
}

/* Up to n extents of an order from *pfn on, which moves on. How many, or an error. */
static int populate(struct builder *b, uint64_t *pfn, uint64_t n, unsigned int order)
{
    xen_pfn_t frames[EXTENTS_STEP];
    unsigned int want = n < EXTENTS_STEP ? (unsigned int)n : EXTENTS_STEP;
    int done;

    for (unsigned int i = 0; i < want; i++)
        frames[i] = *pfn + ((uint64_t)i << order);
    done = b->hv->ops->memory_populate(b->hv, b->request->id, frames, want, order);
    for (int i = 0; i < done; i++) {
        int rc = add_extent(b, *pfn, frames[i], 1ull << order);

        if (rc)
            return rc;
        *pfn += 1ull << order;
    }
    return done;
}

/* Large extents first; a size that has run out is not asked for again. */
int memory_alloc(struct builder *b)
{
    unsigned int order = MAX_ORDER;
    uint64_t pfn = 0;

    while (pfn < b->nr_pages) {
        uint64_t n = (b->nr_pages - pfn) >> order;
        int done = n ? populate(b, &pfn, n, order) : 0;

        if (done < 0 && done != -XEN_ENOMEM)
            return ts_fail(b->err, done, "its memory cannot be had: %s",
                           ts_err_text(done));
        if (done > 0)
            continue;
        if (!order)
            return ts_fail(b->err, -XEN_ENOMEM,
                           "out of memory: %llu of the %llu KiB for it could be had",
                           (unsigned long long)pfn * (TS_PAGE_SIZE / 1024),
                           (unsigned long long)b->nr_pages * (TS_PAGE_SIZE / 1024));
        order--;
    }
    return 0;
}

static const struct extent *find_extent(const struct builder *b, uint64_t pfn)
{
    unsigned int low = 0, high = b->nr_extents;

    while (high - low > 1) {
        unsigned int middle = (low + high) / 2;

        if (b->extent[middle].pfn <= pfn)
            low = middle;
        else
            high = middle;
    }
    return &b->extent[low];
}

uint64_t memory_run(const struct builder *b, uint64_t pfn, uint64_t *mfn)
{
    const struct extent *e = find_extent(b, pfn);

    *mfn = e->mfn + (pfn - e->pfn);
    return e->pfn + e->count - pfn;
}

uint64_t memory_mfn(const struct builder *b, uint64_t pfn)
{
    uint64_t mfn;

    memory_run(b, pfn, &mfn);
    return mfn;
}

void memory_forget(struct builder *b)
{
    free(b->extent);
    free(b->mfns);
    b->extent = NULL;
    b->mfns = NULL;
}

/* --- the view --- */

void memory_close_view(struct builder *b)
{
    if (b->view)
        b->hv->ops->frames_unmap(b->hv, b->view, b->view_pages);
    b->view = NULL;
    b->view_pages = 0;
}

/* The frames of n pages from pfn on, into b->mfns. */
static int list_mfns(struct builder *b, uint64_t pfn, unsigned int n)
{
    unsigned int done = 0;

    if (n > b->mfns_room) {
        free(b->mfns);
        b->mfns_room = 0;
        b->mfns = malloc(n * sizeof(*b->mfns));
        if (!b->mfns)
            return ts_fail(b->err, -XEN_ENOMEM, "out of memory for a list of frames");
        b->mfns_room = n;
    }
    while (done < n) {
        uint64_t mfn, run = memory_run(b, pfn + done, &mfn);

        for (; run && done < n; run--)
            b->mfns[done++] = mfn++;
    }
    return 0;
}

/* As many pages as a view usually has, but none that nobody will write to. */
static unsigned int view_size(const struct builder *b, uint64_t pfn, uint64_t n)
{
    uint64_t left = b->view_end > pfn ? b->view_end - pfn : 0;
    uint64_t size = left < VIEW_PAGES ? left : VIEW_PAGES;

    return (unsigned int)(size > n ? size : n);
}

int memory_view(struct builder *b, uint64_t pfn, uint64_t n, void **address)
{
    if (pfn < b->view_pfn || pfn + n > b->view_pfn + b->view_pages) {
        unsigned int size = view_size(b, pfn, n);
        void *view;
        int rc;

        memory_close_view(b);
        rc = list_mfns(b, pfn, size);
        if (rc)
            return rc;
        rc = b->hv->ops->frames_map(b->hv, b->request->id, b->mfns, size, &view);
        if (rc)
            return ts_fail(b->err, rc, "its memory cannot be mapped: %s",
                           ts_err_text(rc));
        b->view = view;
        b->view_pfn = pfn;
        b->view_pages = size;
    }
    *address = b->view + ((pfn - b->view_pfn) << TS_PAGE_SHIFT);
    return 0;
}

int memory_write(struct builder *b, uint64_t pfn, uint64_t offset, const void *from,
                 uint64_t n)
{
    const uint8_t *bytes = from;

    pfn += offset >> TS_PAGE_SHIFT;
    offset %= TS_PAGE_SIZE;
    while (n) {
        uint64_t run;
        void *page;
        int rc = memory_view(b, pfn, 1, &page);

        if (rc)
            return rc;
        run = ((b->view_pfn + b->view_pages - pfn) << TS_PAGE_SHIFT) - offset;
        run = run < n ? run : n;
        memcpy((uint8_t *)page + offset, bytes, run);
        bytes += run;
        n -= run;
        pfn += (offset + run) >> TS_PAGE_SHIFT;
        offset = (offset + run) % TS_PAGE_SIZE;
    }
    return 0;
}
