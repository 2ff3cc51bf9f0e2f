/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: each vCPU has a single-shot timer, set by set_timer_op or vcpu_op, and a
 * periodic one; both raise VIRQ_TIMER.
 * Provocation: deadlines ahead and past, stopping, the flag that refuses past deadlines,
 * periods of 5 ms and below the minimum, timers of another vCPU.
 * Expected: exactly one event for a single shot, not early; none when stopped; -ETIME for
 * a past deadline with the flag, or, since it may be ignored, an event; a stream of
 * events while periodic; -EINVAL for a period under 1 ms and for another vCPU's timers.
 */
/* qemu: -smp 2 */
#include <test.h>

#include <abi/sched.h>
#include <abi/vcpu.h>
#include <mini-os/events.h>
#include <mini-os/time.h>

COVERS(set_timer_op, vcpu_op, VCPUOP_set_singleshot_timer, VCPUOP_stop_singleshot_timer,
       VCPUOP_set_periodic_timer, VCPUOP_stop_periodic_timer);

#define SHORT    (5 * NSEC_PER_MSEC)
#define PATIENCE (10 * NSEC_PER_SEC)

static volatile unsigned int received;
static volatile uint64_t last_at;

static void count(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
    received++;
    last_at = time_now();
}

static int set_singleshot(unsigned int vcpu, uint64_t deadline, uint32_t flags)
{
    struct vcpu_set_singleshot_timer op = { .timeout_abs_ns = deadline, .flags = flags };

    return HYPERVISOR_vcpu_op(VCPUOP_set_singleshot_timer, vcpu, &op);
}

static int set_periodic(unsigned int vcpu, uint64_t period)
{
    struct vcpu_set_periodic_timer op = { .period_ns = period };

    return HYPERVISOR_vcpu_op(VCPUOP_set_periodic_timer, vcpu, &op);
}

/* Waits, on a machine that may be busy, until so many have come. */
static void wait_for(unsigned int events)
{
    uint64_t end = time_now() + PATIENCE;

    while (received < events && time_now() < end)
        cpu_relax();
}

static void check_once(uint64_t deadline, const char *what)
{
    wait_for(1);
    time_delay(4 * SHORT);
    if (!check_eq(received, 1))
        note("%s", what);
    check(last_at >= deadline, "not before the deadline");
    received = 0;
}

static void check_single_shot(void)
{
    uint64_t deadline = time_now() + SHORT;

    check_eq(timer_set(deadline), 0);
    check_once(deadline, "set_timer_op");
    check_eq(timer_set(1), 0);
    check_once(1, "set_timer_op in the past");
    deadline = time_now() + SHORT;
    check_eq(set_singleshot(0, deadline, 0), 0);
    check_once(deadline, "set_singleshot_timer");
    check_eq(set_singleshot(0, 1, 0), 0);
    check_once(1, "set_singleshot_timer in the past");
    deadline = time_now() + 20 * SHORT;
    check_eq(set_singleshot(0, deadline, VCPU_SSHOTTMR_future), 0);
    check_once(deadline, "set_singleshot_timer with the flag");
}

static void check_stopped(void)
{
    check_eq(timer_set(time_now() + 20 * SHORT), 0);
    check_eq(timer_set(0), 0);
    check_eq(set_singleshot(0, time_now() + 20 * SHORT, 0), 0);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
    time_delay(30 * SHORT);
    check_eq(received, 0);
    received = 0;
}

static void check_periodic(void)
{
    uint64_t start = time_now();

    check_eq(set_periodic(0, SHORT), 0);
    wait_for(5);
    check(received >= 5, "several periods");
    check(received <= (time_now() - start) / SHORT + 1,
          "no more than there were periods");
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    received = 0;
    time_delay(4 * SHORT);
    check_eq(received, 0);
}

static void check_past_with_flag(void)
{
    int rc = set_singleshot(0, 1, VCPU_SSHOTTMR_future);

    wait_for(rc == 0);
    check(rc == -ETIME || rc == 0, "refused or set");
    check_eq(received, rc == 0);
    received = 0;
}

static void check_errors(void)
{
    check_eq(set_singleshot(1, time_now() + SHORT, 0), -EINVAL);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_stop_singleshot_timer, 1, NULL), -EINVAL);
    check_eq(set_periodic(0, NSEC_PER_MSEC - 1), -EINVAL);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_set_periodic_timer, 0, (void *)0x10), -EFAULT);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_set_singleshot_timer, 0, (void *)0x10), -EFAULT);
    check_eq(received, 0);
}

void test_main(void)
{
    int port = event_bind_virq(VIRQ_TIMER, 0, count, NULL);

    require(port > 0);
    events_enable();
    received = 0;
    check_single_shot();
    check_stopped();
    check_past_with_flag();
    check_errors();
    check_periodic();
    event_close(port);
}
