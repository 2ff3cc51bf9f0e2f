/* SPDX-License-Identifier: MIT */
/*
 * The scheduler on a simulated machine: its real code (core, run queues, policy,
 * balancing) on up to four CPUs whose vCPUs behave as programmed, over simulated time.
 * Measured is what each vCPU got.
 */
#include "test.h"

#include "hv_host.h"
#include "../../hypervisor/sched/internal.h"
#include <hv/heap.h>
#include <hv/hooks.h>
#include <hv/lib.h>
#include <hv/smp.h>
#include <hv/softirq.h>
#include <hv/vcpu_time.h>
#include <abi/errno.h>

#define MAX_CPUS  4u
#define MAX_VCPUS 80u
#define STEP      (100 * NS_PER_US)

/* What a vCPU does with the time it gets. */
enum behaviour {
    SPIN,  /* runs on, whatever comes */
    YIELD, /* yields at every step */
    NAP,   /* runs and blocks for random times */
    FLOOD, /* blocks at every step and is woken at the next */
};

struct sim_vcpu {
    struct vcpu v;
    struct vcpu_info info;
    enum behaviour behaviour;
    ns_t change_at; /* NAP: blocks, or wakes, then */
    ns_t woken_at, worst_delay;
    uint64_t had; /* CPU time up to the last look */
    bool waiting;
};

static struct runq runqs[MAX_CPUS];
static struct vcpu idle[MAX_CPUS];
static struct vcpu_info idle_info;
static struct vcpu *curr_of[MAX_CPUS];
static uint32_t pending_of[MAX_CPUS];
static struct domain domains[MAX_VCPUS];
static struct sim_vcpu vcpus[MAX_VCPUS];
static unsigned int nr_vcpus;
static ns_t now;
static jmp_buf switched;
static uint64_t idle_while_waiting; /* steps of a CPU */

/* --- the machine --- */

struct runq *runq_of(unsigned int cpu)
{
    return &runqs[cpu];
}

ns_t time_now(void)
{
    return now;
}

void softirq_raise_cpu(enum softirq nr, unsigned int cpu)
{
    if (cpu == cpu_id)
        softirq_pending |= 1u << nr;
    else
        pending_of[cpu] |= 1u << nr;
}

void smp_send_event_check(unsigned int cpu)
{
    (void)cpu;
}

void pv_context_switch(struct vcpu *prev, struct vcpu *next)
{
    assert_true(prev->running && next->running);
    assert_ptr_equal(prev, current_vcpu);
    current_vcpu = next;
}

noreturn void resume_current(void)
{
    longjmp(switched, 1);
}

void pv_update_runstate_area(struct vcpu *v)
{
    (void)v;
}

void vcpu_timers_load(struct vcpu *v)
{
    (void)v;
}

void vcpu_timers_unload(struct vcpu *v)
{
    (void)v;
}

void vcpu_poll_end(struct vcpu *v)
{
    (void)v;
}

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, unsigned int cpu)
{
    memset(t, 0, sizeof(*t));
    t->fn = fn;
    t->arg = arg;
    t->cpu = cpu;
}

void timer_set(struct timer *t, ns_t expires)
{
    t->expires = expires;
    t->armed = true;
}

int parse_u64(const char *s, int base, bool suffix, uint64_t *out)
{
    (void)s;
    (void)base;
    (void)suffix;
    (void)out;
    return -1;
}

/* For sched_init() alone, whose idle vCPU start_machine() replaces. */
void *hv_zalloc(size_t size)
{
    static char _Alignas(64) memory[8192];
    static size_t used;
    void *p = memory + used;

    used += ROUND_UP(size, 64ul);
    assert_true(used <= sizeof(memory));
    return p;
}

/* --- the simulation --- */

static void enter_cpu(unsigned int cpu)
{
    cpu_id = cpu;
    current_vcpu = curr_of[cpu];
    softirq_pending = pending_of[cpu];
}

static void leave_cpu(void)
{
    curr_of[cpu_id] = current_vcpu;
    pending_of[cpu_id] = softirq_pending;
}

