/* SPDX-License-Identifier: MIT */
/* domctl: creating domains. The configuration is checked here, beforehand; the limits of
 * grants by their own subsystem. */
#include "internal.h"
#include <hv/lib.h>

#define FLAGS_ACCEPTED (XEN_DOMCTL_CDF_xs_domain | XEN_DOMCTL_CDF_oos_off)

#define GRANT_VERSION 1

/* Device models are for guests that we do not have; the timer's is every PV guest's. */
static int check_arch(const struct xen_arch_domainconfig *arch)
{
    if (arch->emulation_flags & ~XEN_X86_EMU_ALL)
        return -EINVAL;
    if (arch->emulation_flags & ~XEN_X86_EMU_PIT)
        return -EOPNOTSUPP;
    return arch->misc_flags & ~XEN_X86_MISC_FLAGS_MAX ? -EINVAL : 0;
}

static int check_config(const struct xen_domctl_createdomain *c)
{
    int rc;

    if (c->flags & ~FLAGS_ACCEPTED || c->iommu_opts || c->vmtrace_size ||
        c->grant_opts != GRANT_VERSION)
        return -EINVAL;
    if (c->max_vcpus < 1 || c->max_vcpus > DOMAIN_MAX_VCPUS)
        return -EINVAL;
    rc = check_arch(&c->arch);
    if (!rc && c->cpupool_id)
        rc = -ESRCH;
    return rc;
}

/* What the rest of the hypervisor needs to know of it. */
static void normalise(struct xen_domctl_createdomain *c)
{
    c->flags &= XEN_DOMCTL_CDF_xs_domain;
    c->arch.emulation_flags = 0;
}

/*
 * op.domain: the id wanted; 0 or a reserved one: any. Returns 0; -EINVAL, -EOPNOTSUPP a
 * configuration that cannot be had; -ESRCH no such CPU pool; -EEXIST id in use; -ENOMEM.
 */
int domctl_createdomain(struct domain *d, struct xen_domctl_createdomain *arg)
{
    struct xen_domctl *op = container_of(arg, struct xen_domctl, u.createdomain);
    struct xen_domctl_createdomain cfg = *arg;
    domid_t id = op->domain;
    int rc;

    if (!id || id >= DOMID_FIRST_RESERVED)
        id = DOMID_INVALID;
    rc = check_config(&cfg);
    if (rc)
        return rc;
    normalise(&cfg);
    rc = domain_create(id, &cfg, false, &d);
    if (rc)
        return rc;
    d->tsc_incarnation = 1;
    op->domain = d->id;
    domain_put(d);
    return 0;
}

/*
 * Creates the domain's vCPUs, all that are not there yet. 0; -EINVAL another number than
 * it was created with, or the caller's own domain; -ENOMEM.
 */
int domctl_max_vcpus(struct domain *d, struct xen_domctl_max_vcpus *arg)
{
    struct vcpu *v;
    int rc = 0;

    if (d == current->domain || arg->max != d->max_vcpus)
        return -EINVAL;
    for (unsigned int i = 0; !rc && i < arg->max; i++)
        if (!domain_vcpu(d, i))
            rc = vcpu_create(d, i, &v);
    return rc;
}
