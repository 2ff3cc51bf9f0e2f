/* SPDX-License-Identifier: MIT */
/*
 * Spreading vCPUs over CPUs, at three moments:
 *  - when one wakes, it goes to an idle CPU if its own is busy, of its soft affinity if
 *    there is one (vcpu_place);
 *  - when a CPU has nothing to run, it takes what waits elsewhere (balance_steal);
 *  - while vCPUs wait, their CPU now and then hands one to a CPU that would not be more
 *    loaded than itself afterwards (balance_push). Equality is enough: then the place
 *    where there is one too many goes round. The vCPU that has been there longest moves
 *    on, so that each takes its turn and all get the same in the long run.
 */
#include "internal.h"

#include <hv/smp.h>

#define BALANCE_PERIOD (30 * NS_PER_MS)

struct cpumask idle_cpus;

static bool cpu_is_free(unsigned int cpu)
{
    return cpumask_test(&idle_cpus, cpu) && !READ_ONCE(runq_of(cpu)->nr_queued);
}

static uint64_t cpu_load(unsigned int cpu)
{
    struct runq *rq = runq_of(cpu);

    return READ_ONCE(rq->load) + READ_ONCE(rq->curr_load);
}

/* The online CPU after cpu, in a circle. */
static unsigned int next_online(unsigned int cpu)
{
    unsigned int next = cpumask_next(&cpu_online_map, cpu + 1);

    return next < nr_cpus ? next : cpumask_next(&cpu_online_map, 0);
}

/* The least loaded CPU that v may use, with loads as they are; start wins a tie. */
static unsigned int least_loaded(const struct vcpu *v, unsigned int start)
{
    unsigned int best = start, cpu = start;
    uint64_t best_load = vcpu_allowed_on(v, start) ? cpu_load(start) : UINT64_MAX;

    while ((cpu = next_online(cpu)) != start && best_load) {
        if (vcpu_allowed_on(v, cpu) && cpu_load(cpu) < best_load) {
            best = cpu;
            best_load = cpu_load(cpu);
        }
    }
    return best;
}

/* Would v rather run there than elsewhere? */
static bool vcpu_prefers(const struct vcpu *v, unsigned int cpu)
{
    return cpumask_test(&v->soft_affinity, cpu);
}

/* An idle CPU, one that v prefers if possible, else `other`; NR_CPUS: none. */
static unsigned int find_free(const struct vcpu *v, unsigned int other)
{
    unsigned int cpu;

    for_each_cpu (cpu, &idle_cpus)
        if (vcpu_allowed_on(v, cpu) && cpu_is_free(cpu)) {
            if (vcpu_prefers(v, cpu))
                return cpu;
            if (other == NR_CPUS)
                other = cpu;
        }
    return other;
}

unsigned int vcpu_place(struct vcpu *v)
{
    unsigned int cpu = v->cpu, free;
    bool allowed = vcpu_allowed_on(v, cpu), here = allowed && cpu_is_free(cpu);

    if (allowed && nr_cpus == 1)
        return cpu;
    if (here && vcpu_prefers(v, cpu))
        return cpu;
    free = find_free(v, here ? cpu : NR_CPUS);
    if (free < NR_CPUS)
        return free;
    if (allowed && READ_ONCE(runq_of(cpu)->nr_queued) < 2)
        return cpu;
    return least_loaded(v, cpu);
}

/* Is v, queued in from, about to run there, where it would rather than on cpu? Locked. */
static bool is_well_placed(const struct runq *from, const struct vcpu *v,
                           unsigned int cpu)
{
    return !vcpu_prefers(v, cpu) && vcpu_is_idle(from->curr) &&
           vcpu_prefers(v, from->cpu);
}

/* A vCPU queued in from that cpu may run; null: none. Locked. */
static struct vcpu *find_movable(struct runq *from, unsigned int cpu)
{
    struct pqueue_node *n;

    for (n = pqueue_first(&from->queue); n; n = pqueue_walk(n)) {
        struct vcpu *v = container_of(n, struct vcpu, run_node);

        if (vcpu_allowed_on(v, cpu) && !is_well_placed(from, v, cpu))
            return v;
    }
    return NULL;
}

static void move_queued(struct runq *from, struct runq *to, struct vcpu *v, ns_t now)
{
    runq_remove(from, v);
    runq_change(from, to, v, now);
    runq_add(to, v, false, now);
}

void balance_steal(struct runq *rq, ns_t now)
{
    unsigned int cpu = rq->cpu;
    struct vcpu *v = NULL;

    while (!v && (cpu = next_online(cpu)) != rq->cpu) {
        struct runq *from = runq_of(cpu);

        if (!READ_ONCE(from->nr_queued))
            continue;
        runq_lock_pair(from, rq);
        v = find_movable(from, rq->cpu);
        if (v)
            move_queued(from, rq, v, now);
        runq_unlock_pair(from, rq);
    }
}

/* The vCPU queued in rq that may run on cpu and has been here longest. Locked. */
static struct vcpu *find_oldest(struct runq *rq, unsigned int cpu)
{
    struct vcpu *oldest = NULL;
    struct pqueue_node *n;

    for (n = pqueue_first(&rq->queue); n; n = pqueue_walk(n)) {
        struct vcpu *v = container_of(n, struct vcpu, run_node);

        if (vcpu_allowed_on(v, cpu) && (!oldest || v->placed < oldest->placed))
            oldest = v;
    }
    return oldest;
}

/*
 * Moves a vCPU to `to` if that is then no more loaded than rq was; how long rq should
 * leave it at that. If the two merely change roles it must be the oldest that goes, who
 * may be running just now: then another attempt is made soon. Locked.
 */
static ns_t push_oldest(struct runq *rq, struct runq *to, ns_t now)
{
    uint64_t mine = rq->load + rq->curr_load, theirs = to->load + to->curr_load;
    struct vcpu *v = find_oldest(rq, to->cpu);

    if (!v || theirs + v->run_load > mine)
        return BALANCE_PERIOD;
    if (theirs + v->run_load == mine && rq->curr->placed < v->placed)
        return sched_slice / 2;
    move_queued(rq, to, v, now);
    to->next_balance = now + BALANCE_PERIOD;
    return BALANCE_PERIOD;
}

void balance_push(struct runq *rq, ns_t now)
{
    struct runq *to = rq;
    unsigned int cpu = rq->cpu;

    while ((cpu = next_online(cpu)) != rq->cpu)
        if (cpu_load(cpu) < cpu_load(to->cpu))
            to = runq_of(cpu);
    if (to == rq) {
        rq->next_balance = now + BALANCE_PERIOD;
        return;
    }
    runq_lock_pair(rq, to);
    rq->next_balance = now + push_oldest(rq, to, now);
    runq_unlock_pair(rq, to);
}
