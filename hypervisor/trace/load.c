/* SPDX-License-Identifier: MIT */
/* What is to be recorded of the vCPU that a CPU runs, and the entry points that do it. */
#include "internal.h"
#include <hv/domain.h>
#include <hv/guest_entry.h>
#include <hv/sched.h>
#include <hv/smp.h>
#include <hv/trap.h>

DEFINE_PER_CPU(uint32_t, trace_kinds);

struct trace_selection trace_selection;

/* One subclass of TRC_* events and the kinds of records in it. */
static const struct {
    uint32_t events, kinds;
} subclasses[] = {
    { TRC_PV_ENTRY,
      ABI_TRACE_CALLS | ABI_TRACE_IRET | ABI_TRACE_FAULTS | ABI_TRACE_EMULATION },
    { TRC_PV_SUBCALL, ABI_TRACE_LISTED },
    { ABI_TRC_PV_DETAIL, ABI_TRACE_RESULTS | ABI_TRACE_POINTED },
    { ABI_TRC_PV_GUEST, ABI_TRACE_EVENTS | ABI_TRACE_SYSCALLS },
    { TRC_SCHED_MIN, ABI_TRACE_SWITCHES },
};

#define CLASS_BITS    (0xfffu << TRC_CLS_SHIFT)
#define SUBCLASS_BITS (0xfu << TRC_SUBCLS_SHIFT)

uint32_t trace_kinds_of_events(uint32_t events)
{
    uint32_t kinds = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(subclasses); i++) {
        uint32_t both = events & subclasses[i].events;

        if ((both & CLASS_BITS) && (both & SUBCLASS_BITS))
            kinds |= subclasses[i].kinds;
    }
    return kinds;
}

static uint32_t selected(const struct vcpu *v)
{
    return vcpu_is_idle(v) ? 0 : READ_ONCE(v->domain->traced);
}

static uint32_t kinds_for(const struct vcpu *v)
{
    const struct trace_selection *s = &trace_selection;

    if (!READ_ONCE(s->is_on) || !cpumask_test(&s->cpus, smp_cpu_id()))
        return 0;
    return READ_ONCE(s->common) | selected(v);
}

/* The state is RUNSTATE_*. */
static void record_change(const struct vcpu *v, uint32_t from, uint32_t to)
{
    uint32_t id = vcpu_is_idle(v) ? DOMID_IDLE : v->domain->id;

    trace_record(TRC_SCHED_RUNSTATE_CHANGE | from << 8 | to << 4, v->id | id << 16);
}

void trace_load(const struct vcpu *v)
{
    uint32_t kinds = kinds_for(v);

    if (!kinds != !this_cpu(trace_kinds))
        entry_set_traced(kinds != 0);
    this_cpu(trace_kinds) = kinds;
    if (selected(v) & kinds || (kinds & ABI_TRACE_SWITCHES))
        record_change(v, RUNSTATE_runnable, RUNSTATE_running);
}

/* In place of pv_context_switch(). */
static void switch_traced(struct vcpu *prev, struct vcpu *next)
{
    if (trace_wants(ABI_TRACE_SWITCHES))
        record_change(prev, RUNSTATE_running, (uint32_t)prev->runstate.state & 3);
    pv_context_switch(prev, next);
    trace_load(next);
}

/* A CPU's ring is its own: it takes the frames, and lets go of them, itself. */
static void load_current(void *unused)
{
    const struct trace_selection *s = &trace_selection;

    (void)unused;
    this_cpu(trace_ring).frames = s->is_on ? s->frames + smp_cpu_id() * s->each : NULL;
    trace_load(current);
}

void trace_reload(void)
{
    bool on = trace_selection.is_on;

    WRITE_ONCE(vcpu_switch, on ? switch_traced : pv_context_switch);
    WRITE_ONCE(event_delivery, on ? pv_deliver_event_traced : pv_deliver_event);
    smp_call(&cpu_online_map, load_current, NULL);
}
