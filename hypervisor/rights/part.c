/* SPDX-License-Identifier: MIT */
/* A domain's rights as a part of it (hv/parts.def), and its interrupt lines. */
#include "internal.h"
#include <hv/heap.h>
#include <hv/irq.h>
#include <hv/page_type.h>
#include <hv/parts.h>
#include <abi/errno.h>

int rights_domain_create(struct domain *d, const struct xen_domctl_createdomain *cfg)
{
    d->has_relaxed_msrs = cfg->arch.misc_flags & XEN_X86_MSR_RELAXED;
    d->rights = hv_new(struct domain_rights);
    if (!d->rights)
        return -ENOMEM;
    spin_init(&d->rights->lock, LOCK_RIGHTS);
    return 0;
}

/* The event channels, of a part further down, are closed: no line is routed any more. */
int rights_domain_relinquish(struct domain *d)
{
    struct page_info *pg = d->rights->eoi_page;

    pirq_unmap_all(d);
    d->rights->eoi_page = NULL;
    if (pg)
        page_put_writable(pg);
    return 0;
}

void rights_domain_destroy(struct domain *d)
{
    hv_free(d->rights->iomem);
    hv_free(d->rights->lines);
    hv_free(d->rights->pirq);
    hv_free(d->rights);
    d->rights = NULL;
}

int rights_vcpu_create(struct vcpu *v)
{
    (void)v;
    return 0;
}

void rights_vcpu_destroy(struct vcpu *v)
{
    (void)v;
}

bool rights_irq(const struct domain *d, unsigned int gsi)
{
    struct domain_rights *r = d->rights;
    bool given;

    if (gsi >= nr_gsis || !irq_is_available(gsi))
        return false;
    if (d->is_privileged)
        return true;
    spin_lock(&r->lock);
    given = r->lines && r->lines[gsi / 64] >> (gsi % 64) & 1;
    spin_unlock(&r->lock);
    return given;
}

int rights_irq_set(struct domain *d, unsigned int gsi, bool allow)
{
    struct domain_rights *r = d->rights;
    int rc = 0;

    spin_lock(&r->lock);
    if (!r->lines && allow)
        r->lines = hv_zalloc_array(DIV_ROUND_UP(nr_gsis, 64u), sizeof(*r->lines));
    if (!r->lines)
        rc = allow ? -ENOMEM : 0;
    else if (allow)
        r->lines[gsi / 64] |= 1ull << (gsi % 64);
    else
        r->lines[gsi / 64] &= ~(1ull << (gsi % 64));
    spin_unlock(&r->lock);
    return rc;
}
