/* SPDX-License-Identifier: MIT */
/*
 * A core's contents, in the order in which they are written: contexts of the vCPUs, the
 * shared page, batches of pages each behind their part of the list, and at last, when it
 * is known how many there are, the header.
 */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 64 /* pages that are mapped at a time */
/* Places for each page that the domain has: a list with more holes is not filled up. */
#define MOST_PLACES 64

/* Pages with pfns in a row. */
struct batch {
    unsigned int n;
    uint64_t pfn[BATCH];
    xen_pfn_t mfn[BATCH];
};

struct dump {
    struct ts_hv *hv;
    domid_t id;
    const struct ts_dump_file *file;
    struct ts_dump_result *result;
    struct ts_err *err;
    uint64_t most;   /* pages: as many as the domain has */
    uint64_t places; /* of the layout, for pages and holes */
    struct layout layout;
    struct batch batch;
    struct p2m p2m;
    struct ts_version_info version;
    union {
        struct vcpu_guest_context context;
        struct shared_info shared;
        struct dump_p2m_entry entries[BATCH];
        uint8_t page[TS_PAGE_SIZE];
        uint8_t head[HEAD_BYTES];
    } u;
};

static int put(struct dump *d, uint64_t offset, const void *bytes, size_t n)
{
    return d->file->put(d->file->context, offset, bytes, n, d->err);
}

static int give_turn(struct dump *d)
{
    return d->file->turn(d->file->context, d->result->pages, d->most, d->err);
}

/* --- pages --- */

/* That are taken. */
static uint64_t places(const struct dump *d)
{
    return d->result->pages + d->result->holes;
}

static bool is_zero(const uint64_t *page)
{
    uint64_t all = 0;

    for (unsigned int i = 0; i < TS_PAGE_SIZE / sizeof(*page); i++)
        all |= page[i];
    return !all;
}

/* Those that are not zero of n pages, which are mapped. */
static int put_pages(struct dump *d, const uint8_t *pages, unsigned int n)
{
    uint64_t offset = d->layout.pages + places(d) * TS_PAGE_SIZE;
    int rc = 0;

    for (unsigned int i = 0, end; i < n && !rc; i = end) {
        size_t start = (size_t)i * TS_PAGE_SIZE;

        end = i;
        while (end < n && !is_zero((const void *)(pages + (size_t)end * TS_PAGE_SIZE)))
            end++;
        if (end > i)
            rc = put(d, offset + start, pages + start, (size_t)(end - i) * TS_PAGE_SIZE);
        else
            end++;
    }
    return rc;
}

/* Their part of the list. */
static int put_entries(struct dump *d, const uint64_t *pfn, const xen_pfn_t *mfn,
                       unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        d->u.entries[i] = (struct dump_p2m_entry){ pfn[i], mfn[i] };
    return put(d, d->layout.p2m + places(d) * sizeof(struct dump_p2m_entry), d->u.entries,
               n * sizeof(struct dump_p2m_entry));
}

/* Gives the pfns below this one places, as far as there are places. */
static int put_holes(struct dump *d, uint64_t pfn)
{
    static const xen_pfn_t none[BATCH] = { [0 ... BATCH - 1] = NO_FRAME };
    uint64_t end = pfn < d->places ? pfn : 0;
    uint64_t missing[BATCH];
    int rc = 0;

    while (places(d) < end && !rc) {
        unsigned int n = 0;

        for (uint64_t hole = places(d); hole < end && n < BATCH; hole++)
            missing[n++] = hole;
        rc = put_entries(d, missing, none, n);
        d->result->holes += n;
        if (!rc)
            rc = give_turn(d);
    }
    return rc;
}

static int put_batch(struct dump *d, const uint64_t *pfn, const xen_pfn_t *mfn,
                     const void *pages, unsigned int n)
{
    int rc = put_holes(d, pfn[0]);

    if (!rc)
        rc = put_entries(d, pfn, mfn, n);
    if (!rc)
        rc = put_pages(d, pages, n);
    d->result->pages += n;
    return rc;
}

/* n entries of the list; when not all of them can be mapped, those that can. */
static int take(struct dump *d, const uint64_t *pfn, const xen_pfn_t *mfn, unsigned int n)
{
    const void *pages;
    int rc = d->hv->ops->frames_map_read(d->hv, d->id, mfn, n, &pages);

    if (!rc) {
        rc = put_batch(d, pfn, mfn, pages, n);
        d->hv->ops->frames_unmap(d->hv, pages, n);
        return rc;
    }
    if (rc == -XEN_ENOMEM || rc == -XEN_ESRCH)
        return ts_fail(d->err, rc, "the domain's memory cannot be read: %s",
                       ts_err_text(rc));
    if (n == 1) {
        d->result->left_out++;
        return 0;
    }
    rc = take(d, pfn, mfn, n / 2);
    return rc ? rc : take(d, pfn + n / 2, mfn + n / 2, n - n / 2);
}

static int take_batch(struct dump *d)
{
    struct batch *b = &d->batch;
    uint64_t room = d->most - d->result->pages, free = d->places - places(d);
    unsigned int n = b->n;

    n = n < room ? n : (unsigned int)room;
    n = n < free ? n : (unsigned int)free;
    b->n = 0;
    return n ? take(d, b->pfn, b->mfn, n) : 0;
}

