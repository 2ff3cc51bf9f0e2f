/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: CPU time is given by weight; a cap limits it even when a CPU is idle; a vCPU
 * runs where it would rather, if it can.
 * Provocation: two domains that compute for ever on one CPU, with weights 256 and 512; one
 * of them with a cap, which is changed and taken away; with soft affinity to one CPU and
 * then another.
 * Expected: shares of a third and two thirds; the cap's percentage of a CPU; the CPU asked
 * for. Within a third, in one of several whiles: the emulator's CPUs do not run evenly, and
 * those of a busy host least of all. Not by counted instructions: with -icount QEMU 7.2
 * runs the first CPU that computes until any timer is due, and those behind it not at all,
 * so that they cannot even be stopped.
 *
 *   qemu: -smp 3
 *   dom0: max_vcpus=1
 *   timeout: 240
 *   xen: differs twice the weight gives no more time there, and a cap less than it says
 */
#include <builder.h>
#include <test.h>

#include <abi/domctl.h>
#include <abi/sched.h>
#include <mini-os/events.h>
#include <mini-os/time.h>

COVERS(domctl, XEN_DOMCTL_scheduler_op, XEN_DOMCTL_setvcpuaffinity,
       XEN_DOMCTL_getvcpuinfo);

#define WHILE    (1500 * NSEC_PER_MSEC)
#define WHILES   6
#define SETTLING (300 * NSEC_PER_MSEC)
#define OWN_CPU  2

static struct guest first, second;
static struct xen_domctl op;

static void compute(struct child_args *args)
{
    for (;;)
        args->state++;
}

/* Wakes with each event, to be placed anew. */
static void wait_for_events(struct child_args *args)
{
    struct sched_poll poll = { .nr_ports = 1 };

    poll.ports.p = &args->port;
    for (;;) {
        while (!event_is_pending(args->port))
            HYPERVISOR_sched_op(SCHEDOP_poll, &poll);
        event_clear(args->port);
        args->state++;
    }
}

static int set_affinity(domid_t id, uint64_t cpus, unsigned int kind)
{
    uint64_t hard = cpus, soft = cpus;

    op.u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){ .flags = kind };
    op.u.vcpuaffinity.cpumap_hard.bitmap.p = (uint8_t *)&hard;
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
    op.u.vcpuaffinity.cpumap_soft.bitmap.p = (uint8_t *)&soft;
    op.u.vcpuaffinity.cpumap_soft.nr_bits = 64;
    return domctl(&op, XEN_DOMCTL_setvcpuaffinity, id);
}

static int set_share(const struct guest *g, unsigned int weight, unsigned int cap)
{
    op.u.scheduler_op =
        (struct xen_domctl_scheduler_op){ .sched_id = XEN_SCHEDULER_CREDIT2,
                                          .cmd = XEN_DOMCTL_SCHEDOP_putinfo };
    op.u.scheduler_op.u.credit2.weight = (uint16_t)weight;
    op.u.scheduler_op.u.credit2.cap = (uint16_t)cap;
    return domctl(&op, XEN_DOMCTL_scheduler_op, g->id);
}

static unsigned int get_cap(const struct guest *g)
{
    op.u.scheduler_op =
        (struct xen_domctl_scheduler_op){ .sched_id = XEN_SCHEDULER_CREDIT2,
                                          .cmd = XEN_DOMCTL_SCHEDOP_getinfo };
    check_eq(domctl(&op, XEN_DOMCTL_scheduler_op, g->id), 0);
    return op.u.scheduler_op.u.credit2.cap;
}

static uint64_t cpu_time(const struct guest *g)
{
    struct xen_domctl_getdomaininfo info;

    require(guest_info(g->id, &info));
    return info.cpu_time;
}

static bool is_about(uint64_t value, uint64_t expected)
{
    note("%lu, expected %lu", (unsigned long)value, (unsigned long)expected);
    return value * 3 >= expected * 2 && value * 3 <= expected * 4;
}

/* Percent of a CPU that the first one gets in a while. */
static uint64_t share_of_cpu(void)
{
    uint64_t before = cpu_time(&first), start = time_now();

    time_sleep(WHILE);
    return (cpu_time(&first) - before) * 100 / (time_now() - start);
}

