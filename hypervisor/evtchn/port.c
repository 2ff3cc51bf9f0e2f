/* SPDX-License-Identifier: MIT */
/*
 * Ports: their states, their memory, and a domain's table of them.
 *
 *   state        means                           index       leaves by
 *   RESERVED     port 0                          -           never
 *   FREE         closed                          -           any bind or alloc
 *   UNBOUND      `unbound_for` may connect       -           its bind -> INTERDOMAIN;
 *                                                            close -> FREE
 *   INTERDOMAIN  connected to `peer`             peer's port close -> FREE;
 *                                                            peer's close -> UNBOUND
 *   VIRQ         v->virq_port[] names it         VIRQ        close -> FREE
 *   PIRQ         pirq_port[] names it            PIRQ        close -> FREE
 *   IPI          its own domain sends            -           close -> FREE
 *
 * State changes hold the EVTCHN lock of the domain, and the peer's too when an
 * interdomain channel is made or ended. Senders hold none:
 *   - one reading of `word` gives state and vCPU that belong together; IPI, UNBOUND and
 *     the closed states need no more. A send that overtakes a close may leave a pending
 *     bit behind: a spurious event for the domain that raced against itself.
 *   - to follow `peer`, a sender counts itself in `users` and looks at the state again.
 *     Whoever ends the channel stores the new state first and then waits for users to
 *     become 0, so a sender that saw INTERDOMAIN may use the peer, its table and its
 *     vCPUs: a dying domain closes its ports before anything of it is freed.
 * Senders run with nothing but interrupts between them and their end: the wait is short.
 */
#include "internal.h"
#include <hv/heap.h>
#include <hv/parts.h>
#include <abi/errno.h>

void evtchn_lock(struct domain *d)
{
    spin_lock(&d->evtchn->lock);
}

void evtchn_unlock(struct domain *d)
{
    spin_unlock(&d->evtchn->lock);
}

void evtchn_lock_pair(struct domain *a, struct domain *b)
{
    if (a > b) {
        evtchn_lock_pair(b, a);
        return;
    }
    spin_lock(&a->evtchn->lock);
    if (a != b)
        spin_lock_nested(&b->evtchn->lock);
}

void evtchn_unlock_pair(struct domain *a, struct domain *b)
{
    spin_unlock(&a->evtchn->lock);
    if (a != b)
        spin_unlock(&b->evtchn->lock);
}

static int bucket_add(struct evtchn_table *t)
{
    unsigned int i = t->nr_ports / BUCKET_PORTS;

    t->bucket[i] = hv_zalloc_array(BUCKET_PORTS, sizeof(struct port));
    if (!t->bucket[i])
        return -ENOMEM;
    /* Published after the bucket: lookups do not lock. */
    __atomic_store_n(&t->nr_ports, t->nr_ports + BUCKET_PORTS, __ATOMIC_RELEASE);
    return 0;
}

/* The first free port of bucket i, or -1. */
static int bucket_find_free(const struct evtchn_table *t, unsigned int i)
{
    for (unsigned int n = 0; n < BUCKET_PORTS; n++)
        if (t->bucket[i][n].state == PORT_FREE)
            return (int)(i * BUCKET_PORTS + n);
    return -1;
}

int port_claim(struct domain *d, unsigned int port)
{
    struct evtchn_table *t = d->evtchn;

    if (READ_ONCE(d->life) >= DOM_DYING)
        return -EINVAL;
    if (port > d->max_evtchn_port)
        return -ENOSPC;
    while (port >= t->nr_ports)
        if (bucket_add(t))
            return -ENOMEM;
    return port_at(t, port)->state == PORT_FREE ? (int)port : -EBUSY;
}

int port_find_free(struct domain *d)
{
    struct evtchn_table *t = d->evtchn;
    unsigned int nr_buckets = t->nr_ports / BUCKET_PORTS;
    unsigned int i = ~t->full ? (unsigned int)__builtin_ctzll(~t->full) : MAX_BUCKETS;

    if (i < nr_buckets)
        return port_claim(d, (unsigned int)bucket_find_free(t, i));
    return port_claim(d, nr_buckets * BUCKET_PORTS);
}

static void bucket_update_full(struct evtchn_table *t, unsigned int port)
{
    unsigned int i = port >> BUCKET_SHIFT;

    if (bucket_find_free(t, i) < 0)
        t->full |= 1ull << i;
    else
        t->full &= ~(1ull << i);
}

void port_open(struct domain *d, unsigned int port, enum port_state state,
               unsigned int vcpu, unsigned int index, struct domain *peer)
{
    struct evtchn_table *t = d->evtchn;
    struct port *p = port_at(t, port);
    bool was_free = p->state == PORT_FREE;

    p->peer = peer;
    p->index = (uint16_t)index;
    WRITE_ONCE(p->vcpu, (uint16_t)vcpu);
    __atomic_store_n(&p->state, (uint8_t)state, __ATOMIC_RELEASE);
    if (was_free) {
        t->open_ports++;
        bucket_update_full(t, port);
    }
}

void port_disconnect(struct port *p, enum port_state state)
{
    __atomic_store_n(&p->state, (uint8_t)state, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&p->users, __ATOMIC_SEQ_CST))
        cpu_relax();
}

void port_free(struct domain *d, unsigned int port)
{
    struct evtchn_table *t = d->evtchn;
    struct port *p = port_at(t, port);

    port_disconnect(p, PORT_FREE);
    p->peer = NULL;
    p->index = 0;
    p->vcpu = 0;
    if (d->shared_info)
        bit_test_and_clear(d->shared_info->evtchn_pending, port);
    t->open_ports--;
    t->full &= ~(1ull << (port >> BUCKET_SHIFT));
}

unsigned int evtchn_count(struct domain *d)
{
    return READ_ONCE(d->evtchn->open_ports);
}

int evtchn_domain_create(struct domain *d, const struct xen_domctl_createdomain *cfg)
{
    struct evtchn_table *t = hv_new(struct evtchn_table);

    if (!t)
        return -ENOMEM;
    spin_init(&t->lock, LOCK_EVTCHN);
    if (bucket_add(t)) {
        hv_free(t);
        return -ENOMEM;
    }
    t->bucket[0][0].state = PORT_RESERVED;
    d->max_evtchn_port = min(cfg->max_evtchn_port, (uint32_t)EVTCHN_2L_NR_CHANNELS - 1);
    d->evtchn = t;
    return 0;
}

int evtchn_domain_relinquish(struct domain *d)
{
    virq_release_handlers(d);
    return evtchn_close_all(d);
}

void evtchn_domain_destroy(struct domain *d)
{
    struct evtchn_table *t = d->evtchn;

    BUG_ON(t->open_ports);
    for (unsigned int i = 0; i < t->nr_ports / BUCKET_PORTS; i++)
        hv_free(t->bucket[i]);
    hv_free(t->pirq_port);
    hv_free(t);
    d->evtchn = NULL;
}

int evtchn_vcpu_create(struct vcpu *v)
{
    spin_init(&v->virq_lock, LOCK_VIRQ);
    return 0;
}

void evtchn_vcpu_destroy(struct vcpu *v)
{
    (void)v;
}
