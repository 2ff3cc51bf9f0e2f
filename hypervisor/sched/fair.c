/* SPDX-License-Identifier: MIT */
/*
 * Weighted fair scheduling. Every vCPU has a virtual clock, vruntime, that advances while
 * it runs: faster the less weight its domain has, and faster the more vCPUs the domain
 * has active, so that a domain cannot get a larger share by having more of them. The
 * vCPU that is furthest behind runs.
 *
 * A run queue's floor is the clock of a vCPU that has had its fair share. One that slept
 * is brought up to WAKE_BONUS below the floor: it goes first and may run a while, but
 * cannot save up time by sleeping; however often it wakes, it gets no more than its share
 * plus one bonus.
 */
#include "internal.h"

#include <abi/errno.h>

/* The unit of vruntime is 16 ns of a domain with the default weight. */
#define VRUNTIME_SHIFT  4
#define TO_VRUNTIME(ns) ((uint64_t)(ns) >> VRUNTIME_SHIFT)

#define WAKE_BONUS TO_VRUNTIME(5 * NS_PER_MS)
/* How far curr must be ahead of a waking vCPU to be displaced within its slice. */
#define GRANULARITY TO_VRUNTIME(1 * NS_PER_MS)

#define DEFAULT_WEIGHT 256u
/* Lighter domains count as this heavy: bounds the clocks' speed, as the next two do. */
#define MIN_WEIGHT 16u
#define MAX_ACTIVE 32
/* Charged at most at a time: who ran longer undisturbed took nothing from anyone. */
#define MAX_CHARGE (100 * NS_PER_MS)

/* charge_factor has a 16-bit fraction. */
#define FACTOR_SHIFT 16

static struct vcpu *vcpu_of(struct pqueue_node *n)
{
    return container_of(n, struct vcpu, run_node);
}

static void set_weight(struct domain *d, uint16_t weight)
{
    d->weight = weight;
    d->charge_factor =
        (DEFAULT_WEIGHT << FACTOR_SHIFT) / max((unsigned int)weight, MIN_WEIGHT);
}

static void fair_domain_init(struct domain *d)
{
    set_weight(d, DEFAULT_WEIGHT);
}

static void raise_floor(struct runq *rq, const struct vcpu *curr)
{
    const struct pqueue_node *first = pqueue_first(&rq->queue);
    uint64_t least = curr->vruntime;

    if (first && first->key < least)
        least = first->key;
    if (least > rq->floor)
        rq->floor = least;
}

static void fair_enqueue(struct runq *rq, struct vcpu *v, bool waking)
{
    if (waking && v->vruntime + WAKE_BONUS < rq->floor)
        v->vruntime = rq->floor - WAKE_BONUS;
    pqueue_insert(&rq->queue, &v->run_node, v->vruntime);
}

static void fair_dequeue(struct runq *rq, struct vcpu *v)
{
    pqueue_remove(&rq->queue, &v->run_node);
}

static void fair_charge(struct runq *rq, struct vcpu *curr, ns_t ns)
{
    const struct domain *d = curr->domain;
    uint64_t active = (uint64_t)min(max(READ_ONCE(d->active_vcpus), 1), MAX_ACTIVE);
    uint64_t amount = (uint64_t)min(ns, (ns_t)MAX_CHARGE) * d->charge_factor * active;

    curr->vruntime += amount >> (FACTOR_SHIFT + VRUNTIME_SHIFT);
    raise_floor(rq, curr);
}

static void fair_yield(struct runq *rq, struct vcpu *curr)
{
    const struct pqueue_node *first = pqueue_first(&rq->queue);

    if (first && curr->vruntime <= first->key)
        curr->vruntime = first->key + 1;
}

static struct vcpu *fair_pick(struct runq *rq, struct vcpu *curr, bool over)
{
    struct pqueue_node *first = pqueue_first(&rq->queue);

    if (!first)
        return curr;
    if (!curr || first->key + (over ? 0 : GRANULARITY) < curr->vruntime)
        return vcpu_of(first);
    return curr;
}

static bool fair_preempts(const struct runq *rq, const struct vcpu *curr,
                          const struct vcpu *v)
{
    (void)rq;
    return v->vruntime + GRANULARITY < curr->vruntime;
}

static void fair_migrate(const struct runq *from, const struct runq *to, struct vcpu *v)
{
    int64_t ahead = (int64_t)(v->vruntime - READ_ONCE(from->floor));

    if (ahead < 0 && (uint64_t)-ahead > to->floor)
        v->vruntime = 0;
    else
        v->vruntime = to->floor + (uint64_t)ahead;
}

static uint64_t fair_load_of(const struct vcpu *v)
{
    return v->domain->weight;
}

static int fair_adjust(struct domain *d, struct xen_domctl_scheduler_op *op)
{
    struct xen_domctl_sched_credit2 *p = &op->u.credit2;

    if (op->sched_id != XEN_SCHEDULER_CREDIT2)
        return -EINVAL;
    switch (op->cmd) {
    case XEN_DOMCTL_SCHEDOP_getinfo:
        p->weight = d->weight;
        p->cap = d->cap;
        return 0;
    case XEN_DOMCTL_SCHEDOP_putinfo:
        if (p->weight)
            set_weight(d, p->weight);
        return 0;
    case XEN_DOMCTL_SCHEDOP_putvcpuinfo:
    case XEN_DOMCTL_SCHEDOP_getvcpuinfo:
        return -EOPNOTSUPP;
    default:
        return -EINVAL;
    }
}

const struct sched_policy sched_fair = {
    .name = "weighted fair",
    .domain_init = fair_domain_init,
    .enqueue = fair_enqueue,
    .dequeue = fair_dequeue,
    .charge = fair_charge,
    .yield = fair_yield,
    .pick = fair_pick,
    .preempts = fair_preempts,
    .migrate = fair_migrate,
    .load_of = fair_load_of,
    .adjust = fair_adjust,
};
