/* SPDX-License-Identifier: MIT */
/* memory_op: what a domain has, and where the machine-to-physical table is. */
#include "memory_op.h"
#include <hv/page.h>

long memory_op_maximum_ram_page(void)
{
    return (long)max_page;
}

/* query(d) of the domain that arg names; -ESRCH, -EPERM. */
static long ask_domain(const struct xen_memory_domain *arg,
                       long (*query)(struct domain *d))
{
    struct domain *d;
    long rc = domain_lookup(arg->domid, true, &d);

    if (rc)
        return rc;
    rc = query(d);
    domain_put(d);
    return rc;
}

static long tot_pages(struct domain *d)
{
    return (long)READ_ONCE(d->tot_pages);
}

static long max_pages(struct domain *d)
{
    return (long)READ_ONCE(d->max_pages);
}

/* The guest itself keeps the length of its p2m in its shared page. */
static long highest_pfn(struct domain *d)
{
    unsigned long n = READ_ONCE(d->shared_info->arch.max_pfn);

    return n ? (long)(n - 1) : 0;
}

long memory_op_current_reservation(struct xen_memory_domain *arg)
{
    return ask_domain(arg, tot_pages);
}

long memory_op_maximum_reservation(struct xen_memory_domain *arg)
{
    return ask_domain(arg, max_pages);
}

long memory_op_maximum_gpfn(struct xen_memory_domain *arg)
{
    return ask_domain(arg, highest_pfn);
}

long memory_op_machphys_mapping(xen_machphys_mapping_t *arg)
{
    *arg = (xen_machphys_mapping_t){
        .v_start = RO_M2P_START,
        .v_end = RO_M2P_END,
        .max_mfn = max_page - 1,
    };
    return 0;
}

long memory_op_machphys_mfn_list(xen_machphys_mfn_list_t *arg)
{
    unsigned int i;

    for (i = 0; i < arg->max_extents; i++) {
        xen_pfn_t mfn = mfn_x(m2p_stretch_mfn(i));

        if (mfn == INVALID_MFN_N)
            break;
        if (copy_to_guest_offset(arg->extent_start, i, &mfn, 1))
            return -EFAULT;
    }
    arg->nr_extents = i;
    return 0;
}

/* Frames are not shared between domains. */
long memory_op_get_sharing_freed_pages(void)
{
    return 0;
}

long memory_op_get_sharing_shared_pages(void)
{
    return 0;
}
