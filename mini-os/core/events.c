/* SPDX-License-Identifier: MIT */
/*
 * Two-level event channels.
 *
 * A port's bit is in word port/64 of evtchn_pending; bit port/64 of the vCPU's
 * evtchn_pending_sel says where to look; evtchn_upcall_pending that there is something.
 * The upcall clears from the top down, so that nothing set meanwhile is lost. A word has
 * ports of several vCPUs: each vCPU leaves alone those that notify another one.
 */
#include <mini-os/events.h>

#include <abi/errno.h>
#include <abi/hypercall_stubs.h>
#include <abi/sched.h>
#include <abi/version.h>
#include <mini-os/boot.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>
#include <mini-os/smp.h>

#include "internal.h"

struct port_handler {
    event_handler_t *handler;
    void *data;
    unsigned int vcpu; /* the one that is notified, and handles it */
};

/* The ports in pieces; all but the first are made when they are needed, and stay. */
#define PIECE 128

static struct port_handler first_piece[PIECE];
static struct port_handler *pieces[EVENT_PORTS / PIECE] = { first_piece };

/* NULL: the port has no handler and notifies vCPU 0. */
static struct port_handler *find_port(evtchn_port_t port)
{
    struct port_handler *piece = READ_ONCE(pieces[port / PIECE]);

    return piece ? &piece[port % PIECE] : NULL;
}

/* NULL: no memory. */
static struct port_handler *make_port(evtchn_port_t port)
{
    struct port_handler **piece, *expected = NULL, *fresh;

    BUG_ON(port >= EVENT_PORTS);
    piece = &pieces[port / PIECE];
    if (!READ_ONCE(*piece)) {
        fresh = alloc_page();
        if (!fresh)
            return NULL;
        if (!__atomic_compare_exchange_n(piece, &expected, fresh, false, __ATOMIC_SEQ_CST,
                                         __ATOMIC_SEQ_CST))
            free_page(fresh);
    }
    return &(*piece)[port % PIECE];
}

bool events_enabled(void)
{
    return !READ_ONCE(this_vcpu()->info->evtchn_upcall_mask);
}

void events_disable(void)
{
    WRITE_ONCE(this_vcpu()->info->evtchn_upcall_mask, 1);
    barrier();
}

/* Any hypercall ends with the delivery of what is pending. */
void events_enable(void)
{
    struct vcpu_info *info = this_vcpu()->info;

    barrier();
    WRITE_ONCE(info->evtchn_upcall_mask, 0);
    barrier();
    if (READ_ONCE(info->evtchn_upcall_pending))
        HYPERVISOR_xen_version(XENVER_version, NULL);
}

bool events_save_disable(void)
{
    bool were_enabled = events_enabled();

    events_disable();
    return were_enabled;
}

void events_restore(bool were_enabled)
{
    if (were_enabled)
        events_enable();
    else
        events_disable();
}

void event_set_handler(evtchn_port_t port, event_handler_t *handler, void *data)
{
    struct port_handler *slot;

    BUG_ON(port >= EVENT_PORTS);
    slot = handler ? make_port(port) : find_port(port);
    BUG_ON(handler && !slot);
    if (!slot)
        return;
    WRITE_ONCE(slot->handler, NULL);
    barrier();
    slot->data = data;
    barrier();
    WRITE_ONCE(slot->handler, handler);
}

static unsigned long *word_of(unsigned long *bitmap, evtchn_port_t port)
{
    BUG_ON(port >= EVENT_PORTS);
    return &bitmap[port / 64];
}

static unsigned long bit_of(evtchn_port_t port)
{
    return 1UL << (port % 64);
}

void event_mask(evtchn_port_t port)
{
    __atomic_fetch_or(word_of(shared_info.evtchn_mask, port), bit_of(port),
                      __ATOMIC_SEQ_CST);
}

void event_clear(evtchn_port_t port)
{
    __atomic_fetch_and(word_of(shared_info.evtchn_pending, port), ~bit_of(port),
                       __ATOMIC_SEQ_CST);
}

bool event_is_pending(evtchn_port_t port)
{
    return READ_ONCE(*word_of(shared_info.evtchn_pending, port)) & bit_of(port);
}

bool event_is_masked(evtchn_port_t port)
{
    return READ_ONCE(*word_of(shared_info.evtchn_mask, port)) & bit_of(port);
}

int event_unmask(evtchn_port_t port)
{
    struct evtchn_unmask op = { .port = port };

    return HYPERVISOR_event_channel_op(EVTCHNOP_unmask, &op);
}

