/* SPDX-License-Identifier: MIT */
/* Closing ports: one, all on request, all when the domain dies. */
#include "internal.h"
#include <hv/hypercall.h>
#include <hv/softirq.h>
#include <abi/errno.h>

/*
 * Locks d, and also the domain that p is connected to. Returns that one, with a
 * reference; d itself for a loop; null when p is not interdomain. The peer cannot be
 * freed before it has closed its end, which takes d's lock.
 */
static struct domain *lock_with_peer(struct domain *d, const struct port *p)
{
    evtchn_lock(d);
    while (p->state == PORT_INTERDOMAIN) {
        struct domain *peer = p->peer;

        domain_get(peer);
        if (peer == d)
            return peer;
        evtchn_unlock(d);
        evtchn_lock_pair(d, peer);
        if (p->state == PORT_INTERDOMAIN && p->peer == peer)
            return peer;
        evtchn_unlock(peer);
        domain_put(peer);
    }
    return NULL;
}

static void unlock_with_peer(struct domain *d, struct domain *peer)
{
    if (!peer) {
        evtchn_unlock(d);
        return;
    }
    evtchn_unlock_pair(d, peer);
    domain_put(peer);
}

/* With the locks of lock_with_peer(): lets go of what an open port is bound to. */
static void port_unbind(struct domain *d, unsigned int port)
{
    struct port *p = port_at(d->evtchn, port), *peer;

    switch (p->state) {
    case PORT_INTERDOMAIN:
        peer = port_at(p->peer->evtchn, p->index);
        port_disconnect(peer, PORT_UNBOUND);
        peer->index = 0;
        peer->peer = NULL;
        peer->unbound_for = d->id;
        break;
    case PORT_VIRQ:
        virq_unbind(d->vcpu[virq_is_global(p->index) ? 0 : p->vcpu], p->index);
        break;
    case PORT_PIRQ:
        pirq_unbind(d, p->index);
        break;
    }
}

static int port_close(struct domain *d, unsigned int port)
{
    struct port *p = port_lookup(d->evtchn, port);
    struct domain *peer;
    int rc = -EINVAL;

    if (!p)
        return -EINVAL;
    peer = lock_with_peer(d, p);
    if (port_is_open(p)) {
        port_unbind(d, port);
        port_free(d, port);
        rc = 0;
    }
    unlock_with_peer(d, peer);
    return rc;
}

int evtchn_op_close(struct evtchn_close *op)
{
    return port_close(current->domain, op->port);
}

int evtchn_close_all(struct domain *d)
{
    struct evtchn_table *t = d->evtchn;

    for (unsigned int port = 1; port < t->nr_ports && READ_ONCE(t->open_ports); port++) {
        if (!port_is_open(port_at(t, port)))
            continue;
        /* It may be closed meanwhile, from the guest's other vCPUs: as good. */
        if (port_close(d, port) == 0 && preempt_wanted() && READ_ONCE(t->open_ports))
            return -ERESTART;
    }
    return 0;
}

/* Only a domain that cannot run meanwhile may have its ports pulled away. */
int evtchn_op_reset(struct evtchn_reset *op)
{
    struct domain *d;
    int rc = domain_lookup(op->dom, true, &d);

    if (rc)
        return rc;
    rc = -EINVAL;
    if (d == current->domain || d->controller_pause_count)
        rc = evtchn_close_all(d);
    domain_put(d);
    return rc;
}
