/* SPDX-License-Identifier: MIT */
/* domctl: a domain's memory limit, what its frames are, and its hypercall page. */
#include "internal.h"
#include <hv/guest_copy.h>
#include <hv/page_type.h>
#include <hv/pv_control.h>

#define KIB_PER_PAGE_SHIFT 2
#define MAX_PAGES          0xffffffffull

/* Frames looked up between two copies to the caller. */
#define CHUNK 64

int domctl_max_mem(struct domain *d, struct xen_domctl_max_mem *arg)
{
    uint64_t pages = min(arg->max_memkb >> KIB_PER_PAGE_SHIFT, (uint64_t)MAX_PAGES);

    spin_lock(&d->page_lock);
    d->max_pages = pages;
    spin_unlock(&d->page_lock);
    return 0;
}

static uint32_t kind_of_frame(const struct domain *d, uint64_t mfn)
{
    struct page_info *pg;
    uint32_t kind = XEN_DOMCTL_PFINFO_NOTAB;
    uint64_t type;

    if (mfn >= max_page || !page_get(pg = mfn_to_page(_mfn(mfn)), d->id))
        return XEN_DOMCTL_PFINFO_XTAB;
    type = READ_ONCE(pg->type);
    if (pgt_type(type) >= PT_L1 && pgt_type(type) <= PT_L4)
        kind = (uint32_t)pgt_type(type) << XEN_DOMCTL_PFINFO_LTAB_SHIFT;
    if (type & PGT_PINNED)
        kind |= XEN_DOMCTL_PFINFO_LPINTAB;
    page_put(pg);
    return kind;
}

/* 0; -E2BIG more than 1024; -EFAULT; -EINVAL a dying domain. */
int domctl_getpageframeinfo3(struct domain *d, struct xen_domctl_getpageframeinfo3 *arg)
{
    xen_pfn_t frame[CHUNK];

    if (arg->num > 1024)
        return -E2BIG;
    if (READ_ONCE(d->life) >= DOM_DYING)
        return -EINVAL;
    for (unsigned int done = 0; done < arg->num; done += CHUNK) {
        unsigned int n = min((unsigned int)arg->num - done, (unsigned int)CHUNK);

        if (copy_from_guest_offset(frame, arg->array, done, n))
            return -EFAULT;
        for (unsigned int i = 0; i < n; i++)
            frame[i] = kind_of_frame(d, frame[i]);
        if (copy_to_guest_offset(arg->array, done, frame, n))
            return -EFAULT;
    }
    return 0;
}

/* 0; -EINVAL not a frame of d; -EPERM it cannot be written. */
int domctl_hypercall_init(struct domain *d, struct xen_domctl_hypercall_init *arg)
{
    struct page_info *pg;

    if (arg->gmfn >= max_page || !page_get(pg = mfn_to_page(_mfn(arg->gmfn)), d->id))
        return -EINVAL;
    if (page_get_type(pg, PT_WRITABLE, false)) {
        page_put(pg);
        return -EPERM;
    }
    pv_fill_hypercall_page(page_to_virt(pg));
    page_put_writable(pg);
    return 0;
}
