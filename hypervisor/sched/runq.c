/* SPDX-License-Identifier: MIT */
/*
 * Run queues: entering, leaving, changing them, and the time slice. A slice is watched
 * only while somebody waits; a vCPU that is alone on its CPU is never interrupted.
 */
#include "internal.h"

#include <hv/cpu.h>
#include <hv/softirq.h>

DEFINE_PER_CPU(struct runq, runq);

void runq_lock_pair(struct runq *a, struct runq *b)
{
    spin_lock(a->cpu < b->cpu ? &a->lock : &b->lock);
    spin_lock_nested(a->cpu < b->cpu ? &b->lock : &a->lock);
}

void runq_unlock_pair(struct runq *a, struct runq *b)
{
    spin_unlock(a->cpu < b->cpu ? &b->lock : &a->lock);
    spin_unlock(a->cpu < b->cpu ? &a->lock : &b->lock);
}

void vcpu_set_active(struct vcpu *v, bool active)
{
    if (v->active == active)
        return;
    v->active = active;
    __atomic_fetch_add(&v->domain->active_vcpus, active ? 1 : -1, __ATOMIC_RELAXED);
}

void runq_charge(struct runq *rq, ns_t now)
{
    if (vcpu_is_idle(rq->curr) || now <= rq->charged)
        return;
    policy->charge(rq, rq->curr, now - rq->charged);
    rq->charged = now;
}

/*
 * The timer may be armed for an earlier slice that was cut short; it then finds out when
 * it fires (slice_timer_fired). So switching between vCPUs costs no timer operation.
 */
void runq_arm_slice(struct runq *rq, ns_t now)
{
    if (!rq->nr_queued || vcpu_is_idle(rq->curr))
        return;
    if (rq->slice_end <= now)
        rq->slice_end = now + sched_slice;
    if (!READ_ONCE(rq->slice_timer.armed))
        timer_set(&rq->slice_timer, rq->slice_end);
}

static void slice_timer_fired(void *arg)
{
    struct runq *rq = arg;
    ns_t end = READ_ONCE(rq->slice_end);

    if (!READ_ONCE(rq->nr_queued))
        return;
    if (time_now() >= end)
        softirq_raise(SOFTIRQ_SCHEDULE);
    else
        timer_set(&rq->slice_timer, end);
}

void runq_add(struct runq *rq, struct vcpu *v, bool waking, ns_t now)
{
    runstate_change(v, RUNSTATE_runnable, now);
    vcpu_set_active(v, true);
    runq_charge(rq, now);
    policy->enqueue(rq, v, waking);
    v->queued = true;
    rq->nr_queued++;
    v->run_load = policy->load_of(v);
    rq->load += v->run_load;

    if (vcpu_is_idle(rq->curr) || policy->preempts(rq, rq->curr, v))
        softirq_raise_cpu(SOFTIRQ_SCHEDULE, rq->cpu);
    else
        runq_arm_slice(rq, now);
}

void runq_remove(struct runq *rq, struct vcpu *v)
{
    policy->dequeue(rq, v);
    v->queued = false;
    rq->nr_queued--;
    rq->load -= v->run_load;
}

void runq_change(struct runq *from, struct runq *to, struct vcpu *v, ns_t now)
{
    policy->migrate(from, to, v);
    v->placed = now;
    WRITE_ONCE(v->cpu, to->cpu);
}

void runq_init(struct runq *rq, unsigned int cpu, struct vcpu *idle)
{
    spin_init(&rq->lock, LOCK_SCHED);
    rq->cpu = cpu;
    rq->idle = rq->curr = idle;
    timer_init(&rq->slice_timer, slice_timer_fired, rq, cpu);
}