static void start_machine(unsigned int cpus)
{
    nr_cpus = cpus;
    now = NS_PER_SEC;
    nr_vcpus = 0;
    idle_while_waiting = 0;
    memset(&idle_cpus, 0, sizeof(idle_cpus));
    memset(&cpu_online_map, 0, sizeof(cpu_online_map));
    memset(vcpus, 0, sizeof(vcpus));
    memset(domains, 0, sizeof(domains));
    memset(runqs, 0, sizeof(runqs));
    for (unsigned int cpu = 0; cpu < cpus; cpu++) {
        cpumask_set_atomic(&cpu_online_map, cpu);
        memset(&idle[cpu], 0, sizeof(idle[cpu]));
        idle[cpu].running = true;
        idle[cpu].info = &idle_info;
        idle[cpu].cpu = cpu;
        idle[cpu].pin_override = -1;
        runq_init(&runqs[cpu], cpu, &idle[cpu]);
        curr_of[cpu] = &idle[cpu];
        pending_of[cpu] = 0;
    }
}

static struct domain *new_domain(uint16_t weight)
{
    struct domain *d = &domains[nr_vcpus];
    struct xen_domctl_scheduler_op op = {
        .sched_id = XEN_SCHEDULER_CREDIT2,
        .cmd = XEN_DOMCTL_SCHEDOP_putinfo,
        .u.credit2.weight = weight,
    };

    policy->domain_init(d);
    assert_int_equal(policy->adjust(d, &op), 0);
    return d;
}

static struct sim_vcpu *new_vcpu(struct domain *d, enum behaviour behaviour)
{
    struct sim_vcpu *s = &vcpus[nr_vcpus++];

    s->behaviour = behaviour;
    s->change_at = now;
    s->v.domain = d;
    s->v.info = &s->info;
    s->v.pin_override = -1;
    s->v.runstate.state = RUNSTATE_offline;
    s->v.runstate.entered = now;
    memset(&s->v.hard_affinity, 0xff, sizeof(s->v.hard_affinity));
    enter_cpu(0);
    vcpu_wake(&s->v);
    leave_cpu();
    return s;
}

static struct sim_vcpu *new_guest(enum behaviour behaviour)
{
    return new_vcpu(new_domain(256), behaviour);
}

static void fire_slice_timer(unsigned int cpu)
{
    struct timer *t = &runqs[cpu].slice_timer;

    if (t->armed && t->expires <= now) {
        t->armed = false;
        t->fn(t->arg);
    }
}

static void behave(struct sim_vcpu *s)
{
    if (s->waiting) {
        s->waiting = false;
        s->worst_delay = max(s->worst_delay, now - s->woken_at);
    }
    if (s->behaviour == YIELD)
        vcpu_yield();
    if (s->behaviour == FLOOD || (s->behaviour == NAP && now >= s->change_at)) {
        vcpu_block(&s->v, VPF_BLOCKED);
        s->change_at =
            now + (s->behaviour == NAP ? (ns_t)(host_random() % (20 * NS_PER_MS)) : 0);
    }
}

static void wake_sleepers(void)
{
    for (unsigned int i = 0; i < nr_vcpus; i++) {
        struct sim_vcpu *s = &vcpus[i];

        if (!(s->v.pause_flags & VPF_BLOCKED) || now <= s->change_at)
            continue;
        s->change_at = now + (ns_t)(host_random() % (2 * NS_PER_MS));
        s->woken_at = now;
        s->waiting = true;
        enter_cpu((unsigned int)(host_random() % nr_cpus));
        vcpu_unblock(&s->v);
        leave_cpu();
    }
}

static bool somebody_waits(void)
{
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
        if (runqs[cpu].nr_queued > 0)
            return true;
    return false;
}

static void step_cpu(unsigned int cpu)
{
    enter_cpu(cpu);
    fire_slice_timer(cpu);
    if (!vcpu_is_idle(current_vcpu))
        behave(container_of(current_vcpu, struct sim_vcpu, v));
    /* The way out to the guest: until nothing is pending. */
    setjmp(switched);
    softirq_run();
    leave_cpu();
}

/* What the tests themselves do, they do on CPU 0. */
static int set_affinity(struct sim_vcpu *s, unsigned int cpu)
{
    struct cpumask m = cpumask_of(cpu);
    int rc;

    enter_cpu(0);
    rc = vcpu_set_hard_affinity(&s->v, &m);
    leave_cpu();
    return rc;
}

static int pin(struct sim_vcpu *s, int cpu)
{
    int rc;

    enter_cpu(0);
    rc = vcpu_pin_override(&s->v, cpu);
    leave_cpu();
    return rc;
}

