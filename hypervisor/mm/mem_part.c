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

/* Drops d's own reference of its next frame; false when there is none left to drop. */
static bool relinquish_frame(struct domain *d)
{
    struct page_info *pg = NULL;
    bool is_last = false;
    mfn_t mfn;

    spin_lock(&d->page_lock);
    mfn = frame_set_next(&d->frames, _mfn(d->relinquish_mfn));
    if (!mfn_eq(mfn, _mfn(INVALID_MFN_N))) {
        d->relinquish_mfn = mfn_x(mfn) + 1;
        if (frame_drop_allocated(mfn_to_page(mfn), 0)) {
            pg = mfn_to_page(mfn);
            is_last = frame_leave_domain(d, pg);
        }
    }
    spin_unlock(&d->page_lock);
    if (pg)
        frame_free(pg);
    if (is_last)
        domain_put(d);
    return !mfn_eq(mfn, _mfn(INVALID_MFN_N));
}

int mem_domain_relinquish(struct domain *d)
{
    int rc = domain_claim_pages(d, 0);

    if (rc)
        return rc;
    while (relinquish_frame(d))
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
