/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: 64 small domains run side by side on four processors; each gets on with its
 * work, and none takes more than its share.
 * Provocation: all check memory, FPU registers, timers and events with domain 0, many
 * rounds. Then all want to run all the time: 62 compute, one spins, one makes nothing but
 * hypercalls. Then all work again.
 * Expected: no check fails; every domain makes its rounds. Of the processor time that the
 * 64 use, the spinning and the flooding one get at most 1.25 times a 64th, and each of
 * the others at least half of one. Free frames at the end are those of the start.
 *
 *   qemu: -smp 4 -icount shift=5,sleep=off
 *   dom0: max_vcpus=1
 *   timeout: 240
 *   xen: differs it keeps some of the memory of a domain that has gone in pools of its own
 */
#include "worker.h"

#include <test.h>

#include <abi/memory.h>
#include <mini-os/events.h>
#include <mini-os/time.h>

COVERS(XEN_DOMCTL_getdomaininfo, SCHEDOP_yield, set_timer_op, EVTCHNOP_send);

#define DOMAINS  64
#define SPINNER  0
#define FLOODER  1
#define ROUNDS   8
#define PATIENCE (90 * NSEC_PER_SEC)
#define SETTLING (500 * NSEC_PER_MSEC)
#define WINDOW   (3 * NSEC_PER_SEC)
#define WINDOWS  15 /* at most: a busy host makes slices long, and shares even out late */

struct child {
    domid_t id;
    evtchn_port_t port; /* our end of the channel */
    struct child_args *args;
    uint64_t cpu_time; /* ns, when last looked at */
};

static struct child children[DOMAINS];

static void answer(evtchn_port_t port, void *data)
{
    struct child *child = data;

    work_of(child->args)->answers++;
    event_send(port);
}

/* Binding makes the port pending: the handler comes when that is over. */
static void connect(struct child *child)
{
    struct evtchn_alloc_unbound unbound = { .dom = child->id, .remote_dom = 0 };
    int port;

    require(!HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &unbound));
    child->args->port = unbound.port;
    port = event_bind_interdomain(child->id, unbound.port, NULL, NULL);
    require(port > 0);
    child->port = (evtchn_port_t)port;
    event_clear(child->port);
    event_set_handler(child->port, answer, child);
    require(!event_unmask(child->port));
}

/* The builder's windows serve one guest at a time: its arguments get one of their own. */
static void keep_arguments(struct child *child, struct guest *guest)
{
    static unsigned long windows;
    unsigned long window = windows + (unsigned long)(child - children) * PAGE_SIZE;

    if (!windows) {
        windows = (unsigned long)window_reserve(DOMAINS);
        require(windows);
        window = windows;
    }
    require(!HYPERVISOR_update_va_mapping_otherdomain(
        window, pte_make(pte_mfn(pte_of(guest->args)), PTE_RW), UVMF_INVLPG | UVMF_LOCAL,
        child->id));
    child->args = (struct child_args *)window;
    guest_unmap(guest);
}

static void build(struct child *child)
{
    static struct guest guest;
    int rc = guest_build(&guest, worker);

    if (rc)
        error("domain %u of %u: %d", (unsigned int)(child - children), DOMAINS, rc);
    child->id = guest.id;
    keep_arguments(child, &guest);
    connect(child);
}

/* Sleeps on when an event has ended time_sleep(). */
static void sleep_through(uint64_t ns)
{
    uint64_t end = time_now() + ns;

    while (time_now() < end)
        time_sleep(end - time_now());
}

static void order(struct child *child, enum order what)
{
    work_of(child->args)->order = what;
}

static bool all_have(const uint64_t *from, uint64_t rounds)
{
    for (unsigned int i = 0; i < DOMAINS; i++) {
        const struct work *work = work_of(children[i].args);

        if (!work->fault && work->rounds < from[i] + rounds)
            return false;
    }
    return true;
}

static void check_progress(const uint64_t *from, uint64_t rounds)
{
    for (unsigned int i = 0; i < DOMAINS; i++) {
        const struct work *work = work_of(children[i].args);

        check_eq(work->fault, FAULT_NONE);
        if (!check(work->rounds >= from[i] + rounds, "progress"))
            note("d%u: %lu rounds", children[i].id, work->rounds - from[i]);
    }
}

/* All work until each has done that many rounds more. */
static void work(uint64_t rounds)
{
    uint64_t from[DOMAINS], start = time_now();

    for (unsigned int i = 0; i < DOMAINS; i++) {
        from[i] = work_of(children[i].args)->rounds;
        order(&children[i], ORDER_WORK);
    }
    while (!all_have(from, rounds) && time_now() < start + PATIENCE)
        time_sleep(10 * NSEC_PER_MSEC);
    check_progress(from, rounds);
    note("%u domains: %lu rounds each in %lu ms", DOMAINS, rounds,
         (time_now() - start) / NSEC_PER_MSEC);
}