/* Percent of what both get that the second one does. */
static uint64_t share_of_both(void)
{
    uint64_t light = cpu_time(&first), heavy = cpu_time(&second);

    time_sleep(WHILE);
    light = cpu_time(&first) - light;
    heavy = cpu_time(&second) - heavy;
    return heavy * 100 / (light + heavy);
}

static void expect_share(uint64_t (*measure)(void), uint64_t expected, const char *what)
{
    bool is_right = false;

    time_sleep(SETTLING);
    for (unsigned int i = 0; i < WHILES && !is_right; i++)
        is_right = is_about(measure(), expected);
    check(is_right, what);
}

static void check_weights(void)
{
    check_eq(set_affinity(first.id, 1, XEN_VCPUAFFINITY_HARD), 0);
    check_eq(set_affinity(second.id, 1, XEN_VCPUAFFINITY_HARD), 0);
    check_eq(set_share(&first, 256, 0), 0);
    check_eq(set_share(&second, 512, 0), 0);
    expect_share(share_of_both, 67, "twice the weight, twice the time");
}

static void check_caps(void)
{
    check_eq(set_affinity(first.id, 2, XEN_VCPUAFFINITY_HARD), 0);
    check_eq(set_share(&first, 0, 40), 0);
    check_eq(get_cap(&first), 40);
    expect_share(share_of_cpu, 40, "a cap of 40 %");
    check_eq(set_share(&first, 0, 20), 0);
    expect_share(share_of_cpu, 20, "a cap of 20 %");
    check_eq(set_share(&first, 0, 0), 0);
    check_eq(get_cap(&first), 0);
    expect_share(share_of_cpu, 100, "no cap");
}

static unsigned int cpu_of(const struct guest *g)
{
    op.u.getvcpuinfo = (struct xen_domctl_getvcpuinfo){ .vcpu = 0 };
    check_eq(domctl(&op, XEN_DOMCTL_getvcpuinfo, g->id), 0);
    return op.u.getvcpuinfo.cpu;
}

/* Opens a port in g for us and binds to it. */
static evtchn_port_t connect(struct guest *g)
{
    struct evtchn_alloc_unbound unbound = { .dom = g->id, .remote_dom = 0 };
    int port;

    require(HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &unbound) == 0);
    g->args->port = unbound.port;
    port = event_bind_interdomain(g->id, unbound.port, NULL, NULL);
    require(port > 0);
    return (evtchn_port_t)port;
}

static void check_preference(struct guest *g, evtchn_port_t port, unsigned int cpu)
{
    unsigned int there = 0;
    uint64_t woken = g->args->state;

    check_eq(set_affinity(g->id, 1ul << cpu, XEN_VCPUAFFINITY_SOFT), 0);
    for (unsigned int i = 0; i < 60; i++) {
        check_eq(event_send(port), 0);
        time_sleep(5 * NSEC_PER_MSEC);
        if (i >= 10)
            there += cpu_of(g) == cpu;
    }
    check(g->args->state > woken, "it wakes");
    note("%u of 50 on CPU %u", there, cpu);
    check(there >= 40, "it is where it would rather be");
}

static void start(struct guest *g, child_main_t *entry)
{
    require(guest_build(g, entry) == 0);
    check_eq(guest_unpause(g), 0);
}

void test_main(void)
{
    evtchn_port_t port;

    check_eq(set_affinity(0, 1u << OWN_CPU, XEN_VCPUAFFINITY_HARD), 0);
    start(&first, compute);
    start(&second, compute);
    check_weights();
    check_caps();
    set_share(&first, 0, 10); /* dies capped */
    check_eq(guest_destroy(&first), 0);
    check_eq(guest_destroy(&second), 0);
    require(guest_build(&first, wait_for_events) == 0);
    port = connect(&first);
    check_eq(guest_unpause(&first), 0);
    check_preference(&first, port, 1);
    check_preference(&first, port, 0);
    event_close(port);
    check_eq(guest_destroy(&first), 0);
}
