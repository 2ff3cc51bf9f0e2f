/* SPDX-License-Identifier: MIT */
/*
 * Hardware interrupts as events. Which line a PIRQ is and whether the domain may have it
 * is the physical-device layer's business (pirq_connect); here is the port that the line
 * makes pending.
 */
#include "internal.h"
#include <hv/heap.h>
#include <hv/hypercall.h>
#include <hv/irq.h>
#include <abi/errno.h>

unsigned int evtchn_raise_pirq(struct domain *d, unsigned int pirq)
{
    const struct evtchn_table *t = d->evtchn;
    unsigned int port = READ_ONCE(t->pirq_port[pirq]);
    struct vcpu *v = port ? d->vcpu[READ_ONCE(port_at(t, port)->vcpu)] : NULL;

    if (!v)
        return smp_cpu_id();
    port_set_pending(v, port);
    return READ_ONCE(v->cpu);
}

unsigned int evtchn_pirq_port(const struct domain *d, unsigned int pirq)
{
    const uint16_t *ports = READ_ONCE(d->evtchn->pirq_port);

    return ports ? READ_ONCE(ports[pirq]) : 0;
}

void pirq_unbind(struct domain *d, unsigned int pirq)
{
    pirq_disconnect(d, pirq);
    WRITE_ONCE(d->evtchn->pirq_port[pirq], 0);
}

/* With d's lock. The line may fire as soon as it is connected: the port comes first. */
static int bind_pirq(struct domain *d, unsigned int pirq, bool share)
{
    struct evtchn_table *t = d->evtchn;
    int port, rc;

    if (!t->pirq_port)
        t->pirq_port = hv_zalloc_array(nr_irqs, sizeof(*t->pirq_port));
    if (!t->pirq_port)
        return -ENOMEM;
    if (t->pirq_port[pirq])
        return -EEXIST;
    port = port_find_free(d);
    if (port < 0)
        return port;
    port_open(d, (unsigned int)port, PORT_PIRQ, 0, pirq, NULL);
    WRITE_ONCE(t->pirq_port[pirq], (uint16_t)port);
    rc = pirq_connect(d, pirq, share);
    if (!rc)
        return port;
    WRITE_ONCE(t->pirq_port[pirq], 0);
    port_free(d, (unsigned int)port);
    return rc;
}

int evtchn_op_bind_pirq(struct evtchn_bind_pirq *op)
{
    struct domain *d = current->domain;
    int port;

    if (op->pirq >= nr_irqs)
        return -EINVAL;
    if (!pirq_is_permitted(d, op->pirq))
        return -EPERM;
    evtchn_lock(d);
    port = bind_pirq(d, op->pirq, op->flags & BIND_PIRQ__WILL_SHARE);
    evtchn_unlock(d);
    if (port < 0)
        return port;
    op->port = (evtchn_port_t)port;
    return 0;
}
