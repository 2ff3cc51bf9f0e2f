/* SPDX-License-Identifier: MIT */
/* domctl: giving a domain the machine's lines, device memory and ports,
 * and taking them. */
#include "internal.h"
#include <hv/irq.h>
#include <hv/pv_control.h>
#include <hv/rights.h>

/* 0; -EINVAL no such PIRQ; -EPERM not one of the caller's; -ENOMEM. */
int domctl_irq_permission(struct domain *d, struct xen_domctl_irq_permission *arg)
{
    int irq;

    if (arg->pirq >= nr_irqs)
        return -EINVAL;
    irq = pirq_irq(current->domain, arg->pirq);
    if (irq < 0 || !rights_irq(current->domain, (unsigned int)irq))
        return -EPERM;
    return rights_irq_set(d, (unsigned int)irq, arg->allow_access);
}

/* 0; -EINVAL an empty range or one that wraps; -EPERM not the caller's; -ENOMEM. */
int domctl_iomem_permission(struct domain *d, struct xen_domctl_iomem_permission *arg)
{
    if (!arg->nr_mfns || arg->first_mfn + arg->nr_mfns - 1 < arg->first_mfn)
        return -EINVAL;
    if (!rights_iomem(current->domain, arg->first_mfn, arg->nr_mfns))
        return -EPERM;
    return rights_iomem_set(d, arg->first_mfn, arg->nr_mfns, arg->allow_access);
}

/* 0; -EINVAL an empty range or one beyond the last port; -EPERM not the caller's;
 * -ENOMEM. */
int domctl_ioport_permission(struct domain *d, struct xen_domctl_ioport_permission *arg)
{
    if (!arg->nr_ports || arg->first_port > 0xffff ||
        arg->nr_ports > 0x10000 - arg->first_port)
        return -EINVAL;
    if (!pv_io_ports_allowed(current->domain, arg->first_port, arg->nr_ports))
        return -EPERM;
    return pv_io_ports_set(d, arg->first_port, arg->nr_ports, arg->allow_access);
}

/* A PV guest maps device memory itself, if it has the permission: nothing is done. 0;
 * -EINVAL the range; -EPERM not the caller's. */
int domctl_memory_mapping(struct domain *d, struct xen_domctl_memory_mapping *arg)
{
    uint64_t n = arg->nr_mfns, last = arg->first_mfn + n - 1;

    (void)d;
    if (!n || last < arg->first_mfn || arg->first_gfn + n - 1 < arg->first_gfn ||
        last >> (host_cpu.phys_bits - PAGE_SHIFT))
        return -EINVAL;
    if (!rights_iomem(current->domain, arg->first_mfn, n))
        return -EPERM;
    return 0;
}
