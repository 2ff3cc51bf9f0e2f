/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: event ports may be opened, connected, moved, used and closed by all vCPUs at
 * the same time. Provocation: four vCPUs do so with the same few ports, in random order,
 * channels of the domain to itself among them.
 * Expected: only error numbers that the operations define; at the end every port can be
 * closed, once, and a fresh one works.
 */
/* qemu: -smp 4 */
/* dom0: max_vcpus=4 */
/* timeout: 240 */
#include <test.h>
#include <random.h>

#include <mini-os/events.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(event_channel_op, EVTCHNOP_alloc_unbound, EVTCHNOP_bind_interdomain,
       EVTCHNOP_bind_ipi, EVTCHNOP_bind_virq, EVTCHNOP_bind_vcpu, EVTCHNOP_close,
       EVTCHNOP_send, EVTCHNOP_status, EVTCHNOP_unmask);

#define VCPUS      4
#define STEPS      3000
#define LAST_PORT  70 /* more than one word of the bit maps */
#define MANY_PORTS 4095

static void allow(long rc)
{
    check(rc == 0 || rc == -EINVAL || rc == -EEXIST || rc == -ENOSPC,
          "an error of ports");
}

static long call(int cmd, void *op)
{
    return HYPERVISOR_event_channel_op(cmd, op);
}

static void open_port(struct random *r)
{
    struct evtchn_alloc_unbound unbound = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_bind_ipi ipi = { .vcpu = random_below(r, VCPUS) };
    struct evtchn_bind_virq virq = { .virq = random_below(r, 2),
                                     .vcpu = random_below(r, VCPUS) };
    struct evtchn_bind_interdomain pair = { .remote_dom = DOMID_SELF,
                                            .remote_port = random_below(r, LAST_PORT) };

    switch (random_below(r, 4)) {
    case 0:
        allow(call(EVTCHNOP_alloc_unbound, &unbound));
        break;
    case 1:
        allow(call(EVTCHNOP_bind_ipi, &ipi));
        break;
    case 2:
        allow(call(EVTCHNOP_bind_virq, &virq));
        break;
    default:
        allow(call(EVTCHNOP_bind_interdomain, &pair));
        break;
    }
}

static long close_port(evtchn_port_t port)
{
    struct evtchn_close close = { .port = port };

    return call(EVTCHNOP_close, &close);
}

static void use_port(struct random *r)
{
    evtchn_port_t port = random_below(r, LAST_PORT);
    struct evtchn_send send = { .port = port };
    struct evtchn_unmask unmask = { .port = port };
    struct evtchn_status status = { .dom = DOMID_SELF, .port = port };
    struct evtchn_bind_vcpu move = { .port = port, .vcpu = random_below(r, VCPUS) };

    switch (random_below(r, 4)) {
    case 0:
        allow(call(EVTCHNOP_unmask, &unmask));
        break;
    case 1:
        allow(call(EVTCHNOP_status, &status));
        break;
    case 2:
        allow(call(EVTCHNOP_bind_vcpu, &move));
        break;
    default:
        allow(call(EVTCHNOP_send, &send));
        break;
    }
}

static void race(void *arg)
{
    struct random r = { 31 + this_vcpu()->id };

    (void)arg;
    for (unsigned int i = 0; i < STEPS; i++) {
        unsigned int what = random_below(&r, 8);

        if (what < 2)
            open_port(&r);
        else if (what < 4)
            allow(close_port(random_below(&r, LAST_PORT)));
        else
            use_port(&r);
    }
}

static unsigned int close_all(void)
{
    unsigned int closed = 0;

    for (evtchn_port_t port = 1; port <= MANY_PORTS; port++)
        closed += close_port(port) == 0;
    return closed;
}

void test_main(void)
{
    int port;

    require(vcpu_count() >= VCPUS);
    for (unsigned int id = 1; id < VCPUS; id++)
        require(!vcpu_start(id, race, NULL));
    race(NULL);
    for (unsigned int id = 1; id < VCPUS; id++)
        vcpu_join(id);
    note("%u ports were open at the end", close_all());
    check_eq(close_all(), 0);
    port = event_bind_ipi(0, NULL, NULL);
    check(port > 0, "a fresh port");
    check_eq(event_send(port), 0);
    check(event_is_pending(port), "which works");
    check_eq(event_close(port), 0);
}
