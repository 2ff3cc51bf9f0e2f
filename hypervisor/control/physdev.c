/* SPDX-License-Identifier: MIT */
/* physdev_op: interrupt lines, PIRQs, and the IO-APICs as domain 0 sees them. */
#include "internal.h"
#include <hv/evtchn.h>
#include <hv/irq.h>
#include <hv/page_type.h>
#include <hv/rights.h>

/* Trigger mode and polarity in the low half of an IO-APIC's entry. */
#define ENTRY_LEVEL      (1u << 15)
#define ENTRY_ACTIVE_LOW (1u << 13)

/* 0; -EINVAL no such PIRQ. Even an edge may need it: the caller finds out
 * by the frame. */
int physdev_op_irq_status_query(physdev_irq_status_query_t *arg)
{
    if (arg->irq >= nr_irqs)
        return -EINVAL;
    arg->flags = XENIRQSTAT_needs_eoi;
    return 0;
}

/* 0; -EINVAL: the PIRQ is not mapped. */
int physdev_op_eoi(physdev_eoi_t *arg)
{
    struct domain *d = current->domain;
    int irq = pirq_irq(d, arg->irq);
    struct evtchn_unmask unmask;

    if (irq < 0)
        return -EINVAL;
    unmask.port = evtchn_pirq_port(d, arg->irq);
    if (pirq_eoi_unmasks(d) && unmask.port && evtchn_op_unmask(&unmask))
        return -EINVAL;
    irq_guest_eoi((unsigned int)irq, d);
    return 0;
}

/* 0; -EINVAL: no IO-APIC at that address. */
int physdev_op_apic_read(physdev_apic_t *arg)
{
    return irq_ioapic_read(arg->apic_physbase, arg->reg, &arg->value);
}

/*
 * A guest that programs an entry says how the line signals; the rest is the hypervisor's
 * business. 0, also for registers that a guest cannot change; -EINVAL no IO-APIC there.
 */
int physdev_op_apic_write(physdev_apic_t *arg)
{
    int gsi = irq_ioapic_entry(arg->apic_physbase, arg->reg);

    if (gsi == -EINVAL)
        return -EINVAL;
    if (gsi >= 0 && irq_is_available((unsigned int)gsi))
        return gsi_set_mode((unsigned int)gsi, arg->value & ENTRY_LEVEL,
                            arg->value & ENTRY_ACTIVE_LOW);
    return 0;
}

/* Vectors are the hypervisor's: what domain 0 gets is the line's number again. */
int physdev_op_alloc_irq_vector(physdev_irq_t *arg)
{
    arg->vector = arg->irq;
    return 0;
}

/* 0; -EINVAL no such line; -EEXIST the hypervisor's own; -ENOMEM. */
int physdev_op_setup_gsi(physdev_setup_gsi_t *arg)
{
    return arg->gsi < 0
               ? -EINVAL
               : gsi_set_mode((unsigned int)arg->gsi, arg->triggering, arg->polarity);
}

/* A domain that the caller may give PIRQs to. 0; -ESRCH; -EPERM. */
static int pirq_domain(domid_t id, struct domain **d)
{
    return domain_lookup(id, true, d);
}

/* 0; -EINVAL other types, a line or number that is none; -ESRCH, -EPERM the domain or the
 * line; -EEXIST; -ENOMEM; physdev_map_message()'s errors. */
int physdev_op_map_pirq(physdev_map_pirq_t *arg)
{
    struct domain *d;
    int rc = pirq_domain(arg->domid, &d);

    if (rc)
        return rc;
    switch (arg->type) {
    case MAP_PIRQ_TYPE_GSI:
        rc = arg->index < 0 ? -EINVAL : pirq_map(d, (unsigned int)arg->index, arg->pirq);
        break;
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
    case MAP_PIRQ_TYPE_MULTI_MSI:
        rc = physdev_map_message(d, arg);
        break;
    default:
        rc = -EINVAL;
        break;
    }
    domain_put(d);
    if (rc < 0)
        return rc;
    arg->pirq = rc;
    return 0;
}

/* 0; -EINVAL not mapped; -EBUSY bound to an event channel; -EPERM the hypervisor's own
 * line or the domain; -ESRCH. */
int physdev_op_unmap_pirq(physdev_unmap_pirq_t *arg)
{
    struct domain *d;
    int rc = pirq_domain(arg->domid, &d);

    if (rc)
        return rc;
    rc = arg->pirq < 0 ? -EINVAL : pirq_unmap(d, (unsigned int)arg->pirq);
    domain_put(d);
    return rc;
}

/* Nothing is reserved: mapping takes it. 0; -EINVAL no such type; -ENOSPC. */
int physdev_op_get_free_pirq(physdev_get_free_pirq_t *arg)
{
    int pirq;

    if (arg->type < MAP_PIRQ_TYPE_MSI || arg->type > MAP_PIRQ_TYPE_MULTI_MSI)
        return -EINVAL;
    pirq = pirq_find_free(current->domain, arg->type != MAP_PIRQ_TYPE_GSI);
    if (pirq < 0)
        return pirq;
    arg->pirq = (uint32_t)pirq;
    return 0;
}

static int share_eoi_frame(uint64_t mfn, bool unmasks)
{
    struct domain *d = current->domain;
    struct page_info *pg;
    int rc;

    if (mfn >= max_page || !page_get_writable(pg = mfn_to_page(_mfn(mfn)), d->id))
        return -EINVAL;
    rc = pirq_share_eoi_page(d, pg, unmasks);
    if (rc)
        page_put_writable(pg);
    return rc;
}

/* 0; -EINVAL not a frame of the caller's that can be written; -EBUSY it has one. */
int physdev_op_pirq_eoi_gmfn_v1(physdev_pirq_eoi_gmfn_t *arg)
{
    return share_eoi_frame(arg->gmfn, true);
}

int physdev_op_pirq_eoi_gmfn_v2(physdev_pirq_eoi_gmfn_t *arg)
{
    return share_eoi_frame(arg->gmfn, false);
}