/* CPU time since the last look at it, ns. */
static uint64_t time_used(struct child *child)
{
    struct xen_domctl_getdomaininfo info;
    uint64_t before = child->cpu_time;

    require(guest_info(child->id, &info));
    child->cpu_time = info.cpu_time;
    return info.cpu_time - before;
}

static enum order busy_order(unsigned int i)
{
    return i == SPINNER ? ORDER_SPIN : i == FLOODER ? ORDER_FLOOD : ORDER_COMPUTE;
}

/* Of `used`, what the greedy ones got, and the least and most that the others did. */
struct shares {
    uint64_t one; /* a 64th of all, ns */
    uint64_t spinner, flooder, least, most;
};

static struct shares divide(const uint64_t *used)
{
    struct shares s = { .spinner = used[SPINNER],
                        .flooder = used[FLOODER],
                        .least = ~0ul };

    for (unsigned int i = 0; i < DOMAINS; i++) {
        s.one += used[i];
        if (i == SPINNER || i == FLOODER)
            continue;
        s.least = used[i] < s.least ? used[i] : s.least;
        s.most = used[i] > s.most ? used[i] : s.most;
    }
    s.one /= DOMAINS;
    return s;
}

static bool are_fair(const struct shares *s)
{
    return s->spinner <= s->one * 5 / 4 && s->flooder <= s->one * 5 / 4 &&
           s->least >= s->one / 2;
}

static void check_shares(const struct shares *s, uint64_t elapsed)
{
    note("percent of a share: spinning %lu, flooding %lu, others %lu to %lu; %lu percent "
         "of "
         "four processors used in %lu ms",
         s->spinner * 100 / s->one, s->flooder * 100 / s->one, s->least * 100 / s->one,
         s->most * 100 / s->one, s->one * DOMAINS * 25 / elapsed,
         elapsed / NSEC_PER_MSEC);
    check(s->spinner <= s->one * 5 / 4, "the spinning domain gets its share");
    check(s->flooder <= s->one * 5 / 4, "the flooding domain gets its share");
    check(s->least >= s->one / 2, "every other domain gets at least half a share");
}

static void compete(void)
{
    uint64_t from[DOMAINS], used[DOMAINS] = { 0 }, start;
    struct shares shares = { 0 };

    for (unsigned int i = 0; i < DOMAINS; i++)
        order(&children[i], busy_order(i));
    sleep_through(SETTLING);
    start = time_now();
    for (unsigned int i = 0; i < DOMAINS; i++) {
        (void)time_used(&children[i]);
        from[i] = work_of(children[i].args)->rounds;
    }
    from[SPINNER] = 0; /* its whole life is one round */
    for (unsigned int w = 0; w < WINDOWS && !(w && are_fair(&shares)); w++) {
        sleep_through(WINDOW);
        for (unsigned int i = 0; i < DOMAINS; i++)
            used[i] += time_used(&children[i]);
        shares = divide(used);
    }
    check_shares(&shares, time_now() - start);
    check_progress(from, 1);
}

static void destroy(struct child *child)
{
    struct guest guest = { .id = child->id };

    event_close(child->port);
    HYPERVISOR_update_va_mapping((unsigned long)child->args, 0, UVMF_INVLPG | UVMF_LOCAL);
    check_eq(guest_destroy(&guest), 0);
}

static void build_all(void)
{
    uint64_t start = time_now();

    for (unsigned int i = 0; i < DOMAINS; i++)
        build(&children[i]);
    note("%u domains built in %lu ms", DOMAINS, (time_now() - start) / NSEC_PER_MSEC);
}

static void destroy_all(void)
{
    uint64_t start = time_now();

    for (unsigned int i = 0; i < DOMAINS; i++) /* or they keep us from it */
        check_eq(domctl_simple(XEN_DOMCTL_pausedomain, children[i].id), 0);
    for (unsigned int i = 0; i < DOMAINS; i++)
        destroy(&children[i]);
    note("and destroyed in %lu ms", (time_now() - start) / NSEC_PER_MSEC);
}

static void check_free_pages(uint64_t expected)
{
    for (unsigned int i = 0; i < 500 && machine_free_pages() != expected; i++)
        time_sleep(NSEC_PER_MSEC);
    check_eq(machine_free_pages(), expected);
}

void test_main(void)
{
    uint64_t free_pages;

    events_enable();
    build_all(); /* what is allocated once is, from here on */
    destroy_all();
    free_pages = machine_free_pages();
    build_all();
    for (unsigned int i = 0; i < DOMAINS; i++)
        require(!domctl_simple(XEN_DOMCTL_unpausedomain, children[i].id));
    work(ROUNDS);
    compete();
    work(ROUNDS);
    destroy_all();
    check_free_pages(free_pages);
    events_disable();
}
