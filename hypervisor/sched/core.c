/* SPDX-License-Identifier: MIT */
/*
 * Switching between vCPUs. A vCPU's whole state is in its structure unless it is
 * `running`; it may change CPUs only while it is not.
 *
 *   curr  running  queued
 *   yes   yes      no      executes on v->cpu, or is about to
 *   no    yes      no      v->cpu is still saving its state; only that CPU may queue it,
 *                          which it does when it has finished (switch_finish)
 *   no    no       yes     waits in the queue of v->cpu; may be moved by who holds both
 *                          queues' locks
 *   no    no       no      not runnable: blocked, polling, down or paused
 *
 * All three change only under the lock of v->cpu's run queue; `running` is cleared in
 * the same critical section that queues the vCPU again if it is runnable, so that a wake
 * is either seen there or finds it no longer running. Who waits for a vCPU to stop takes
 * that lock once afterwards: then the other CPU has let go of the structure.
 */
#include "internal.h"

#include <hv/cpu.h>
#include <hv/cmdline.h>
#include <hv/heap.h>
#include <hv/hooks.h>
#include <hv/lib.h>
#include <hv/smp.h>
#include <hv/softirq.h>
#include <hv/vcpu_time.h>
#include <abi/errno.h>

DEFINE_PER_CPU(struct vcpu *, current_vcpu);

void (*vcpu_switch)(struct vcpu *prev, struct vcpu *next) = pv_context_switch;

ns_t sched_slice __ro_after_init = 10 * NS_PER_MS;

/* sched_slice_ms=1..1000 */
static int __init parse_slice(const char *value)
{
    uint64_t ms;
    int rc = parse_u64(value, 10, false, &ms);

    if (rc || ms < 1 || ms > 1000)
        return -EINVAL;
    sched_slice = (ns_t)ms * NS_PER_MS;
    return 0;
}
BOOT_OPTION_CUSTOM("sched_slice_ms", parse_slice);

struct runq *vcpu_runq_lock(struct vcpu *v)
{
    for (;;) {
        unsigned int cpu = READ_ONCE(v->cpu);
        struct runq *rq = runq_of(cpu);

        spin_lock(&rq->lock);
        if (likely(cpu == READ_ONCE(v->cpu)))
            return rq;
        spin_unlock(&rq->lock);
    }
}

static bool may_run_here(const struct runq *rq, const struct vcpu *v)
{
    return !vcpu_is_idle(v) && vcpu_is_runnable(v) && vcpu_allowed_on(v, rq->cpu);
}

/* Charges curr and asks the policy; the idle vCPU when there is nothing else. */
static struct vcpu *choose_next(struct runq *rq, struct vcpu *curr, ns_t now)
{
    struct vcpu *candidate = may_run_here(rq, curr) ? curr : NULL;
    struct vcpu *next;
    bool over = now >= rq->slice_end || rq->yield;

    runq_charge(rq, now);
    if (rq->yield && candidate)
        policy->yield(rq, candidate);
    rq->yield = false;
    next = policy->pick(rq, candidate, over);
    return next ? next : rq->idle;
}

/* The CPU to which a vCPU that has just left this one should go. */
static struct runq *queue_after_run(struct runq *rq, struct vcpu *v)
{
    if (!vcpu_is_runnable(v) || nr_cpus == 1)
        return rq;
    return runq_of(vcpu_place(v));
}

/*
 * prev's state is saved: from here on it may run elsewhere. Nothing of it is touched
 * after the lock is dropped, for its domain may be destroyed then.
 */
static void switch_finish(struct runq *rq, struct vcpu *prev, ns_t now)
{
    struct runq *to = queue_after_run(rq, prev);

    spin_lock(&rq->lock);
    if (unlikely(to != rq)) {
        spin_unlock(&rq->lock);
        runq_lock_pair(rq, to);
    }
    WRITE_ONCE(prev->running, false);
    if (vcpu_is_runnable(prev)) {
        if (to != rq)
            runq_change(rq, to, prev, now);
        runq_add(to, prev, false, now);
    } else {
        vcpu_set_active(prev, false);
    }
    if (to != rq)
        spin_unlock(&to->lock);
    spin_unlock(&rq->lock);
}

/* What is due whenever a vCPU is (again) about to enter its guest. */
static void vcpu_loaded(struct vcpu *v)
{
    if (unlikely(v->poll_port) && !(READ_ONCE(v->pause_flags) & VPF_POLLING))
        vcpu_poll_end(v);
}

