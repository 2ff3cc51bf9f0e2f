/* SPDX-License-Identifier: MIT */
/* Asking about a port, and choosing which vCPU it notifies. */
#include "internal.h"
#include <hv/hypercall.h>
#include <abi/errno.h>

/* With d's lock. Members that the state has no use for keep what the caller put there. */
static void report(const struct port *p, struct evtchn_status *op)
{
    op->status = p->state == PORT_RESERVED ? EVTCHNSTAT_closed : p->state;
    op->vcpu = p->vcpu;
    switch (p->state) {
    case PORT_UNBOUND:
        op->u.unbound.dom = p->unbound_for;
        break;
    case PORT_INTERDOMAIN:
        op->u.interdomain.dom = p->peer->id;
        op->u.interdomain.port = p->index;
        break;
    case PORT_PIRQ:
        op->u.pirq = p->index;
        break;
    case PORT_VIRQ:
        op->u.virq = p->index;
        break;
    }
}

int evtchn_op_status(struct evtchn_status *op)
{
    struct domain *d;
    const struct port *p;
    int rc = domain_lookup(op->dom, true, &d);

    if (rc)
        return rc;
    evtchn_lock(d);
    p = port_lookup(d->evtchn, op->port);
    if (p)
        report(p, op);
    evtchn_unlock(d);
    domain_put(d);
    return p ? 0 : -EINVAL;
}

static bool may_move(const struct port *p)
{
    return p->state == PORT_UNBOUND || p->state == PORT_INTERDOMAIN ||
           p->state == PORT_PIRQ || (p->state == PORT_VIRQ && virq_is_global(p->index));
}

int evtchn_op_bind_vcpu(struct evtchn_bind_vcpu *op)
{
    struct domain *d = current->domain;
    struct port *p;
    int rc = -EINVAL;

    if (!domain_vcpu(d, op->vcpu))
        return -ENOENT;
    evtchn_lock(d);
    p = port_lookup(d->evtchn, op->port);
    if (p && may_move(p)) {
        WRITE_ONCE(p->vcpu, (uint16_t)op->vcpu);
        rc = 0;
    }
    evtchn_unlock(d);
    return rc;
}
