/* SPDX-License-Identifier: MIT */
/*
 * Caps: a domain gets no more than so many percent of one CPU, over all its vCPUs, even
 * if nobody else wants it. It earns CPU time at that rate and may save up what it earns in
 * SAVING, so that a late timer costs it nothing. A timer looks at what it has used; with
 * nothing left it is paused until it has earned enough to go on. What it uses beyond that
 * between two looks it owes.
 *
 * Domains without a cap have no such timer, and nothing on the scheduler's ways asks.
 * The state belongs to the timer's function, which runs on one CPU at a time.
 */
#include "internal.h"

#include <hv/heap.h>
#include <hv/lib.h>
#include <abi/errno.h>

#define PERIOD   (10 * NS_PER_MS) /* how often it stops and goes on, roughly */
#define SAVING   (5 * PERIOD)
#define SHORTEST (1 * NS_PER_MS) /* between two looks */
/* A debt greater than that is forgotten: it came from a pause of the whole machine. */
#define MAX_DEBT (1000 * NS_PER_MS)

struct domain_cap {
    struct timer timer;
    int64_t credit; /* CPU time that it may use, ns; below 0: owes */
    ns_t looked;    /* when it was last reckoned */
    uint64_t used;  /* and CPU time used by then */
    bool is_paused; /* by this */
};

/* What a domain with this cap earns in a time. */
static int64_t earned(ns_t time, uint16_t percent)
{
    return (int64_t)time * percent / 100;
}

static void reckon(struct domain *d, struct domain_cap *c, uint16_t percent)
{
    ns_t now = time_now();
    uint64_t used = domain_cpu_time(d);
    ns_t passed = min(now - c->looked, (ns_t)MAX_DEBT);

    c->credit += earned(passed, percent) - (int64_t)(used - c->used);
    c->credit = min(c->credit, earned(SAVING, percent));
    c->credit = max(c->credit, -(int64_t)MAX_DEBT);
    c->looked = now;
    c->used = used;
}

static void set_paused(struct domain *d, struct domain_cap *c, bool pause)
{
    if (c->is_paused == pause)
        return;
    c->is_paused = pause;
    if (pause)
        domain_pause_nosync(d);
    else
        domain_unpause(d);
}

/* When to look again: once it has earned half a period, or could have used what it has. */
static ns_t next_look(const struct domain *d, const struct domain_cap *c,
                      uint16_t percent)
{
    int64_t half = earned(PERIOD / 2, percent);
    ns_t wait = c->is_paused ? (half - c->credit) * 100 / percent
                             : c->credit / max(READ_ONCE(d->active_vcpus), 1);

    return c->looked + max(wait, (ns_t)SHORTEST);
}

static void look(void *arg)
{
    struct domain *d = arg;
    struct domain_cap *c = d->cap_state;
    uint16_t percent = READ_ONCE(d->cap);

    if (!percent) {
        set_paused(d, c, false);
        return;
    }
    reckon(d, c, percent);
    set_paused(d, c, c->credit <= 0);
    timer_set(&c->timer, next_look(d, c, percent));
}

static struct domain_cap *cap_create(struct domain *d)
{
    struct domain_cap *c = hv_new(struct domain_cap);

    if (c) {
        timer_init(&c->timer, look, d, smp_cpu_id());
        c->looked = time_now();
        c->used = domain_cpu_time(d);
    }
    return c;
}

int domain_set_cap(struct domain *d, uint16_t percent)
{
    if (percent && !d->cap_state && !(d->cap_state = cap_create(d)))
        return -ENOMEM;
    WRITE_ONCE(d->cap, percent);
    if (d->cap_state)
        timer_set(&d->cap_state->timer, time_now());
    return 0;
}

void domain_cap_kill(struct domain *d)
{
    if (d->cap_state)
        timer_kill(&d->cap_state->timer);
}
