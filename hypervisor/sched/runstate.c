/* SPDX-License-Identifier: MIT */
/*
 * Run-state accounting: how long each vCPU has been running, runnable, blocked and
 * offline. The sums of the four always equal the time since the vCPU was created.
 */
#include "internal.h"

#include <hv/cpu.h>

int runstate_off_cpu(const struct vcpu *v)
{
    if (vcpu_is_idle(v) || vcpu_is_runnable(v))
        return RUNSTATE_runnable;
    return READ_ONCE(v->pause_flags) & VPF_BLOCKED ? RUNSTATE_blocked : RUNSTATE_offline;
}

void runstate_change(struct vcpu *v, int state, ns_t now)
{
    struct runstate *r = &v->runstate;

    /* Clocks of two CPUs differ by a little: never let a span become negative. */
    if (now < r->entered)
        now = r->entered;
    r->time[r->state] += (uint64_t)(now - r->entered);
    r->entered = now;
    r->state = state;
}

void vcpu_runstate_get(struct vcpu *v, struct runstate *out)
{
    unsigned long flags = irq_save();
    struct runq *rq = vcpu_runq_lock(v);
    ns_t span = time_now() - v->runstate.entered;

    *out = v->runstate;
    spin_unlock(&rq->lock);
    irq_restore(flags);
    if (span > 0)
        out->time[out->state] += (uint64_t)span;
}

uint64_t sched_idle_time(unsigned int cpu)
{
    struct runstate r;

    vcpu_runstate_get(runq_of(cpu)->idle, &r);
    return r.time[RUNSTATE_running];
}

uint64_t domain_cpu_time(struct domain *d)
{
    uint64_t total = 0;
    struct vcpu *v;

    for_each_vcpu (d, v) {
        struct runstate r;

        vcpu_runstate_get(v, &r);
        total += r.time[RUNSTATE_running];
    }
    return total;
}
