/* SPDX-License-Identifier: MIT */
/*
 * The scheduler. Mechanism (run states, pausing, switching) is in sched/core.c; the
 * choice of the next vCPU is a policy behind struct sched_policy. Every CPU has a run
 * queue under its own SCHED lock; a vCPU's run state is guarded by the lock of the CPU
 * in v->cpu.
 */
#ifndef HV_SCHED_H
#define HV_SCHED_H

#include <hv/domain.h>

struct sched_policy {
    const char *name;
    int (*vcpu_create)(struct vcpu *v);
    void (*vcpu_destroy)(struct vcpu *v);
    /* All below: with the run-queue lock of v->cpu (or cpu) held, interrupts off. */
    void (*enqueue)(struct vcpu *v, bool was_blocked);
    void (*dequeue)(struct vcpu *v);
    void (*yield)(struct vcpu *v);
    /* The vCPU to run next on cpu (null = idle) and for how long at most. */
    struct vcpu *(*pick)(unsigned int cpu, ns_t now, ns_t *slice);
    /* The CPU on which a waking vCPU should run. */
    unsigned int (*place)(struct vcpu *v);
    int (*adjust)(struct domain *d, struct xen_domctl_scheduler_op *op);
};

/* Creates each CPU's idle vCPU and run queue; called at start-up for all present CPUs. */
void sched_init(void);
void sched_init_cpu(unsigned int cpu);

/* Makes a vCPU that may have become runnable run soon. Any context. */
void vcpu_wake(struct vcpu *v);
/* A vCPU that is no longer runnable leaves its CPU soon / before return. */
void vcpu_sleep_nosync(struct vcpu *v);
void vcpu_sleep_sync(struct vcpu *v);
/* Clears BLOCKED and POLLING and wakes. Any context. */
void vcpu_unblock(struct vcpu *v);
/* Delivers attention: if v runs elsewhere, its CPU is sent an event check; if it is
 * blocked with an event pending and unmasked it is unblocked. Any context. */
void vcpu_kick(struct vcpu *v);

/* Gives the CPU up if something better waits. */
void vcpu_yield(void);
/* Blocks current until an event is pending; enables event delivery first (SCHEDOP_block). */
void vcpu_block_enable_events(void);

/* 0; -EINVAL: no online CPU in mask. v is moved off a CPU that it may no longer use. */
int must_check vcpu_set_hard_affinity(struct vcpu *v, const struct cpumask *mask);

/* Run-state times up to now, in ns by RUNSTATE_*. */
void vcpu_runstate_get(struct vcpu *v, struct runstate *out);
/* CPU time used by the whole domain, ns. */
uint64_t domain_cpu_time(struct domain *d);

/* Where a CPU goes when it has no guest; never returns. On the CPU's own stack. */
noreturn void idle_loop(void);

/* Layer x86/pv, called by schedule(): load next's state on this CPU. prev or next may be idle. */
void pv_context_switch(struct vcpu *prev, struct vcpu *next);
/* entry.S: reset the stack and go to current's guest (or the idle loop if it is idle). */
noreturn void resume_current(void);

#endif
