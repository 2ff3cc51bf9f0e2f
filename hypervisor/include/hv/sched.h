/* SPDX-License-Identifier: MIT */
/*
 * The scheduler. Mechanism (run states, pausing, switching) is in sched/core.c; the
 * choice of the next vCPU is a policy behind struct sched_policy (sched/internal.h).
 * Every CPU has a run queue under its own SCHED lock; a vCPU's run state is guarded by
 * the lock of the CPU in v->cpu.
 */
#ifndef HV_SCHED_H
#define HV_SCHED_H

#include <hv/domain.h>

/*
 * Creates the running (boot) CPU's idle vCPU and run queue, and makes that vCPU current;
 * start-up, after the per-CPU areas. The other is called on the boot CPU for each other
 * one before it starts. Both panic when there is no memory.
 */
void sched_init(void);
void sched_init_cpu(unsigned int cpu);

/* Makes a vCPU that may have become runnable run soon. Any context. */
void vcpu_wake(struct vcpu *v);
/* A vCPU that is no longer runnable leaves its CPU soon. Any context. */
void vcpu_sleep_nosync(struct vcpu *v);
/*
 * The same, and waits until its state is all in *v; at once for current. Interrupts on,
 * no lock held. 0; -ERESTART: see domain_pause().
 */
int must_check vcpu_sleep_sync(struct vcpu *v);
/* Clears BLOCKED and POLLING and wakes. Any context. */
void vcpu_unblock(struct vcpu *v);
/*
 * Delivers attention after something was made pending for v: if it runs elsewhere, its
 * CPU is sent an event check; if it is blocked and has an event (or NMI) that it may take
 * it is unblocked. Any context.
 */
void vcpu_kick(struct vcpu *v);

/* Gives the CPU up if something else waits for it. Current only. */
void vcpu_yield(void);
/* SCHEDOP_block: enables event delivery and blocks current until an event is pending. */
void vcpu_block_enable_events(void);
/*
 * Blocks current until one of ports[0..n-1] is pending, an event is deliverable, or the
 * system time `timeout` (0: none) is past. 0; -EINVAL: no such port.
 */
int must_check vcpu_poll(const evtchn_port_t *ports, unsigned int n, ns_t timeout);

/* 0; -EINVAL: no online CPU in mask. v is moved off a CPU that it may no longer use. */
int must_check vcpu_set_hard_affinity(struct vcpu *v, const struct cpumask *mask);
/*
 * Ties v to one CPU regardless of its affinity, or undoes that with cpu < 0. 0; -EINVAL:
 * no such online CPU, or nothing to undo; -EBUSY: it is tied already.
 */
int must_check vcpu_pin_override(struct vcpu *v, int cpu);

/* Run-state times up to now, in ns by RUNSTATE_*. */
void vcpu_runstate_get(struct vcpu *v, struct runstate *out);
/* Time that CPU cpu has had no guest to run, ns. */
uint64_t sched_idle_time(unsigned int cpu);
/* CPU time used by the whole domain, ns. */
uint64_t domain_cpu_time(struct domain *d);

/*
 * Scheduling parameters of a domain (XEN_DOMCTL_scheduler_op: putinfo, getinfo). 0;
 * -EINVAL: another scheduler's parameters; -EOPNOTSUPP: per-vCPU parameters; -ENOMEM. Under
 * the DOMCTL lock.
 */
int must_check sched_adjust(struct domain *d, struct xen_domctl_scheduler_op *op);

/*
 * Watchdog timers of a domain (SCHEDOP_watchdog), two each. id 0: arms a new one for
 * `timeout` seconds and returns its id (1, 2). Else re-arms it, or with timeout 0 takes
 * it away, and returns 0. -EINVAL: no such watchdog; -ENOSPC: both are in use; -ENOMEM.
 */
int must_check domain_watchdog(struct domain *d, uint32_t id, uint32_t timeout);

/* Where a CPU goes when it has no guest; never returns. On the CPU's own stack. */
noreturn void idle_loop(void);

/*
 * Layer pv, called by schedule() with interrupts off: takes prev's state off this CPU,
 * all of it into *prev, makes next current, loads its state, and brings its time record
 * up to date. Either may be idle. Keeps the domains' dirty_cpus.
 */
void pv_context_switch(struct vcpu *prev, struct vcpu *next);
/* How schedule() calls it; exchanged while any domain is traced. */
extern void (*vcpu_switch)(struct vcpu *prev, struct vcpu *next);
/* entry.S: reset the stack and go to current's guest (or the idle loop if it is idle).
 * Interrupts off. */
noreturn void resume_current(void);

#endif
