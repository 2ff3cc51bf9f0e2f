/* SPDX-License-Identifier: MIT */
/*
 * Sending, unmasking, polling: what makes a port pending and who is told. No locks, but
 * for those inside a wake-up; the rules are with the state table in port.c.
 */
#include "internal.h"
#include <hv/hypercall.h>
#include <abi/errno.h>

noinline void port_wake_pollers(struct domain *d, unsigned int port)
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

noinline cold void port_set_pending_early(struct domain *d, unsigned int port)
{
    struct shared_info *si = d->shared_info;

    if (!si || bit_test_and_set(si->evtchn_pending, port) ||
        bit_test(si->evtchn_mask, port))
        return;
    bit_test_and_set(&si->vcpu_info[0].evtchn_pending_sel, port / 64);
    WRITE_ONCE(si->vcpu_info[0].evtchn_upcall_pending, 1);
}

/* The peer cannot go while this CPU is counted in p->users. */
static always_inline void send_to_peer(struct port *p)
{
    __atomic_fetch_add(&p->users, 1, __ATOMIC_SEQ_CST);
    if (likely(READ_ONCE(p->state) == PORT_INTERDOMAIN)) {
        struct domain *peer = p->peer;
        unsigned int port = p->index;
        struct vcpu *v = peer->vcpu[READ_ONCE(port_at(peer->evtchn, port)->vcpu)];

        if (likely(v))
            port_set_pending(v, port);
        else
            port_set_pending_early(peer, port);
    }
    __atomic_fetch_sub(&p->users, 1, __ATOMIC_RELEASE);
}

int evtchn_send(struct domain *d, unsigned int port)
{
    struct port *p = port_lookup(d->evtchn, port), now;

    if (unlikely(!p))
        return -EINVAL;
    now.word = READ_ONCE(p->word);
    if (now.state == PORT_IPI)
        port_set_pending(d->vcpu[now.vcpu], port);
    else if (now.state == PORT_INTERDOMAIN)
        send_to_peer(p);
    else if (now.state != PORT_UNBOUND) /* nobody listens there yet: no error */
        return -EINVAL;
    return 0;
}

int evtchn_op_send(struct evtchn_send *op)
{
    return evtchn_send(current->domain, op->port);
}

void evtchn_set_pending(struct vcpu *v, unsigned int port)
{
    port_set_pending(v, port);
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
        bit_test(si->evtchn_pending, op->port) &&
        !bit_test_and_set(&READ_ONCE(v->info)->evtchn_pending_sel, op->port / 64))
        port_notify(v);
    return 0;
}

int evtchn_port_is_pending(struct domain *d, unsigned int port)
{
    if (!port_lookup(d->evtchn, port))
        return -EINVAL;
    return bit_test(d->shared_info->evtchn_pending, port);
}