/* The entries of one page of the list. */
static int take_leaf(struct dump *d, uint64_t first)
{
    uint64_t left = d->p2m.max_pfn - first;
    struct batch *b = &d->batch;
    int rc = 0;

    for (unsigned int i = 0; i < PER_FRAME && i < left && !rc; i++) {
        if (!p2m_is_frame(d->p2m.leaf[i]))
            continue;
        if (b->n == BATCH || (b->n && b->pfn[b->n - 1] + 1 != first + i))
            rc = take_batch(d);
        b->pfn[b->n] = first + i;
        b->mfn[b->n++] = d->p2m.leaf[i];
    }
    return rc;
}

static int put_memory(struct dump *d)
{
    int rc = 0;

    for (uint64_t pfn = 0; pfn < d->p2m.max_pfn && d->result->pages < d->most && !rc;
         pfn += PER_FRAME) {
        if (p2m_read(&d->p2m, pfn))
            rc = take_leaf(d, pfn);
        if (!rc)
            rc = give_turn(d);
    }
    return rc ? rc : take_batch(d);
}

/* --- the rest --- */

/* Those that are online. */
static int put_vcpus(struct dump *d, unsigned int max_id)
{
    const struct ts_hv_ops *ops = d->hv->ops;
    const size_t size = sizeof(d->u.context);
    struct ts_vcpu_info info;
    int rc = 0;

    for (unsigned int v = 0; v <= max_id && !rc; v++) {
        if (ops->vcpu_info(d->hv, d->id, v, &info) || !info.online ||
            ops->vcpu_get_context(d->hv, d->id, v, &d->u.context))
            continue;
        rc = put(d, d->layout.prstatus + d->result->vcpus++ * size, &d->u.context, size);
    }
    return rc;
}

/* And finds the list by it, which says how many places there are. */
static int put_shared_info(struct dump *d, const struct ts_domain_info *info)
{
    uint64_t most = info->nr_pages * MOST_PLACES;
    int rc = p2m_copy_frame(d->hv, d->id, info->shared_info_mfn, d->u.page);

    if (rc)
        return ts_fail(d->err, rc, "the domain's shared page cannot be read: %s",
                       ts_err_text(rc));
    rc = p2m_open(&d->p2m, d->hv, d->id, &d->u.shared, d->err);
    if (rc)
        return rc;
    d->places = d->p2m.max_pfn < most ? d->p2m.max_pfn : most;
    layout_make(&d->layout, (uint64_t)info->max_vcpu_id + 1, d->places);
    return put(d, d->layout.shared_info, d->u.page, TS_PAGE_SIZE);
}

static int put_head(struct dump *d)
{
    char tail[TAIL_BYTES];
    uint64_t end = d->layout.pages + places(d) * TS_PAGE_SIZE;
    size_t n = elf_make(&d->layout, &d->version, d->result, d->u.head, tail);
    int rc = put(d, end, tail, n);

    d->result->bytes = end + n;
    return rc ? rc : put(d, 0, d->u.head, HEAD_BYTES);
}

/* A domain that has been destroyed meanwhile is not all there. */
static int check_still_there(struct dump *d)
{
    struct ts_domain_info info;

    if (!d->hv->ops->domain_info(d->hv, d->id, &info) && !(info.state & TS_DYING))
        return 0;
    return ts_fail(d->err, -XEN_ESRCH, "the domain has gone meanwhile");
}

static int put_all(struct dump *d, const struct ts_domain_info *info)
{
    int rc = put_shared_info(d, info);

    if (!rc)
        rc = put_vcpus(d, info->max_vcpu_id);
    if (!rc)
        rc = put_memory(d);
    if (!rc)
        rc = check_still_there(d);
    return rc ? rc : put_head(d);
}

static int dump(struct dump *d)
{
    struct ts_hv *hv = d->hv;
    struct ts_domain_info info;
    int rc = hv->ops->domain_info(hv, d->id, &info);

    if (!rc)
        rc = hv->ops->version_info(hv, &d->version);
    if (rc)
        return ts_fail(d->err, rc, "the domain cannot be looked at: %s", ts_err_text(rc));
    d->most = info.nr_pages;
    return put_all(d, &info);
}

static int dump_paused(struct dump *d)
{
    int rc = d->hv->ops->domain_pause(d->hv, d->id);

    if (rc)
        return ts_fail(d->err, rc, "the domain cannot be paused: %s", ts_err_text(rc));
    rc = dump(d);
    d->hv->ops->domain_unpause(d->hv, d->id);
    return rc;
}

int ts_dump_core(struct ts_hv *hv, domid_t id, bool live, const struct ts_dump_file *file,
                 struct ts_dump_result *result, struct ts_err *err)
{
    struct dump *d;
    int rc;

    if (!id)
        return ts_fail(err, -XEN_EINVAL, "domain 0 cannot be dumped by itself");
    d = calloc(1, sizeof(*d));
    if (!d)
        return ts_fail(err, -XEN_ENOMEM, "out of memory");
    *result = (struct ts_dump_result){ 0 };
    d->hv = hv;
    d->id = id;
    d->file = file;
    d->result = result;
    d->err = err;
    rc = live ? dump(d) : dump_paused(d);
    free(d);
    return rc;
}
