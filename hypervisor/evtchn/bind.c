/* SPDX-License-Identifier: MIT */
/*
 * Opening ports: unbound, interdomain, IPI. VIRQs and PIRQs are in files of their own.
 */
#include "internal.h"
#include <hv/hypercall.h>
#include <abi/errno.h>

int evtchn_alloc_unbound(struct domain *d, domid_t remote, unsigned int port_wanted)
{
    int port;

    evtchn_lock(d);
    port = port_wanted ? port_claim(d, port_wanted) : port_find_free(d);
    if (port > 0) {
        port_open(d, (unsigned int)port, PORT_UNBOUND, 0, 0, NULL);
        port_at(d->evtchn, (unsigned int)port)->unbound_for = remote;
    }
    evtchn_unlock(d);
    return port;
}

int evtchn_op_alloc_unbound(struct evtchn_alloc_unbound *op)
{
    struct domain *d;
    domid_t remote = op->remote_dom;
    int rc = domain_lookup(op->dom, true, &d);

    if (rc)
        return rc;
    if (remote == DOMID_SELF)
        remote = current->domain->id;
    rc = evtchn_alloc_unbound(d, remote, 0);
    domain_put(d);
    if (rc < 0)
        return rc;
    op->port = (evtchn_port_t)rc;
    return 0;
}

/* With both locks: the new local port, or -EINVAL: remote_port does not wait for ld. */
static int bind_interdomain(struct domain *ld, struct domain *rd,
                            unsigned int remote_port)
{
    struct port *rp = port_lookup(rd->evtchn, remote_port);
    int local = port_find_free(ld);
    struct vcpu *v = domain_vcpu(ld, 0);

    if (local < 0)
        return local;
    if (!rp || rp->state != PORT_UNBOUND || rp->unbound_for != ld->id)
        return -EINVAL;
    port_open(ld, (unsigned int)local, PORT_INTERDOMAIN, 0, remote_port, rd);
    port_open(rd, remote_port, PORT_INTERDOMAIN, rp->vcpu, (unsigned int)local, ld);
    /* The peer may have sent before anyone listened. */
    if (v)
        port_set_pending(v, (unsigned int)local);
    else
        port_set_pending_early(ld, (unsigned int)local);
    return local;
}

int evtchn_op_bind_interdomain(struct evtchn_bind_interdomain *op)
{
    struct domain *ld = current->domain, *rd;
    int rc = domain_lookup(op->remote_dom, false, &rd);

    if (rc)
        return rc;
    evtchn_lock_pair(ld, rd);
    rc = bind_interdomain(ld, rd, op->remote_port);
    evtchn_unlock_pair(ld, rd);
    domain_put(rd);
    if (rc < 0)
        return rc;
    op->local_port = (evtchn_port_t)rc;
    return 0;
}

int evtchn_op_bind_ipi(struct evtchn_bind_ipi *op)
{
    struct domain *d = current->domain;
    int port;

    if (!domain_vcpu(d, op->vcpu))
        return -ENOENT;
    evtchn_lock(d);
    port = port_find_free(d);
    if (port > 0)
        port_open(d, (unsigned int)port, PORT_IPI, op->vcpu, 0, NULL);
    evtchn_unlock(d);
    if (port < 0)
        return port;
    op->port = (evtchn_port_t)port;
    return 0;
}
