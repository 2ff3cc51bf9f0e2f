/* SPDX-License-Identifier: MIT */
/* Running a function on other CPUs. */
#include <hv/smp.h>
#include <hv/apic.h>
#include <hv/irq.h>
#include <hv/lib.h>
#include <hv/spinlock.h>
#include "internal.h"

struct call_request {
    void (*fn)(void *arg);
    void *arg;
    uint32_t outstanding;
};

static DEFINE_PER_CPU(struct call_request, call_request);
static DEFINE_PER_CPU(struct inbox, call_inbox);

static void call_others(const struct cpumask *targets, void (*fn)(void *arg), void *arg)
{
    unsigned int self = smp_cpu_id(), cpu;
    struct call_request *req = &per_cpu(call_request, self);

    req->fn = fn;
    req->arg = arg;
    __atomic_store_n(&req->outstanding, cpumask_weight(targets), __ATOMIC_RELEASE);
    for_each_cpu (cpu, targets)
        cpumask_set_atomic(&per_cpu(call_inbox, cpu).from, self);
    apic_send_ipi_mask(targets, VEC_CALL);
}

void smp_call(const struct cpumask *mask, void (*fn)(void *arg), void *arg)
{
    unsigned int self = smp_cpu_id();
    struct cpumask targets = request_targets(mask, self);
    bool others = !cpumask_is_empty(&targets);
    unsigned long flags;

    if (others)
        call_others(&targets, fn, arg);
    if (cpumask_test(mask, self)) {
        flags = irq_save();
        fn(arg);
        irq_restore(flags);
    }
    if (others)
        request_wait(&this_cpu_ptr(call_request)->outstanding);
}

/* VEC_CALL. */
static void call_interrupt(void)
{
    struct inbox *in = this_cpu_ptr(call_inbox);
    unsigned int caller;

    while ((caller = inbox_take(in)) < NR_CPUS) {
        struct call_request *req = &per_cpu(call_request, caller);

        req->fn(req->arg);
        __atomic_fetch_sub(&req->outstanding, 1, __ATOMIC_RELEASE);
    }
}

void smp_send_event_check(unsigned int cpu)
{
    apic_send_ipi(cpu, VEC_EVENT_CHECK);
}

void smp_init(void)
{
    irq_set_vector(VEC_CALL, call_interrupt);
    irq_set_vector(VEC_TLB, tlb_serve);
}
