/* SPDX-License-Identifier: MIT */
/* What the files of the scheduler share: run queues and the policy interface. */
#ifndef SCHED_INTERNAL_H
#define SCHED_INTERNAL_H

#include <hv/sched.h>

/* One CPU's run queue. Everything under lock unless noted. */
struct runq {
    struct spinlock lock; /* SCHED */
    unsigned int cpu;
    struct vcpu *idle;
    struct vcpu *curr;      /* runs here, or the idle vCPU */
    ns_t charged;           /* curr has been charged for its time up to here */
    bool yield;             /* curr asked to go behind the others */
    unsigned int nr_queued; /* others read it unlocked, as a hint */
    uint64_t load;          /* what those queued count for; likewise a hint */
    uint64_t curr_load;     /* and what curr does */

    struct timer slice_timer; /* armed while some wait, for slice_end or earlier */
    ns_t slice_end;           /* curr's time slice ends */
    ns_t next_balance;

    /* --- the policy's --- */
    struct pqueue queue; /* vCPUs by vruntime */
    uint64_t floor;      /* the vruntime of one that has had its share; never sinks */
};

DECLARE_PER_CPU(struct runq, runq);

#ifndef HV_HOST_BUILD
static inline struct runq *runq_of(unsigned int cpu)
{
    return &per_cpu(runq, cpu);
}
#else
struct runq *runq_of(unsigned int cpu);
#endif

/*
 * A policy. All with the run queue's lock held, interrupts off, except domain_init and
 * adjust. "Queued" vCPUs are those between enqueue and dequeue; curr is not among them.
 */
struct sched_policy {
    const char *name;
    void (*domain_init)(struct domain *d);
    /* v enters rq: newly runnable (waking), or back from running or from another CPU. */
    void (*enqueue)(struct runq *rq, struct vcpu *v, bool waking);
    void (*dequeue)(struct runq *rq, struct vcpu *v);
    /* rq's curr has run for ns. */
    void (*charge)(struct runq *rq, struct vcpu *curr, ns_t ns);
    /* curr goes behind one that is queued. */
    void (*yield)(struct runq *rq, struct vcpu *curr);
    /*
     * The one to run next: a queued vCPU, which stays queued, or curr, which is null if
     * it cannot go on. Null: none. over: curr's time slice has ended, or it yields.
     */
    struct vcpu *(*pick)(struct runq *rq, struct vcpu *curr, bool over);
    /* Should v, just queued, displace curr at once? */
    bool (*preempts)(const struct runq *rq, const struct vcpu *curr,
                     const struct vcpu *v);
    /* v, not queued, changes queues: translates what depends on them. Both locked. */
    void (*migrate)(const struct runq *from, const struct runq *to, struct vcpu *v);
    /* What v counts for in balancing. No lock. */
    uint64_t (*load_of)(const struct vcpu *v);
    int (*adjust)(struct domain *d, struct xen_domctl_scheduler_op *op);
};

extern const struct sched_policy sched_fair;
#define policy (&sched_fair)

/* Longest time that a vCPU runs while others wait. */
extern ns_t sched_slice;

/* --- core.c --- */
/* Locks the run queue of v->cpu; interrupts off. */
struct runq *vcpu_runq_lock(struct vcpu *v);

/* --- runq.c: all with the lock of rq held --- */
void runq_lock_pair(struct runq *a, struct runq *b);
void runq_unlock_pair(struct runq *a, struct runq *b);
/* Charges curr for its time up to now. */
void runq_charge(struct runq *rq, ns_t now);
/* Queues v, runnable and not running, and calls its CPU to attention if it should. */
void runq_add(struct runq *rq, struct vcpu *v, bool waking, ns_t now);
/* Takes a queued v out. */
void runq_remove(struct runq *rq, struct vcpu *v);
/* v, neither queued nor running, goes over to another CPU. Both locked. */
void runq_change(struct runq *from, struct runq *to, struct vcpu *v, ns_t now);
/* Sees to it that curr's slice ends if others wait. */
void runq_arm_slice(struct runq *rq, ns_t now);
void runq_init(struct runq *rq, unsigned int cpu, struct vcpu *idle);
/* v counts among its domain's active vCPUs: runs, or wants to. */
void vcpu_set_active(struct vcpu *v, bool active);

/* --- runstate.c --- */
/* v changes to RUNSTATE_* at `now`; lock held. */
void runstate_change(struct vcpu *v, int state, ns_t now);
/* The state of a vCPU that does not run. */
int runstate_off_cpu(const struct vcpu *v);

/* --- balance.c --- */
/* CPUs whose current is the idle vCPU; a hint. */
extern struct cpumask idle_cpus;
/* May v run on cpu? */
static inline bool vcpu_allowed_on(const struct vcpu *v, unsigned int cpu)
{
    int pin = READ_ONCE(v->pin_override);

    return pin >= 0 ? cpu == (unsigned int)pin : cpumask_test(&v->hard_affinity, cpu);
}
/* The CPU on which v should wait or run next; v's run queue is locked. */
unsigned int vcpu_place(struct vcpu *v);
/* Fetches a queued vCPU of another CPU to this one. No lock held. */
void balance_steal(struct runq *rq, ns_t now);
/* Hands a queued vCPU of this CPU to a less loaded one. No lock held; interrupts off. */
void balance_push(struct runq *rq, ns_t now);

/* --- wake.c --- */
/*
 * Sets BLOCKED (and POLLING) of v, which is current, and has it leave the CPU, unless an
 * event is deliverable: then it changes nothing and returns false.
 */
bool vcpu_block(struct vcpu *v, uint32_t pause_flags);
/* Takes vcpu_block() back. */
void vcpu_block_cancel(struct vcpu *v);

/* --- poll.c --- */
/* v polls no more: forget its ports. v is current, or about to be; interrupts off. */
void vcpu_poll_end(struct vcpu *v);

/* --- watchdog.c --- */
void watchdogs_kill(struct domain *d);

/* --- cap.c --- */
/* CPU time of d at most, in percent of one CPU; 0: no limit. 0; -ENOMEM. One at a time. */
int must_check domain_set_cap(struct domain *d, uint16_t percent);
/* It changes no more. Interrupts on. */
void domain_cap_kill(struct domain *d);

#endif
