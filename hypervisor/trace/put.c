/* SPDX-License-Identifier: MIT */
/* Records into this CPU's ring, and the event that tells the consumer to read. */
#include "internal.h"
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/hooks.h>
#include <hv/softirq.h>

DEFINE_PER_CPU(struct trace_ring, trace_ring);

static uint32_t who_runs(void)
{
    const struct vcpu *v = current;

    if (vcpu_is_idle(v))
        return DOMID_IDLE | smp_cpu_id() << 16;
    return v->domain->id | v->id << 16;
}

void trace_put(uint32_t event, unsigned int n, const uint32_t *words)
{
    unsigned long flags = irq_save();
    struct trace_ring *r = this_cpu_ptr(trace_ring);

    /* The rest of a hypercall may be done when tracing is over. */
    if (r->frames &&
        trace_ring_put(r, event, rdtsc(), who_runs(), n, words) == RING_HALF_FULL)
        softirq_raise(SOFTIRQ_TRACE);
    irq_restore(flags);
}

static void tell_consumer(void)
{
    evtchn_raise_global_virq(VIRQ_TBUF);
}

void trace_init(void)
{
    softirq_register(SOFTIRQ_TRACE, tell_consumer);
}
