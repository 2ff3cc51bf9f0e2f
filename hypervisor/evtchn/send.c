/* SPDX-License-Identifier: MIT */
/*
 * Sending, unmasking, polling: what makes a port pending and who is told. No locks, but
 * for those inside a wake-up; the rules are with the state table in port.c.
 */
#include "internal.h"
#include <hv/hypercall.h>
#include <abi/errno.h>

static noinline void wake_pollers(struct domain *d, unsigned int port)
{
    struct vcpu *v;

    for_each_vcpu (d, v) {
        evtchn_port_t wanted;

        if (!(READ_ONCE(v->pause_flags) & VPF_POLLING))
            continue;
        wanted = READ_ONCE(v->poll_port);
        if (wanted == port || wanted == POLL_SEVERAL)
            vcpu_unblock(v);
    }
}

noinline void port_attend(struct vcpu *v, unsigned int port)
{
    if (READ_ONCE(v->domain->polling))
        wake_pollers(v->domain, port);
    vcpu_kick(v);
}

noinline cold void port_set_pending_early(struct domain *d, unsigned int port)
{
    struct shared_info *si = d->shared_info;

    if (!si || bit_test_and_set(si->evtchn_pending, port) ||
        bit_test(si->evtchn_mask, port))
        return;
    bit_test_and_set(&si->vcpu_info[0].evtchn_pending_sel, port / 64);
    WRITE_ONCE(si->vcpu_info[0].evtchn_upcall_pending, 1);
}

/* --- the rare ends of evtchn_send(), each its last call --- */

static noinline long attend(struct vcpu *v, unsigned int port)
{
    port_attend(v, port);
    return 0;
}

static inline long peer_done(struct port *p)
{
    __atomic_fetch_sub(&p->users, 1, __ATOMIC_RELEASE);
    return 0;
}

static noinline long attend_peer(struct port *p, struct vcpu *v, unsigned int port)
{
    port_attend(v, port);
    return peer_done(p);
}

static noinline cold long pend_peer_early(struct port *p)
{
    port_set_pending_early(p->peer, p->index);
    return peer_done(p);
}

/* The peer cannot go while this CPU is counted in p->users. */
static always_inline long send_to_peer(struct port *p)
{
    struct domain *peer;
    unsigned int port;
    struct vcpu *v;

    __atomic_fetch_add(&p->users, 1, __ATOMIC_SEQ_CST);
    if (unlikely(READ_ONCE(p->state) != PORT_INTERDOMAIN))
        return peer_done(p);
    peer = p->peer;
    port = p->index;
    v = peer->vcpu[READ_ONCE(port_at(peer->evtchn, port)->vcpu)];
    if (unlikely(!v))
        return pend_peer_early(p);
    if (unlikely(port_make_pending(peer, v, port)))
        return attend_peer(p, v, port);
    return peer_done(p);
}

long evtchn_send(struct domain *d, unsigned int port)
{
    const struct evtchn_table *t = d->evtchn;
    struct port *p, now;
    struct vcpu *v;

    if (unlikely(port >= READ_ONCE(t->nr_ports)))
        return -EINVAL;
    p = port_at(t, port);
    now.word = READ_ONCE(p->word);
    if (now.state == PORT_INTERDOMAIN)
        return send_to_peer(p);
    if (now.state != PORT_IPI) /* nobody listens to an unbound port yet: no error */
        return now.state == PORT_UNBOUND ? 0 : -EINVAL;
    v = d->vcpu[now.vcpu];
    return unlikely(port_make_pending(d, v, port)) ? attend(v, port) : 0;
}

int evtchn_op_send(struct evtchn_send *op)
{
    return (int)evtchn_send(current->domain, op->port);
}

void evtchn_set_pending(struct vcpu *v, unsigned int port)
{
    port_set_pending(v, port);
}

/* What port_make_pending() does for a port that is pending already. */
static void notify(struct vcpu *v, unsigned int port)
{
    struct vcpu_info *vi = READ_ONCE(v->info);

    if (!bit_test_and_set(&vi->evtchn_pending_sel, port / 64) &&
        !__atomic_exchange_n(&vi->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
        vcpu_kick(v);
}

int evtchn_op_unmask(struct evtchn_unmask *op)
{
    struct domain *d = current->domain;
    struct shared_info *si = d->shared_info;
    struct port *p = port_lookup(d->evtchn, op->port);
    struct vcpu *v;

    if (!p)
        return -EINVAL;
    v = d->vcpu[READ_ONCE(p->vcpu)];
    if (v && bit_test_and_clear(si->evtchn_mask, op->port) &&
        bit_test(si->evtchn_pending, op->port))
        notify(v, op->port);
    return 0;
}

int evtchn_port_is_pending(struct domain *d, unsigned int port)
{
    if (!port_lookup(d->evtchn, port))
        return -EINVAL;
    return bit_test(d->shared_info->evtchn_pending, port);
}
