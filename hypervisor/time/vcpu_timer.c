/* SPDX-License-Identifier: MIT */
/*
 * The timers of a vCPU. The first two end in VIRQ_TIMER.
 *  - single-shot: an absolute system time; wakes the vCPU if it is blocked. It follows
 *    the vCPU to the CPU that runs it when it is next loaded.
 *  - periodic: ticks only while the vCPU runs. A tick that fell due while it did not is
 *    delivered once when it runs again; the ticks keep their phase.
 *  - calm: shows the vCPU the pending flag that vcpu_calm() has taken away.
 * Every vCPU starts with a period of 10 ms, as the ABI's oldest kernels expect; newer
 * ones stop it.
 */
#include <hv/vcpu_time.h>
#include <hv/domain.h>
#include <hv/hooks.h>
#include <hv/parts.h>
#include <hv/sched.h>
#include <abi/errno.h>

#define DEFAULT_PERIOD (10 * NS_PER_MS)
#define MIN_PERIOD     NS_PER_MS
/* Far enough for any guest, and no sum of it with system time overflows. */
#define MAX_PERIOD (((int64_t)1 << 62) - 1)
#define CALM       (50 * NS_PER_US)

static void singleshot_fired(void *arg)
{
    evtchn_raise_vcpu_virq(arg, VIRQ_TIMER);
}

/* Delivers a tick that is due, and arms the timer for the next one. */
static void periodic_work(struct vcpu *v)
{
    ns_t now = time_now();
    ns_t period = READ_ONCE(v->periodic_period);

    if (!period)
        return;
    if (now - v->periodic_last >= period) {
        evtchn_raise_vcpu_virq(v, VIRQ_TIMER);
        v->periodic_last = now - (now - v->periodic_last) % period;
    }
    timer_set(&v->periodic, v->periodic_last + period);
}

static void periodic_fired(void *arg)
{
    struct vcpu *v = arg;

    if (READ_ONCE(v->running))
        periodic_work(v);
}

/* There may be nothing left to be taken: guests bear an upcall for nothing. */
static void calm_over(void *arg)
{
    struct vcpu *v = arg;

    if (!__atomic_exchange_n(&READ_ONCE(v->info)->evtchn_upcall_pending, 1,
                             __ATOMIC_SEQ_CST))
        vcpu_kick(v);
}

void vcpu_calm(struct vcpu *v)
{
    __atomic_store_n(&v->info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
    timer_set(&v->calm, time_now() + CALM);
}

void vcpu_timers_load(struct vcpu *v)
{
    unsigned int cpu = smp_cpu_id();

    if (unlikely(v->singleshot.cpu != cpu)) {
        timer_migrate(&v->singleshot, cpu);
        timer_migrate(&v->periodic, cpu);
        timer_migrate(&v->poll_timer, cpu);
        timer_migrate(&v->calm, cpu);
    }
    if (v->periodic_period)
        periodic_work(v);
}

void vcpu_timers_unload(struct vcpu *v)
{
    timer_stop(&v->periodic);
}

int vcpu_periodic_set(struct vcpu *v, uint64_t period)
{
    if (period < MIN_PERIOD || period > MAX_PERIOD)
        return -EINVAL;
    WRITE_ONCE(v->periodic_last, time_now());
    WRITE_ONCE(v->periodic_period, (ns_t)period);
    /* When it does not run, being loaded arms it; an idle tick is ignored. */
    timer_set(&v->periodic, v->periodic_last + (ns_t)period);
    return 0;
}

void vcpu_periodic_stop(struct vcpu *v)
{
    WRITE_ONCE(v->periodic_period, 0);
    timer_stop(&v->periodic);
}

void vcpu_singleshot_set(struct vcpu *v, ns_t deadline)
{
    timer_set(&v->singleshot, deadline);
}

void vcpu_singleshot_stop(struct vcpu *v)
{
    timer_stop(&v->singleshot);
}

int time_domain_create(struct domain *d, const struct xen_domctl_createdomain *cfg)
{
    (void)d;
    (void)cfg;
    return 0;
}

static void vcpu_timers_kill(struct vcpu *v)
{
    timer_kill(&v->singleshot);
    timer_kill(&v->periodic);
    timer_kill(&v->poll_timer);
    timer_kill(&v->calm);
}

int time_domain_relinquish(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu (d, v)
        vcpu_timers_kill(v);
    return 0;
}

void time_domain_destroy(struct domain *d)
{
    (void)d;
}

static void poll_timeout(void *arg)
{
    vcpu_unblock(arg);
}

int time_vcpu_create(struct vcpu *v)
{
    timer_init(&v->singleshot, singleshot_fired, v, v->cpu);
    timer_init(&v->periodic, periodic_fired, v, v->cpu);
    timer_init(&v->poll_timer, poll_timeout, v, v->cpu);
    timer_init(&v->calm, calm_over, v, v->cpu);
    v->periodic_period = DEFAULT_PERIOD;
    v->periodic_last = time_now();
    return 0;
}

void time_vcpu_destroy(struct vcpu *v)
{
    vcpu_timers_kill(v);
}
