/* SPDX-License-Identifier: MIT */
/* Timers on a machine with one CPU, a clock that the test sets, and a counted deadline.
 */
#include "test.h"

#include "hv_host.h"
#include <hv/apic.h>
#include <hv/softirq.h>
#include <hv/timer.h>

#define TIMERS 64

static ns_t now, deadline;
static unsigned int programmed;
static ns_t fired_at[TIMERS];
static unsigned int fired[TIMERS];
static struct timer timer[TIMERS];

ns_t time_now(void)
{
    return now;
}

void apic_timer_program(ns_t d)
{
    deadline = d;
    programmed++;
}

void softirq_raise_cpu(enum softirq nr, unsigned int cpu)
{
    (void)cpu;
    softirq_raise(nr);
}

static void record(void *arg)
{
    uintptr_t i = (uintptr_t)arg;

    fired[i]++;
    fired_at[i] = now;
}

/* The interrupt of the local timer, if it is due. */
static void advance_to(ns_t t)
{
    while (deadline <= t) {
        now = deadline > now ? deadline : now;
        deadline = APIC_TIMER_NEVER;
        softirq_raise(SOFTIRQ_TIMER);
        softirq_run();
    }
    now = t;
}

static int setup(void **state)
{
    (void)state;
    now = 1000;
    for (uintptr_t i = 0; i < TIMERS; i++) {
        timer_init(&timer[i], record, (void *)i, 0);
        fired[i] = 0;
        fired_at[i] = 0;
    }
    softirq_raise(SOFTIRQ_TIMER);
    softirq_run();
    programmed = 0;
    return 0;
}

static void fires_once_at_its_time(void **state)
{
    (void)state;
    timer_set(&timer[0], 5000);
    advance_to(4999);
    assert_int_equal(fired[0], 0);
    advance_to(9000);
    assert_int_equal(fired[0], 1);
    assert_int_equal(fired_at[0], 5000);
    advance_to(90000);
    assert_int_equal(fired[0], 1);
}

static void a_past_time_fires_at_once(void **state)
{
    (void)state;
    timer_set(&timer[0], -5);
    timer_set(&timer[1], 3);
    timer_set(&timer[2], 2000);
    advance_to(1000);
    assert_int_equal(fired[0], 1);
    assert_int_equal(fired[1], 1);
    assert_int_equal(fired[2], 0);
    timer_stop(&timer[2]);
}

static void setting_again_replaces(void **state)
{
    (void)state;
    timer_set(&timer[0], 5000);
    timer_set(&timer[0], 8000);
    advance_to(7999);
    assert_int_equal(fired[0], 0);
    advance_to(8000);
    assert_int_equal(fired[0], 1);
}

static void putting_off_touches_no_hardware(void **state)
{
    (void)state;
    timer_set(&timer[0], 5000);
    assert_int_equal(programmed, 1);
    for (ns_t t = 6000; t < 7000; t += 10)
        timer_set(&timer[0], t);
    timer_stop(&timer[0]);
    assert_int_equal(programmed, 1);
    advance_to(10000);
    assert_int_equal(fired[0], 0);
}

static void killed_timers_stay_dead(void **state)
{
    (void)state;
    timer_set(&timer[0], 5000);
    timer_kill(&timer[0]);
    timer_set(&timer[0], 6000);
    advance_to(10000);
    assert_int_equal(fired[0], 0);
}

static void many_fire_in_order_and_exactly_when_due(void **state)
{
    ns_t due[TIMERS];

    (void)state;
    host_random_seed(7);
    for (unsigned int i = 0; i < TIMERS; i++) {
        due[i] = 1000 + (ns_t)(host_random() % 100000);
        timer_set(&timer[i], due[i]);
    }
    for (unsigned int i = 0; i < TIMERS; i += 3)
        timer_stop(&timer[i]);
    advance_to(200000);
    for (unsigned int i = 0; i < TIMERS; i++) {
        assert_int_equal(fired[i], i % 3 ? 1 : 0);
        if (i % 3)
            assert_int_equal(fired_at[i], due[i]);
    }
}

static void rearm(void *arg)
{
    fired[0]++;
    timer_set(arg, now + 10);
}

static void a_function_may_arm_its_timer_again(void **state)
{
    (void)state;
    timer_init(&timer[0], rearm, &timer[0], 0);
    timer_set(&timer[0], 2000);
    advance_to(2095);
    assert_int_equal(fired[0], 10);
    timer_kill(&timer[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fires_once_at_its_time, setup),
        cmocka_unit_test_setup(a_past_time_fires_at_once, setup),
        cmocka_unit_test_setup(setting_again_replaces, setup),
        cmocka_unit_test_setup(putting_off_touches_no_hardware, setup),
        cmocka_unit_test_setup(killed_timers_stay_dead, setup),
        cmocka_unit_test_setup(many_fire_in_order_and_exactly_when_due, setup),
        cmocka_unit_test_setup(a_function_may_arm_its_timer_again, setup),
    };

    timers_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
