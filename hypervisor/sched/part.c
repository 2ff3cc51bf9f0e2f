/* SPDX-License-Identifier: MIT */
/* The scheduler's part of a domain. */
#include "internal.h"

#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/parts.h>

int sched_domain_create(struct domain *d, const struct xen_domctl_createdomain *cfg)
{
    (void)cfg;
    policy->domain_init(d);
    return 0;
}

int sched_domain_relinquish(struct domain *d)
{
    struct vcpu *v;

    watchdogs_kill(d);
    domain_cap_kill(d);
    /* The event channels have been closed before: see the order of hv/parts.def. */
    for_each_vcpu (d, v)
        vcpu_info_release(v);
    return 0;
}

void sched_domain_destroy(struct domain *d)
{
    watchdogs_kill(d);
    hv_free(d->watchdogs);
    domain_cap_kill(d);
    hv_free(d->cap_state);
}

int sched_vcpu_create(struct vcpu *v)
{
    v->pause_flags = VPF_DOWN;
    v->pin_override = -1;
    memset(&v->hard_affinity, 0xff, sizeof(v->hard_affinity));
    memset(&v->soft_affinity, 0xff, sizeof(v->soft_affinity));
    v->runstate.state = RUNSTATE_offline;
    v->runstate.entered = time_now();
    return 0;
}

void sched_vcpu_destroy(struct vcpu *v)
{
    BUG_ON(v->running || v->queued);
}

int sched_adjust(struct domain *d, struct xen_domctl_scheduler_op *op)
{
    int rc = policy->adjust(d, op);

    if (!rc && op->cmd == XEN_DOMCTL_SCHEDOP_putinfo)
        rc = domain_set_cap(d, op->u.credit2.cap);
    return rc;
}
