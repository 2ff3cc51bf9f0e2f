/* SPDX-License-Identifier: MIT */
/*
 * One of many small domains: work whose result it checks itself. It keeps to what the
 * builder gives it: one vCPU with events masked, no traps.
 */
#ifndef WORKER_H
#define WORKER_H

#include <builder.h>

/* What domain 0 has it do. */
enum order {
    ORDER_WORK,    /* memory, FPU, timer and events in turn */
    ORDER_COMPUTE, /* memory and FPU: always wants to run */
    ORDER_SPIN,    /* nothing, without a hypercall */
    ORDER_FLOOD,   /* hypercalls only */
};

/* What went wrong, if something did. */
enum fault {
    FAULT_NONE,
    FAULT_SET_UP,
    FAULT_MEMORY,
    FAULT_FPU,
    FAULT_TIMER_EARLY,
    FAULT_TIMER_LOST,
    FAULT_NO_ANSWER,
    FAULT_WRONG_ANSWER,
    FAULT_HYPERCALL,
};

/* Shared with domain 0, behind the child_args in their page. */
struct work {
    volatile uint32_t order;   /* by domain 0 */
    volatile uint32_t fault;   /* by the worker: the first fault, which also ends it */
    volatile uint64_t rounds;  /* by the worker: done and found right */
    volatile uint64_t answers; /* by domain 0: one for each event */
};

static inline struct work *work_of(struct child_args *args)
{
    return (struct work *)(args + 1);
}

/* Where it starts. */
void worker(struct child_args *args);

#endif