int event_send(evtchn_port_t port)
{
    struct evtchn_send op = { .port = port };

    return HYPERVISOR_event_channel_op(EVTCHNOP_send, &op);
}

int event_close(evtchn_port_t port)
{
    struct evtchn_close op = { .port = port };

    event_mask(port);
    event_set_handler(port, NULL, NULL);
    return HYPERVISOR_event_channel_op(EVTCHNOP_close, &op);
}

/*
 * The common end of the binding functions. An event that came before the handler was set
 * waits behind the mask.
 */
static int opened(int rc, evtchn_port_t port, unsigned int vcpu, event_handler_t *handler,
                  void *data)
{
    struct port_handler *slot;

    if (rc)
        return rc;
    event_mask(port);
    slot = make_port(port);
    if (!slot) {
        event_close(port);
        return -XEN_ENOMEM;
    }
    slot->vcpu = vcpu;
    event_set_handler(port, handler, data);
    if (handler)
        event_unmask(port);
    return port;
}

int event_bind_unbound(domid_t remote, event_handler_t *handler, void *data)
{
    struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = remote };
    int rc = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &op);

    return opened(rc, op.port, 0, handler, data);
}

int event_bind_interdomain(domid_t remote, evtchn_port_t remote_port,
                           event_handler_t *handler, void *data)
{
    struct evtchn_bind_interdomain op = {
        .remote_dom = remote,
        .remote_port = remote_port,
    };
    int rc = HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain, &op);

    return opened(rc, op.local_port, 0, handler, data);
}

int event_bind_virq(unsigned int virq, unsigned int vcpu, event_handler_t *handler,
                    void *data)
{
    struct evtchn_bind_virq op = { .virq = virq, .vcpu = vcpu };
    int rc = HYPERVISOR_event_channel_op(EVTCHNOP_bind_virq, &op);

    return opened(rc, op.port, vcpu, handler, data);
}

int event_bind_ipi(unsigned int vcpu, event_handler_t *handler, void *data)
{
    struct evtchn_bind_ipi op = { .vcpu = vcpu };
    int rc = HYPERVISOR_event_channel_op(EVTCHNOP_bind_ipi, &op);

    return opened(rc, op.port, vcpu, handler, data);
}

int event_bind_pirq(unsigned int pirq, event_handler_t *handler, void *data)
{
    struct evtchn_bind_pirq op = { .pirq = pirq, .flags = BIND_PIRQ__WILL_SHARE };
    int rc = HYPERVISOR_event_channel_op(EVTCHNOP_bind_pirq, &op);

    return opened(rc, op.port, 0, handler, data);
}

int event_bind_vcpu(evtchn_port_t port, unsigned int vcpu)
{
    struct evtchn_bind_vcpu op = { .port = port, .vcpu = vcpu };
    bool was_masked = event_is_masked(port);
    int rc;

    event_mask(port);
    rc = HYPERVISOR_event_channel_op(EVTCHNOP_bind_vcpu, &op);
    if (!rc)
        make_port(port)->vcpu = vcpu;
    if (!was_masked)
        event_unmask(port);
    return rc;
}

int event_poll(evtchn_port_t port, uint64_t deadline_ns)
{
    struct sched_poll op = { .nr_ports = 1, .timeout = deadline_ns };

    set_xen_guest_handle(op.ports, &port);
    return HYPERVISOR_sched_op(SCHEDOP_poll, &op);
}

/* Without a handler yet, the port is masked and keeps its event for event_unmask(). */
static void dispatch_port(evtchn_port_t port)
{
    const struct port_handler *slot = find_port(port);
    event_handler_t *handler = slot ? READ_ONCE(slot->handler) : NULL;

    if ((slot ? READ_ONCE(slot->vcpu) : 0) != this_vcpu()->id)
        return;
    if (!handler) {
        event_mask(port);
        return;
    }
    event_clear(port);
    handler(port, slot->data);
}

static void dispatch_word(unsigned int word)
{
    unsigned long ready = READ_ONCE(shared_info.evtchn_pending[word]) &
                          ~READ_ONCE(shared_info.evtchn_mask[word]);

    for (; ready; ready &= ready - 1)
        dispatch_port(word * 64 + __builtin_ctzl(ready));
}

void events_dispatch(void)
{
    struct vcpu_info *info = this_vcpu()->info;
    unsigned long words;

    while (__atomic_exchange_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST)) {
        words = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
        for (; words; words &= words - 1)
            dispatch_word(__builtin_ctzl(words));
    }
}
