/* SPDX-License-Identifier: MIT */
/*
 * The `mem` part of a domain. Its frames are given back in relinquish; one that others
 * still refer to stays, and holds the domain, until these let go of it.
 */
#include "internal.h"
#include <hv/parts.h>
#include <hv/softirq.h>
#include <hv/spinlock.h>
#include <abi/errno.h>

int mem_domain_create(struct domain *d, const struct xen_domctl_createdomain *cfg)
{
    (void)cfg;
    spin_init(&d->page_lock, LOCK_PAGE_ALLOC);
    return owner_add(d);
}

/* Drops d's own references of its next frames, 64 at most; false when there are none left
 * to drop. */
static bool relinquish_frames(struct domain *d)
{
    unsigned int n, nr_free = 0;
    bool is_last = false;
    mfn_t first;

    spin_lock(&d->page_lock);
    n = frame_set_next_run(&d->frames, _mfn(d->relinquish_mfn), &first);
    while (nr_free < n && frame_drop_allocated(mfn_to_page(first) + nr_free, 0))
        nr_free++;
    if (n) /* the run ends at a frame that stays */
        d->relinquish_mfn = mfn_x(first) + nr_free + (nr_free < n);
    if (nr_free)
        is_last = frames_leave_domain(d, mfn_to_page(first), nr_free);
    spin_unlock(&d->page_lock);
    if (nr_free)
        frames_free(mfn_to_page(first), nr_free);
    if (is_last)
        domain_put(d);
    return n;
}

int mem_domain_relinquish(struct domain *d)
{
    int rc = domain_claim_pages(d, 0);

    if (rc)
        return rc;
    while (relinquish_frames(d))
        if (preempt_wanted())
            return -ERESTART;
    return 0;
}

void mem_domain_destroy(struct domain *d)
{
    hv_free(d->memory_map);
    owner_remove(d);
}

int mem_vcpu_create(struct vcpu *v)
{
    (void)v;
    return 0;
}

void mem_vcpu_destroy(struct vcpu *v)
{
    (void)v;
}
