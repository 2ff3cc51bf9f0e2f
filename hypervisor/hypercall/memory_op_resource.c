/* SPDX-License-Identifier: MIT */
/* memory_op: claims on free memory, and the frames behind a domain's resources. */
#include "memory_op.h"
#include <hv/grant.h>
#include <hv/page.h>
#include <hv/softirq.h>

long memory_op_claim_pages(xen_memory_reservation_t *arg)
{
    struct domain *d;
    long rc;

    if (!guest_handle_is_null(arg->extent_start) || arg->extent_order || arg->mem_flags)
        return -EINVAL;
    d = domain_get_by_id(arg->domid);
    if (!d)
        return -EINVAL;
    rc = domain_claim_pages(d, arg->nr_extents);
    domain_put(d);
    return rc;
}

/* Frames that the resource can have; 0: there is no such resource. */
static unsigned int resource_max_frames(const struct domain *d,
                                        const xen_mem_acquire_resource_t *arg)
{
    if (arg->type == XENMEM_resource_grant_table &&
        arg->id == XENMEM_resource_grant_table_id_shared)
        return d->max_grant_frames;
    return 0;
}

static long list_frames(struct domain *d, unsigned long start,
                        const xen_mem_acquire_resource_t *arg)
{
    for (unsigned long i = start; i < arg->nr_frames; i++) {
        xen_pfn_t out;
        mfn_t mfn;
        int rc;

        if (i != start && preempt_wanted())
            return MEMOP_AGAIN(i);
        rc = grant_table_frame(d, (unsigned int)(arg->frame + i), &mfn);
        if (rc)
            return rc;
        out = mfn_x(mfn);
        if (copy_to_guest_offset(arg->frame_list, i, &out, 1))
            return -EFAULT;
    }
    return 0;
}

static long acquire(struct domain *d, unsigned long start,
                    xen_mem_acquire_resource_t *arg)
{
    unsigned int max_frames = resource_max_frames(d, arg);

    if (d == current->domain)
        return -EPERM;
    if (!max_frames)
        return -EINVAL;
    if (guest_handle_is_null(arg->frame_list)) {
        if (arg->nr_frames)
            return -EINVAL;
        arg->nr_frames = max_frames;
        return 0;
    }
    if (arg->frame > max_frames || arg->nr_frames > max_frames - arg->frame ||
        (start && start >= arg->nr_frames))
        return -EINVAL;
    return list_frames(d, start, arg);
}

long memory_op_acquire_resource(unsigned long start, xen_mem_acquire_resource_t *arg)
{
    struct domain *d;
    long rc;

    if (arg->pad)
        return -EINVAL;
    if (arg->domid == DOMID_SELF)
        return -ESRCH;
    rc = domain_lookup(arg->domid, true, &d);
    if (rc)
        return rc;
    rc = acquire(d, start, arg);
    domain_put(d);
    return rc;
}
