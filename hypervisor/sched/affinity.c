/* SPDX-License-Identifier: MIT */
/* Which CPUs a vCPU may use: its hard affinity, and SCHEDOP_pin_override above that. */
#include "internal.h"

#include <hv/cpu.h>
#include <hv/softirq.h>
#include <abi/errno.h>

/* Makes v leave a CPU that it may not use any more. */
static void leave_forbidden_cpu(struct vcpu *v)
{
    unsigned long flags = irq_save();
    struct runq *rq = vcpu_runq_lock(v);
    bool requeue = false;

    if (!vcpu_allowed_on(v, rq->cpu)) {
        requeue = v->queued;
        if (requeue)
            runq_remove(rq, v);
        else if (rq->curr == v)
            softirq_raise_cpu(SOFTIRQ_SCHEDULE, rq->cpu);
    }
    spin_unlock(&rq->lock);
    irq_restore(flags);
    if (requeue)
        vcpu_wake(v);
}

int vcpu_set_hard_affinity(struct vcpu *v, const struct cpumask *mask)
{
    struct cpumask usable;

    cpumask_and(&usable, mask, &cpu_online_map);
    if (cpumask_is_empty(&usable))
        return -EINVAL;
    for (unsigned int w = 0; w < CPUMASK_WORDS; w++)
        WRITE_ONCE(v->hard_affinity.bits[w], mask->bits[w]);
    leave_forbidden_cpu(v);
    return 0;
}

int vcpu_pin_override(struct vcpu *v, int cpu)
{
    if (cpu < 0) {
        if (v->pin_override < 0)
            return -EINVAL;
        cpu = -1;
    } else if ((unsigned int)cpu >= nr_cpus ||
               !cpumask_test(&cpu_online_map, (unsigned int)cpu)) {
        return -EINVAL;
    } else if (v->pin_override >= 0) {
        return -EBUSY;
    }
    WRITE_ONCE(v->pin_override, cpu);
    leave_forbidden_cpu(v);
    return 0;
}
