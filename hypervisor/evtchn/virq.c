/* SPDX-License-Identifier: MIT */
/*
 * Virtual interrupts. A per-vCPU VIRQ has a port on each vCPU; a global one has one
 * port, found through vCPU 0 of the domain that handles it.
 *
 * v->virq_port[] is guarded by v->virq_lock, which interrupt handlers take: once a VIRQ
 * has been unbound under it, no event of it follows.
 */
#include "internal.h"
#include <hv/hypercall.h>
#include <abi/errno.h>

/* Handlers of global VIRQs other than domain 0, each with a reference; under the lock. */
static struct spinlock handlers_lock = SPINLOCK_INIT(VIRQ);
static struct domain *global_handler[NR_VIRQS];

bool virq_is_global(unsigned int virq)
{
    return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF &&
           virq != VIRQ_XENPMU;
}

void evtchn_raise_vcpu_virq(struct vcpu *v, unsigned int virq)
{
    unsigned long flags = spin_lock_irqsave(&v->virq_lock);
    unsigned int port = v->virq_port[virq];

    if (port) {
        struct domain *d = v->domain;

        port_set_pending(d->vcpu[READ_ONCE(port_at(d->evtchn, port)->vcpu)], port);
    }
    spin_unlock_irqrestore(&v->virq_lock, flags);
}

void evtchn_raise_global_virq(unsigned int virq)
{
    unsigned long flags = spin_lock_irqsave(&handlers_lock);
    struct domain *d = global_handler[virq] ? global_handler[virq] : domain0;
    struct vcpu *v;

    if (d)
        domain_get(d);
    spin_unlock_irqrestore(&handlers_lock, flags);
    if (!d)
        return;
    v = domain_vcpu(d, 0);
    if (v)
        evtchn_raise_vcpu_virq(v, virq);
    domain_put(d);
}

/* Puts d (with the caller's reference, or null) in charge of virq; returns who was. */
static struct domain *swap_handler(unsigned int virq, struct domain *d)
{
    unsigned long flags = spin_lock_irqsave(&handlers_lock);
    struct domain *old = global_handler[virq];

    global_handler[virq] = d;
    spin_unlock_irqrestore(&handlers_lock, flags);
    return old;
}

int evtchn_set_global_virq_handler(struct domain *d, unsigned int virq)
{
    struct domain *old;

    if (virq >= NR_VIRQS || !virq_is_global(virq))
        return -EINVAL;
    if (d != domain0)
        domain_get(d);
    old = swap_handler(virq, d == domain0 ? NULL : d);
    if (old)
        domain_put(old);
    return 0;
}

void virq_release_handlers(struct domain *d)
{
    for (unsigned int virq = 0; virq < NR_VIRQS; virq++) {
        unsigned long flags = spin_lock_irqsave(&handlers_lock);
        bool was_it = global_handler[virq] == d;

        if (was_it)
            global_handler[virq] = NULL;
        spin_unlock_irqrestore(&handlers_lock, flags);
        if (was_it)
            domain_put(d);
    }
}

void virq_unbind(struct vcpu *v, unsigned int virq)
{
    unsigned long flags = spin_lock_irqsave(&v->virq_lock);

    v->virq_port[virq] = 0;
    spin_unlock_irqrestore(&v->virq_lock, flags);
}

/* With d's lock: binds, and makes the port known to the raisers. */
static int bind_virq(struct domain *d, struct vcpu *v, unsigned int virq)
{
    unsigned long flags;
    int port;

    if (v->virq_port[virq])
        return -EEXIST;
    port = port_find_free(d);
    if (port < 0)
        return port;
    port_open(d, (unsigned int)port, PORT_VIRQ, v->id, virq, NULL);
    flags = spin_lock_irqsave(&v->virq_lock);
    v->virq_port[virq] = (uint32_t)port;
    spin_unlock_irqrestore(&v->virq_lock, flags);
    return port;
}

int evtchn_op_bind_virq(struct evtchn_bind_virq *op)
{
    struct domain *d = current->domain;
    struct vcpu *v;
    int port;

    if (op->virq >= NR_VIRQS || (virq_is_global(op->virq) && op->vcpu != 0))
        return -EINVAL;
    v = domain_vcpu(d, op->vcpu);
    if (!v)
        return -ENOENT;
    evtchn_lock(d);
    port = bind_virq(d, v, op->virq);
    evtchn_unlock(d);
    if (port < 0)
        return port;
    op->port = (evtchn_port_t)port;
    return 0;
}
