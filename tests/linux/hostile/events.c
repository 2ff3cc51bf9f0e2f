/* SPDX-License-Identifier: MIT */
/*
 * Event channels: domain 0's as often as can be, and every operation with any port.
 */
#include <linux/kernel.h>

#include <xen/events.h>
#include <xen/page.h>
#include <xen/xen.h>

#include <asm/xen/hypervisor.h>

#include <xen/interface/event_channel.h>

#include "hostile.h"

#define FLOOD      256
#define OPERATIONS 16
#define WRITABLE   0x8000000000000063 /* a page's flags */

static void send(evtchn_port_t port)
{
    struct evtchn_send send = { .port = port };

    hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (u64)&send, 0, 0, 0);
}

static void flood(void)
{
    for (unsigned int i = 0; i < FLOOD; i++) {
        send(xen_start_info->store_evtchn);
        send(xen_start_info->console.domU.evtchn);
    }
}

/* Ports until there are no more, and all of them closed again. */
static void exhaust(struct attacker *self)
{
    unsigned int command = below(self, 3);
    unsigned int limit = below(self, 5000);

    for (unsigned int i = 0; i < limit; i++) {
        struct evtchn_alloc_unbound unbound = { .dom = DOMID_SELF,
                                                .remote_dom = below(self, 4) };
        struct evtchn_bind_ipi ipi = { .vcpu = below(self, 4) };
        struct evtchn_bind_interdomain both = { .remote_dom = below(self, 4),
                                                .remote_port = below(self, 4096) };

        hypercall(__HYPERVISOR_event_channel_op,
                  command == 0   ? EVTCHNOP_alloc_unbound
                  : command == 1 ? EVTCHNOP_bind_ipi
                                 : EVTCHNOP_bind_interdomain,
                  command == 0   ? (u64)&unbound
                  : command == 1 ? (u64)&ipi
                                 : (u64)&both,
                  0, 0, 0);
    }
    for (unsigned int port = 64; port < 4096; port++) {
        struct evtchn_close close = { .port = port };

        hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_close, (u64)&close, 0, 0, 0);
    }
}

static void operation(struct attacker *self)
{
    u32 *argument = (u32 *)self->scratch;
    unsigned int command = below(self, OPERATIONS);

    if ((command == EVTCHNOP_close || command == EVTCHNOP_reset) && !once_in(self, 1000))
        command = EVTCHNOP_status;
    for (unsigned int i = 0; i < 6; i++)
        argument[i] = once_in(self, 2) ? below(self, 4096) : (u32)wild(self);
    hypercall(__HYPERVISOR_event_channel_op, command, (u64)argument, 0, 0, 0);
}

/* The page that it shares with the hypervisor is its own to spoil. */
static void shared_page(struct attacker *self)
{
    struct shared_info *shared = (void *)self->window;
    unsigned int word = 1 + below(self, 63);

    if (hypercall(__HYPERVISOR_update_va_mapping, self->window,
                  xen_start_info->shared_info | WRITABLE, UVMF_INVLPG | UVMF_ALL, 0, 0))
        return;
    WRITE_ONCE(shared->evtchn_pending[word], any(self));
    WRITE_ONCE(shared->evtchn_mask[word], any(self));
    WRITE_ONCE(shared->wc.version, (u32)any(self));
    for (unsigned int vcpu = 0; vcpu < 2; vcpu++)
        WRITE_ONCE(shared->vcpu_info[vcpu].time.version, (u32)any(self));
}

static void events_round(struct attacker *self)
{
    unsigned int what = below(self, 100);

    if (what < 70)
        flood();
    else if (what < 71)
        exhaust(self);
    else if (what < 97)
        operation(self);
    else
        shared_page(self);
}

const struct attack attack_events = { "events", events_round };
