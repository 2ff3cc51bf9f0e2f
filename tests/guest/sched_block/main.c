/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: SCHEDOP_block turns event delivery on and sleeps until an event comes; one
 * that is pending already ends it at once.
 * Provocation: block with delivery off and a timer set; block with an event pending;
 * block of vCPU 0 that vCPU 1 wakes by an event. Expected: the handler has run and
 * delivery is on afterwards; time has passed.
 */
/* qemu: -smp 2 */
#include <test.h>

#include <abi/sched.h>
#include <mini-os/events.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(sched_op, SCHEDOP_block, set_timer_op);

#define WAIT (20 * NSEC_PER_MSEC)

static volatile unsigned int received;

static void count(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
    received++;
}

static void block(unsigned int expected)
{
    check_eq(HYPERVISOR_sched_op(SCHEDOP_block, NULL), 0);
    check(events_enabled(), "delivery is on after block");
    check_eq(received, expected);
}

static void check_timer(void)
{
    uint64_t start = time_now(), end;

    received = 0;
    events_disable();
    check_eq(timer_set(start + WAIT), 0);
    block(1);
    end = time_now();
    check(end >= start + WAIT, "slept until the timer");
    note("a wait of %lu us took %lu us", WAIT / NSEC_PER_USEC,
         (end - start) / NSEC_PER_USEC);
}

static void check_pending(evtchn_port_t ipi)
{
    received = 0;
    events_disable();
    check_eq(event_send(ipi), 0);
    check_eq(received, 0);
    block(1);
}

static void wake(void *arg)
{
    time_delay(WAIT);
    event_send(*(evtchn_port_t *)arg);
}

static void check_other(evtchn_port_t ipi)
{
    received = 0;
    events_disable();
    require(vcpu_start(1, wake, &ipi) == 0);
    block(1);
    vcpu_join(1);
}

void test_main(void)
{
    int timer = event_bind_virq(VIRQ_TIMER, 0, count, NULL);
    int ipi = event_bind_ipi(0, count, NULL);

    require(timer > 0 && ipi > 0);
    check_timer();
    check_pending(ipi);
    check_other(ipi);
    event_close(timer);
    event_close(ipi);
}