static void set_pause(struct sim_vcpu *s, int count)
{
    enter_cpu(0);
    s->v.pause_count = count;
    if (count)
        vcpu_sleep_nosync(&s->v);
    else
        vcpu_wake(&s->v);
    leave_cpu();
}

static void run_for(ns_t span)
{
    for (ns_t end = now + span; now < end; now += STEP) {
        wake_sleepers();
        for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
            step_cpu(cpu);
        for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
            if (vcpu_is_idle(curr_of[cpu]) && !pending_of[cpu] && somebody_waits())
                idle_while_waiting++;
    }
}

/* Milliseconds of CPU time since the last call for s. */
static int64_t got_ms(struct sim_vcpu *s)
{
    struct runstate r;
    uint64_t before = s->had;

    vcpu_runstate_get(&s->v, &r);
    s->had = r.time[RUNSTATE_running];
    return (int64_t)((s->had - before) / NS_PER_MS);
}

static void assert_near(int64_t got, int64_t want, int64_t percent)
{
    if (got * 100 < want * (100 - percent) || got * 100 > want * (100 + percent))
        fail_msg("got %ld ms, expected %ld +- %ld%%", (long)got, (long)want,
                 (long)percent);
}

/* --- the tests --- */

static void spinners_share_one_cpu_equally(void **state)
{
    (void)state;
    start_machine(1);
    for (unsigned int i = 0; i < 5; i++)
        new_guest(SPIN);
    run_for(10 * NS_PER_SEC);
    for (unsigned int i = 0; i < 5; i++)
        assert_near(got_ms(&vcpus[i]), 2000, 2);
}

static void weights_are_proportions(void **state)
{
    struct sim_vcpu *heavy, *light;

    (void)state;
    start_machine(1);
    heavy = new_vcpu(new_domain(768), SPIN);
    light = new_vcpu(new_domain(256), SPIN);
    run_for(8 * NS_PER_SEC);
    assert_near(got_ms(heavy), 6000, 2);
    assert_near(got_ms(light), 2000, 2);
}

static void more_vcpus_are_no_larger_share(void **state)
{
    struct domain *d;

    (void)state;
    start_machine(1);
    new_guest(SPIN);
    d = new_domain(256);
    for (unsigned int i = 0; i < 4; i++)
        new_vcpu(d, SPIN);
    run_for(8 * NS_PER_SEC);
    assert_near(got_ms(&vcpus[0]), 4000, 5);
}

static void sixty_four_domains_on_four_cpus_all_get_their_share(void **state)
{
    (void)state;
    start_machine(4);
    for (unsigned int i = 0; i < 64; i++)
        new_guest(SPIN);
    run_for(20 * NS_PER_SEC);
    for (unsigned int i = 0; i < 64; i++)
        assert_near(got_ms(&vcpus[i]), 1250, 12);
    assert_int_equal(idle_while_waiting, 0);
}

static void the_one_too_many_goes_round(void **state)
{
    (void)state;
    start_machine(4);
    for (unsigned int i = 0; i < 5; i++)
        new_guest(SPIN);
    run_for(10 * NS_PER_SEC);
    for (unsigned int i = 0; i < 5; i++)
        assert_near(got_ms(&vcpus[i]), 8000, 10);
}

static void check_flood(enum behaviour behaviour)
{
    struct sim_vcpu *flood;

    start_machine(1);
    flood = new_guest(behaviour);
    for (unsigned int i = 0; i < 7; i++)
        new_guest(SPIN);
    run_for(8 * NS_PER_SEC);
    assert_true(got_ms(flood) <= 1050);
    for (unsigned int i = 1; i < 8; i++)
        assert_true(got_ms(&vcpus[i]) >= 980);
}

static void a_flood_of_wakes_gets_no_more_than_its_share(void **state)
{
    (void)state;
    check_flood(FLOOD);
}

static void a_flood_of_yields_gets_no_more_than_its_share(void **state)
{
    (void)state;
    check_flood(YIELD);
}

static void sleepers_are_served_soon_among_spinners(void **state)
{
    struct sim_vcpu *napper;

    (void)state;
    host_random_seed(3);
    start_machine(2);
    napper = new_guest(NAP);
    for (unsigned int i = 0; i < 8; i++)
        new_guest(SPIN);
    run_for(10 * NS_PER_SEC);
    /* It wants a tenth of a CPU, and its share is nearly a fourth. */
    assert_near(got_ms(napper), 950, 15);
    assert_true(napper->worst_delay <= NS_PER_MS);
}

