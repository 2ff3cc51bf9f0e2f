/* SPDX-License-Identifier: MIT */
/*
 * A domain's grant table: made with one shared frame, grown on demand, given back. The
 * shared frames are hypervisor memory that the domain may map.
 */
#include "maptrack.h"
#include <hv/cmdline.h>
#include <hv/heap.h>
#include <hv/parts.h>
#include <hv/softirq.h>
#include <abi/errno.h>

/* What a domain gets if its creator has no wish, and the most it can ask for. */
static __ro_after_init unsigned int gnttab_max_frames = 64;
static __ro_after_init unsigned int gnttab_max_maptrack_frames = 1024;
BOOT_OPTION_UINT("gnttab_max_frames", gnttab_max_frames);
BOOT_OPTION_UINT("gnttab_max_maptrack_frames", gnttab_max_maptrack_frames);

int list_append(struct pointer_list *l, void *p)
{
    if (l->nr == l->capacity) {
        unsigned int capacity = l->capacity ? 2 * l->capacity : 8;
        void **at = hv_zalloc_array(capacity, sizeof(*at));

        if (!at)
            return -ENOMEM;
        if (l->nr)
            memcpy(at, l->at, l->nr * sizeof(*at));
        hv_free(l->at);
        l->at = at;
        l->capacity = capacity;
    }
    l->at[l->nr++] = p;
    return 0;
}

/* Room for the active entries of one more frame; their memory comes with their use. */
static int chunks_extend(struct grant_table *t)
{
    while (t->chunks.nr < (t->frames.nr + 1) * CHUNKS_PER_FRAME)
        if (list_append(&t->chunks, NULL))
            return -ENOMEM;
    return 0;
}

static int frame_add(struct domain *d)
{
    struct grant_table *t = d->grant;
    void *frame;

    if (chunks_extend(t))
        return -ENOMEM;
    frame = hv_alloc_page();
    if (!frame)
        return -ENOMEM;
    if (list_append(&t->frames, frame)) {
        hv_free_page(frame);
        return -ENOMEM;
    }
    page_share_with_guest(frame, d, false);
    return 0;
}

int table_grow(struct domain *d, unsigned int nr)
{
    if (nr > d->max_grant_frames)
        return -EINVAL;
    while (d->grant->frames.nr < nr)
        if (frame_add(d))
            return -ENOMEM;
    return 0;
}

int grant_table_frame(struct domain *d, unsigned int idx, mfn_t *mfn)
{
    int rc;

    if (idx >= d->max_grant_frames)
        return -EINVAL;
    spin_lock(&d->grant->lock);
    rc = table_grow(d, idx + 1);
    if (!rc)
        *mfn = virt_to_mfn(d->grant->frames.at[idx]);
    spin_unlock(&d->grant->lock);
    return rc;
}

int grant_seed(struct domain *d, unsigned int gref, domid_t to, mfn_t frame,
               bool readonly)
{
    uint64_t word = GTF_permit_access | (readonly ? GTF_readonly : 0) |
                    (uint64_t)to << 16 | mfn_x(frame) << 32;
    int rc = -EINVAL;

    spin_lock(&d->grant->lock);
    if (gref < table_nr_entries(d->grant) && mfn_x(frame) <= UINT32_MAX) {
        WRITE_ONCE(*table_entry(d->grant, gref), word);
        rc = 0;
    }
    spin_unlock(&d->grant->lock);
    return rc;
}

struct domain *grant_find_domain(domid_t id)
{
    struct domain *d = current->domain;

    if (id != DOMID_SELF && id != d->id)
        return domain_get_by_id(id);
    domain_get(d);
    return d;
}

static void table_free(struct domain *d)
{
    struct grant_table *t = d->grant;

    for (unsigned int i = 0; i < t->frames.nr; i++)
        page_unshare(t->frames.at[i]);
    for (unsigned int i = 0; i < t->chunks.nr; i++)
        hv_free(t->chunks.at[i]);
    for (unsigned int i = 0; i < t->tracks.nr; i++)
        hv_free_page(t->tracks.at[i]);
    hv_free(t->frames.at);
    hv_free(t->chunks.at);
    hv_free(t->tracks.at);
    hv_free(t);
    d->grant = NULL;
}

/* Negative: the default. */
static bool limit_choose(int32_t wanted, unsigned int most, uint32_t *limit)
{
    *limit = wanted < 0 ? most : (uint32_t)wanted;
    return *limit <= most;
}

/* -EINVAL: no grant frame at all, or more frames than the boot options allow; -ENOMEM. */
int grant_domain_create(struct domain *d, const struct xen_domctl_createdomain *cfg)
{
    int rc;

    if (!limit_choose(cfg->max_grant_frames, gnttab_max_frames, &d->max_grant_frames) ||
        !limit_choose(cfg->max_maptrack_frames, gnttab_max_maptrack_frames,
                      &d->max_maptrack_frames) ||
        !d->max_grant_frames)
        return -EINVAL;
    d->grant = hv_new(struct grant_table);
    if (!d->grant)
        return -ENOMEM;
    spin_init(&d->grant->lock, LOCK_GRANT);
    d->grant->free_handle = NO_HANDLE;
    rc = table_grow(d, 1);
    if (rc)
        table_free(d);
    return rc;
}

/* Ends what handle h has mapped, page tables aside: those are torn down as a whole, and
 * their entries hold references of their own. */
static void mapping_drop(struct domain *d, unsigned int h)
{
    struct mapping *m = handle_claim(d, h);
    struct domain *granter;

    if (!m)
        return;
    granter = m->granter;
    mapping_end(m, m->flags);
    handle_settle(d, h, m, 0);
    domain_put(granter);
}

/* No vCPU of d runs any more, so no map operation of it is under way. */
int grant_domain_relinquish(struct domain *d)
{
    struct grant_table *t = d->grant;
    unsigned int end = t->tracks.nr * (unsigned int)MAPPINGS_PER_PAGE;

    while (t->relinquish_at < end) {
        mapping_drop(d, t->relinquish_at++);
        if (t->relinquish_at % 64 == 0 && preempt_wanted())
            return -ERESTART;
    }
    return 0;
}

/* Every mapping of a grant of d holds a reference of d: none is left. */
void grant_domain_destroy(struct domain *d)
{
    BUG_ON(grant_active_count(d) || grant_maptrack_count(d));
    table_free(d);
}

int grant_vcpu_create(struct vcpu *v)
{
    (void)v;
    return 0;
}

void grant_vcpu_destroy(struct vcpu *v)
{
    (void)v;
}