/* Hands the CPU from prev to next. Lock held, interrupts off; dropped inside. */
static noreturn void switch_to(struct runq *rq, struct vcpu *prev, struct vcpu *next,
                               ns_t now)
{
    rq->curr = next;
    rq->charged = now;
    rq->slice_end = now + sched_slice;
    rq->curr_load = 0;
    if (!vcpu_is_idle(next)) {
        runq_remove(rq, next);
        rq->curr_load = next->run_load;
        /* Ordered before reading its pending events on the way out: see vcpu_kick(). */
        __atomic_store_n(&next->running, true, __ATOMIC_SEQ_CST);
    }
    runstate_change(next, RUNSTATE_running, now);
    runstate_change(prev, runstate_off_cpu(prev), now);
    runq_arm_slice(rq, now);
    spin_unlock(&rq->lock);

    if (!vcpu_is_idle(prev) && prev->periodic_period)
        vcpu_timers_unload(prev);
    vcpu_switch(prev, next);
    if (!vcpu_is_idle(prev))
        switch_finish(rq, prev, now);
    if (!vcpu_is_idle(next)) {
        vcpu_timers_load(next);
        vcpu_loaded(next);
        if (next->runstate_guest)
            pv_update_runstate_area(next);
    }
    resume_current();
}

/* curr goes on. Lock held, interrupts off; both released. */
static void keep_running(struct runq *rq, struct vcpu *curr, ns_t now)
{
    runq_arm_slice(rq, now);
    spin_unlock(&rq->lock);
    if (!vcpu_is_idle(curr))
        vcpu_loaded(curr);
    irq_enable();
}

/* Nothing to run here: offers this CPU to others, and looks at what waits elsewhere. */
static struct vcpu *choose_before_idle(struct runq *rq, struct vcpu *prev, ns_t now)
{
    cpumask_set_atomic(&idle_cpus, rq->cpu);
    spin_unlock(&rq->lock);
    balance_steal(rq, now);
    spin_lock(&rq->lock);
    return choose_next(rq, prev, now);
}

/* SOFTIRQ_SCHEDULE. Returns if the vCPU (or the idle loop) that it interrupted goes on.
 */
static void schedule(void)
{
    struct runq *rq = runq_of(smp_cpu_id());
    struct vcpu *prev = current, *next;
    ns_t now = time_now();

    irq_disable();
    if (unlikely(rq->nr_queued && now >= rq->next_balance && nr_cpus > 1))
        balance_push(rq, now);
    spin_lock(&rq->lock);
    next = choose_next(rq, prev, now);
    if (vcpu_is_idle(next) && nr_cpus > 1)
        next = choose_before_idle(rq, prev, now);
    if (!vcpu_is_idle(next) && cpumask_test(&idle_cpus, rq->cpu))
        cpumask_clear_atomic(&idle_cpus, rq->cpu);
    if (next == prev)
        keep_running(rq, prev, now);
    else
        switch_to(rq, prev, next, now);
}

/*
 * Interrupts are enabled by the instruction before HLT, which takes effect after HLT: an
 * interrupt that raises work between the test and HLT ends the HLT.
 */
noreturn void idle_loop(void)
{
    for (;;) {
        irq_disable();
        if (softirq_is_pending()) {
            irq_enable();
            softirq_run();
        } else {
            __asm__ volatile("sti; hlt" ::: "memory");
        }
    }
}

static struct vcpu *idle_vcpu_create(unsigned int cpu)
{
    struct vcpu *v = hv_new(struct vcpu);

    if (!v || !(v->own_info = hv_new(struct vcpu_info)))
        panic("no memory for the idle vCPU of CPU %u", cpu);
    v->info = v->own_info;
    v->info->evtchn_upcall_mask = 1;
    v->id = v->cpu = cpu;
    v->pin_override = -1;
    v->running = true;
    v->runstate.state = RUNSTATE_running;
    v->runstate.entered = time_now();
    return v;
}

void __init sched_init_cpu(unsigned int cpu)
{
    struct vcpu *idle = idle_vcpu_create(cpu);

    runq_init(runq_of(cpu), cpu, idle);
    per_cpu(current_vcpu, cpu) = idle;
}

void __init sched_init(void)
{
    softirq_register(SOFTIRQ_SCHEDULE, schedule);
    sched_init_cpu(smp_cpu_id());
}
