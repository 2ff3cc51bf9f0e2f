/* SPDX-License-Identifier: MIT */
/*
 * Becoming runnable and ceasing to be: wake, sleep, block, kick, yield. Whether a vCPU is
 * runnable is decided by its pause flags and counts alone; these functions are called
 * after a change of them and bring run queue and processor in line.
 */
#include "internal.h"

#include <hv/cpu.h>
#include <hv/hypercall.h>
#include <hv/smp.h>
#include <hv/softirq.h>

/* Runnable, and neither waiting nor on a CPU. v's run queue is locked. */
static bool wants_queue(const struct vcpu *v)
{
    return !v->queued && !v->running && vcpu_is_runnable(v);
}

/* Queues v on another CPU than v->cpu. No lock held; interrupts off. */
static void wake_elsewhere(struct vcpu *v, struct runq *from, struct runq *to)
{
    runq_lock_pair(from, to);
    if (likely(v->cpu == from->cpu && wants_queue(v))) {
        ns_t now = time_now();

        runq_change(from, to, v, now);
        runq_add(to, v, true, now);
    }
    runq_unlock_pair(from, to);
}

void vcpu_wake(struct vcpu *v)
{
    unsigned long flags;
    struct runq *rq, *to;

    if (!vcpu_is_runnable(v))
        return;
    flags = irq_save();
    rq = to = vcpu_runq_lock(v);
    if (likely(wants_queue(v))) {
        to = runq_of(vcpu_place(v));
        if (to == rq)
            runq_add(rq, v, true, time_now());
    }
    spin_unlock(&rq->lock);
    if (unlikely(to != rq))
        wake_elsewhere(v, rq, to);
    irq_restore(flags);
}

void vcpu_sleep_nosync(struct vcpu *v)
{
    unsigned long flags = irq_save();
    struct runq *rq = vcpu_runq_lock(v);

    if (!vcpu_is_runnable(v)) {
        if (v->queued) {
            runq_remove(rq, v);
            vcpu_set_active(v, false);
        }
        if (rq->curr == v)
            softirq_raise_cpu(SOFTIRQ_SCHEDULE, rq->cpu);
        else
            runstate_change(v, runstate_off_cpu(v), time_now());
    }
    spin_unlock(&rq->lock);
    irq_restore(flags);
}

/*
 * Two vCPUs that wait for each other would wait for ever: neither can leave its
 * hypercall. So one that is itself asked to stop gives up, if the one it waits for comes
 * after it in a fixed order: every circle of waiting vCPUs has a member that does.
 */
static bool must_give_way(const struct vcpu *v)
{
    const struct vcpu *self = current;

    return !vcpu_is_idle(self) && !vcpu_is_runnable(self) && self < v;
}

int vcpu_sleep_sync(struct vcpu *v)
{
    struct runq *rq;

    vcpu_sleep_nosync(v);
    if (v == current)
        return 0;
    while (READ_ONCE(v->running) && !vcpu_is_runnable(v)) {
        if (must_give_way(v))
            return -ERESTART;
        cpu_relax();
    }
    /* The CPU that cleared `running` may not have let go yet. */
    irq_disable();
    rq = vcpu_runq_lock(v);
    spin_unlock(&rq->lock);
    irq_enable();
    return 0;
}

void vcpu_unblock(struct vcpu *v)
{
    uint32_t old;

    if (!(READ_ONCE(v->pause_flags) & VPF_BLOCKED))
        return;
    old = __atomic_fetch_and(&v->pause_flags, ~(VPF_BLOCKED | VPF_POLLING),
                             __ATOMIC_SEQ_CST);
    if (old & VPF_BLOCKED)
        vcpu_wake(v);
}

/* Has v something to take that would interrupt its guest? */
static bool vcpu_has_event(const struct vcpu *v)
{
    const struct vcpu_info *info = READ_ONCE(v->info);

    if (READ_ONCE(info->evtchn_upcall_pending) && !READ_ONCE(info->evtchn_upcall_mask))
        return true;
    return READ_ONCE(v->pv.nmi_pending) && !READ_ONCE(v->pv.nmi_masked);
}

/*
 * The caller has made something pending with an atomic operation. Either the vCPU's
 * pending state is read after its flag is set (vcpu_block), or the flag is seen here;
 * likewise for `running` and the way out to the guest.
 */
void vcpu_kick(struct vcpu *v)
{
    if (READ_ONCE(v->pause_flags) & VPF_BLOCKED) {
        if (vcpu_has_event(v))
            vcpu_unblock(v);
    } else if (v != current && READ_ONCE(v->running)) {
        smp_send_event_check(READ_ONCE(v->cpu));
    }
}

bool vcpu_block(struct vcpu *v, uint32_t pause_flags)
{
    __atomic_fetch_or(&v->pause_flags, pause_flags, __ATOMIC_SEQ_CST);
    if (vcpu_has_event(v)) {
        vcpu_block_cancel(v);
        return false;
    }
    softirq_raise(SOFTIRQ_SCHEDULE);
    return true;
}

void vcpu_block_cancel(struct vcpu *v)
{
    __atomic_fetch_and(&v->pause_flags, ~(VPF_BLOCKED | VPF_POLLING), __ATOMIC_SEQ_CST);
}

void vcpu_block_enable_events(void)
{
    struct vcpu *v = current;

    WRITE_ONCE(v->info->evtchn_upcall_mask, 0);
    vcpu_block(v, VPF_BLOCKED);
}

void vcpu_yield(void)
{
    struct runq *rq = runq_of(smp_cpu_id());

    if (!READ_ONCE(rq->nr_queued))
        return;
    WRITE_ONCE(rq->yield, true);
    softirq_raise(SOFTIRQ_SCHEDULE);
}
