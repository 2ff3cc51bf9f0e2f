/* SPDX-License-Identifier: MIT */
/* sysctl: tracing (hv/trace.h). */
#include "internal.h"
#include <hv/trace.h>

static int get_info(struct xen_sysctl_tbuf_op *op)
{
    struct trace_info info;

    trace_get_info(&info);
    op->evt_mask = info.events;
    op->buffer_mfn = mfn_x(info.info_mfn);
    op->size = info.info_bytes;
    return 0;
}

static int set_cpu_mask(const struct xen_sysctl_tbuf_op *op)
{
    struct cpumask cpus;
    int rc = bitmap_read(&op->cpu_mask, cpus.bits, NR_CPUS);

    if (!rc)
        trace_set_cpus(&cpus);
    return rc;
}

static int select_domain(const struct xen_sysctl_tbuf_op *op)
{
    struct domain *d =
        op->size < DOMID_FIRST_RESERVED ? domain_get_by_id((domid_t)op->size) : NULL;
    int rc;

    if (!d)
        return -ESRCH;
    rc = trace_select(d, op->evt_mask);
    domain_put(d);
    return rc;
}

/* 0; -EINVAL no such command, or a size; -EBUSY; -ENOMEM; -EFAULT; -ESRCH: hv/trace.h. */
int sysctl_tbuf_op(struct xen_sysctl_tbuf_op *op)
{
    switch (op->cmd) {
    case XEN_SYSCTL_TBUFOP_get_info:
        return get_info(op);
    case XEN_SYSCTL_TBUFOP_set_cpu_mask:
        return set_cpu_mask(op);
    case XEN_SYSCTL_TBUFOP_set_evt_mask:
        trace_set_events(op->evt_mask);
        return 0;
    case XEN_SYSCTL_TBUFOP_set_size:
        return trace_set_size(op->size);
    case XEN_SYSCTL_TBUFOP_enable:
        return trace_enable();
    case XEN_SYSCTL_TBUFOP_disable:
        trace_disable();
        return 0;
    case ABI_TBUFOP_SELECT:
        return select_domain(op);
    case ABI_TBUFOP_RELEASE:
        return trace_release();
    default:
        return -EINVAL;
    }
}
