/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: two ports of the same domain form a channel: an event sent on one end comes
 * out at the other, and closing one end leaves the other waiting for a new peer.
 * Provocation: alloc_unbound for DOMID_SELF, bind_interdomain with it, sends in both
 * directions, status at each stage, close of one end, a second connection.
 * Expected: binding makes the binder's own port pending; each send calls the peer's
 * handler once; states are unbound, interdomain with the peer's port, unbound, closed.
 */
#include <test.h>

#include <mini-os/events.h>

COVERS(event_channel_op, EVTCHNOP_alloc_unbound, EVTCHNOP_bind_interdomain, EVTCHNOP_send,
       EVTCHNOP_status, EVTCHNOP_close, EVTCHNOP_unmask);

static unsigned int received[2];

static void count(evtchn_port_t port, void *data)
{
    (void)port;
    (*(unsigned int *)data)++;
}

static struct evtchn_status status_of(evtchn_port_t port)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

    check_eq(HYPERVISOR_event_channel_op(EVTCHNOP_status, &status), 0);
    return status;
}

static void check_connected(evtchn_port_t a, evtchn_port_t b)
{
    struct evtchn_status status = status_of(a);

    check_eq(status.status, EVTCHNSTAT_interdomain);
    check_eq(status.u.interdomain.dom, 0);
    check_eq(status.u.interdomain.port, b);
    check_eq(status.vcpu, 0);
}

static void check_sends(evtchn_port_t a, evtchn_port_t b)
{
    for (unsigned int i = 1; i <= 3; i++) {
        received[0] = received[1] = 0;
        check_eq(event_send(a), 0);
        check_eq(received[1], 1);
        check_eq(received[0], 0);
        check_eq(event_send(b), 0);
        check_eq(received[0], 1);
        check_eq(received[1], 1);
    }
}

static int connect(evtchn_port_t unbound)
{
    int port;

    received[1] = 0;
    port = event_bind_interdomain(DOMID_SELF, unbound, count, &received[1]);
    require(port > 0);
    check_eq(received[1], 1);
    return port;
}

void test_main(void)
{
    int a, b;

    events_enable();
    a = event_bind_unbound(DOMID_SELF, count, &received[0]);
    require(a > 0);
    check_eq(status_of(a).status, EVTCHNSTAT_unbound);
    check_eq(status_of(a).u.unbound.dom, 0);
    check_eq(event_send(a), 0);

    b = connect(a);
    check_connected(a, b);
    check_connected(b, a);
    check_sends(a, b);

    check_eq(event_close(b), 0);
    check_eq(status_of(b).status, EVTCHNSTAT_closed);
    check_eq(status_of(a).status, EVTCHNSTAT_unbound);
    b = connect(a);
    check_sends(a, b);

    check_eq(event_close(a), 0);
    check_eq(status_of(b).status, EVTCHNSTAT_unbound);
    check_eq(event_close(b), 0);
}