static void no_cpu_idles_while_somebody_waits(void **state)
{
    (void)state;
    host_random_seed(5);
    start_machine(4);
    for (unsigned int i = 0; i < 24; i++)
        new_guest(NAP);
    run_for(10 * NS_PER_SEC);
    /* A CPU that has been called to attention is not idle: one step is its way there. */
    assert_true(idle_while_waiting <= 4 * (uint64_t)(10 * NS_PER_SEC / STEP) / 100);
}

static void affinity_is_kept(void **state)
{
    struct sim_vcpu *s;

    (void)state;
    host_random_seed(9);
    start_machine(4);
    s = new_guest(NAP);
    for (unsigned int i = 0; i < 12; i++)
        new_guest(i & 1 ? SPIN : NAP);
    run_for(NS_PER_SEC);
    assert_int_equal(set_affinity(s, 200), -EINVAL);
    assert_int_equal(set_affinity(s, 2), 0);
    run_for(100 * NS_PER_MS);
    for (unsigned int i = 0; i < 10000; i++) {
        run_for(STEP);
        assert_true(!s->v.running || s->v.cpu == 2);
    }
    assert_true(got_ms(s) > 50);
}

static void a_spinner_leaves_a_cpu_that_it_may_not_use(void **state)
{
    struct sim_vcpu *s;

    (void)state;
    start_machine(4);
    s = new_guest(SPIN);
    run_for(NS_PER_SEC);
    for (unsigned int round = 0; round < 8; round++) {
        assert_int_equal(set_affinity(s, round % 4), 0);
        run_for(10 * STEP);
        assert_true(s->v.running);
        assert_int_equal(s->v.cpu, round % 4);
    }
    assert_int_equal(pin(s, 1), 0);
    assert_int_equal(pin(s, 2), -EBUSY);
    run_for(10 * STEP);
    assert_int_equal(s->v.cpu, 1);
    assert_int_equal(pin(s, -1), 0);
    assert_int_equal(pin(s, -1), -EINVAL);
    assert_int_equal(pin(s, 4), -EINVAL);
    run_for(10 * STEP);
    assert_int_equal(s->v.cpu, 3);
}

static void paused_vcpus_stop_and_go_on(void **state)
{
    (void)state;
    start_machine(2);
    for (unsigned int i = 0; i < 6; i++)
        new_guest(SPIN);
    run_for(NS_PER_SEC);
    set_pause(&vcpus[0], 1);
    run_for(20 * STEP);
    assert_false(vcpus[0].v.running || vcpus[0].v.queued);
    got_ms(&vcpus[0]);
    run_for(NS_PER_SEC);
    assert_int_equal(got_ms(&vcpus[0]), 0);
    set_pause(&vcpus[0], 0);
    run_for(NS_PER_SEC);
    assert_true(got_ms(&vcpus[0]) > 250);
}

static void run_state_times_add_up(void **state)
{
    ns_t start;

    (void)state;
    host_random_seed(11);
    start_machine(3);
    start = now;
    for (unsigned int i = 0; i < 20; i++)
        new_guest(i % 3 ? NAP : SPIN);
    run_for(3 * NS_PER_SEC);
    for (unsigned int i = 0; i < 20; i++) {
        struct runstate r;

        vcpu_runstate_get(&vcpus[i].v, &r);
        assert_int_equal(r.time[0] + r.time[1] + r.time[2] + r.time[3], now - start);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spinners_share_one_cpu_equally),
        cmocka_unit_test(weights_are_proportions),
        cmocka_unit_test(more_vcpus_are_no_larger_share),
        cmocka_unit_test(sixty_four_domains_on_four_cpus_all_get_their_share),
        cmocka_unit_test(the_one_too_many_goes_round),
        cmocka_unit_test(a_flood_of_wakes_gets_no_more_than_its_share),
        cmocka_unit_test(a_flood_of_yields_gets_no_more_than_its_share),
        cmocka_unit_test(sleepers_are_served_soon_among_spinners),
        cmocka_unit_test(no_cpu_idles_while_somebody_waits),
        cmocka_unit_test(affinity_is_kept),
        cmocka_unit_test(a_spinner_leaves_a_cpu_that_it_may_not_use),
        cmocka_unit_test(paused_vcpus_stop_and_go_on),
        cmocka_unit_test(run_state_times_add_up),
    };

    sched_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
