/* SPDX-License-Identifier: MIT */
/*
 * Deferred work of a CPU, run with interrupts on, on the way out to a guest and in the
 * idle loop. Raising is cheap; a remote raise sends an IPI only when the bit was clear.
 */
#ifndef HV_SOFTIRQ_H
#define HV_SOFTIRQ_H

#include <hv/compiler.h>
#include <hv/cpumask.h>
#include <hv/percpu.h>

/* In order of service. SCHEDULE is last: it does not return when it switches. */
enum softirq {
    SOFTIRQ_TIMER,
    SOFTIRQ_CONSOLE,
    SOFTIRQ_TRACE,   /* tells the consumer of trace records to read */
    SOFTIRQ_FRAMES,  /* frees frames whose last reference has gone */
    SOFTIRQ_RECLAIM, /* destroys domains whose last reference has gone */
    SOFTIRQ_SCHEDULE,
    NR_SOFTIRQS
};

DECLARE_PER_CPU(uint32_t, softirq_pending); /* bit per enum softirq; tested by entry.S */

/* Start-up only. */
void softirq_register(enum softirq nr, void (*handler)(void));
/* Any context. */
void softirq_raise(enum softirq nr);
void softirq_raise_cpu(enum softirq nr, unsigned int cpu);
/* Runs what is pending. Interrupts on, no locks held, from the exit path or idle loop. */
void softirq_run(void);

static inline bool softirq_is_pending(void)
{
    return READ_ONCE(this_cpu(softirq_pending)) != 0;
}

/*
 * True when a long operation on behalf of a guest should be broken off with a
 * continuation: something waits for this CPU.
 */
static inline bool preempt_wanted(void)
{
    return unlikely(softirq_is_pending());
}

#endif
