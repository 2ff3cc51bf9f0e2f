/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: SCHEDOP_poll waits until one of its ports is pending or a time is reached;
 * SCHEDOP_yield comes back.
 * Provocation: poll on a clear port with a deadline, on a pending one, on several, with a
 * deadline in the past; no ports; too many ports; ports that do not exist; bad addresses.
 * Expected: 0, not before the deadline, at once for a pending port, whose bit stays set;
 * -EINVAL for more than 128 ports and for port numbers out of range; -EFAULT; -ENOSYS.
 */
#include <test.h>

#include <abi/sched.h>
#include <mini-os/events.h>
#include <mini-os/time.h>

COVERS(sched_op, SCHEDOP_poll, SCHEDOP_yield);

#define WAIT      (20 * NSEC_PER_MSEC)
#define LONG_WAIT (20 * NSEC_PER_SEC)
#define MAX_PORTS 128

static int poll(evtchn_port_t *ports, unsigned int count, uint64_t deadline)
{
    struct sched_poll op = { .nr_ports = count, .timeout = deadline };

    set_xen_guest_handle(op.ports, ports);
    return HYPERVISOR_sched_op(SCHEDOP_poll, &op);
}

static void check_timeout(evtchn_port_t port)
{
    uint64_t start = time_now(), end;

    check_eq(poll(&port, 1, start + WAIT), 0);
    end = time_now();
    check(end >= start + WAIT, "not before the deadline");
    check(end < start + LONG_WAIT, "not long after it");
    note("a wait of %lu us took %lu us", WAIT / NSEC_PER_USEC,
         (end - start) / NSEC_PER_USEC);
    check_eq(poll(&port, 1, start), 0);
    check_eq(poll(NULL, 0, time_now() + NSEC_PER_MSEC), 0);
}

static void check_pending(evtchn_port_t a, evtchn_port_t b)
{
    evtchn_port_t both[] = { a, b };
    uint64_t start = time_now();

    check_eq(event_send(b), 0);
    check_eq(poll(both, 2, start + LONG_WAIT), 0);
    check_eq(event_poll(b, 0), 0);
    check(time_now() < start + LONG_WAIT, "a pending port ends the wait");
    check(event_is_pending(b), "the port is still pending");
    check(!event_is_pending(a), "the other one is not");
    event_clear(b);
}

static void check_errors(evtchn_port_t port)
{
    static evtchn_port_t many[MAX_PORTS + 1];
    evtchn_port_t last = EVTCHN_2L_NR_CHANNELS;
    uint64_t past = 1;

    for (unsigned int i = 0; i < ARRAY_SIZE(many); i++)
        many[i] = port;
    check_eq(poll(many, MAX_PORTS, past), 0);
    check_eq(poll(many, MAX_PORTS + 1, past), -EINVAL);
    check_eq(poll(&last, 1, past), -EINVAL);
    check_eq(poll((void *)0x10, 1, past), -EFAULT);
    check_eq(HYPERVISOR_sched_op(SCHEDOP_poll, (void *)0x10), -EFAULT);
    check_eq(HYPERVISOR_sched_op(100, NULL), -ENOSYS);
}

void test_main(void)
{
    int a = event_bind_ipi(0, NULL, NULL);
    int b = event_bind_ipi(0, NULL, NULL);

    require(a > 0 && b > 0);
    check_timeout(a);
    check_pending(a, b);
    check_errors(a);
    check_eq(HYPERVISOR_sched_op(SCHEDOP_yield, NULL), 0);
    event_close(a);
    event_close(b);
}
