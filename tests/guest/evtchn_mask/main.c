/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a masked port collects its event; unmasking delivers it. The upcall needs
 * all three: the port's bit, the selector word and the pending flag of the vCPU.
 * Provocation: sends to a masked port, EVTCHNOP_unmask with delivery on and off, unmask
 * of a clear port, a send to a port that is already pending. Expected: nothing while
 * masked, exactly one call on unmask, none for a clear port.
 */
#include <test.h>

#include <mini-os/events.h>
#include <mini-os/smp.h>

COVERS(event_channel_op, EVTCHNOP_unmask, EVTCHNOP_send, EVTCHNOP_bind_ipi);

static volatile unsigned int received;

static void count(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
    received++;
}

static void check_masked(int port)
{
    received = 0;
    event_mask(port);
    check_eq(event_send(port), 0);
    check_eq(event_send(port), 0);
    check(event_is_pending(port), "pending while masked");
    check(event_is_masked(port), "mask is the guest's");
    check(!this_vcpu()->info->evtchn_upcall_pending, "no upcall for a masked port");
    check_eq(received, 0);
    check_eq(event_unmask(port), 0);
    check(!event_is_masked(port), "unmasked");
    check_eq(received, 1);
}

static void check_unmask_without_delivery(int port)
{
    received = 0;
    events_disable();
    event_mask(port);
    check_eq(event_send(port), 0);
    check_eq(event_unmask(port), 0);
    check_eq(received, 0);
    check(this_vcpu()->info->evtchn_upcall_pending, "upcall pending");
    check(this_vcpu()->info->evtchn_pending_sel & (1UL << (port / 64)), "selector");
    events_enable();
    check_eq(received, 1);
}

static void check_unmask_clear(int port)
{
    received = 0;
    event_mask(port);
    check_eq(event_unmask(port), 0);
    check_eq(event_unmask(port), 0);
    check_eq(received, 0);
}

void test_main(void)
{
    int port = event_bind_ipi(0, count, NULL);

    require(port > 0);
    events_enable();
    check_masked(port);
    check_unmask_without_delivery(port);
    check_unmask_clear(port);
    check_eq(event_close(port), 0);
}
