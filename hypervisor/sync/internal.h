/* SPDX-License-Identifier: MIT */
/*
 * Requests to other CPUs. A CPU has at most one of each kind under way, since it waits
 * for its end; so a request is described in the caller's per-CPU data, and a target only
 * needs to know who has asked: struct inbox, one bit per caller. No locks, no allocation,
 * and callers do not hold each other up.
 */
#ifndef SYNC_INTERNAL_H
#define SYNC_INTERNAL_H

#include <hv/cpumask.h>
#include <hv/smp.h>

struct inbox {
    struct cpumask from;
};

/* Target side: takes the next caller's number out, or NR_CPUS. May be interrupted by
 * itself. */
static inline unsigned int inbox_take(struct inbox *in)
{
    unsigned int caller;
    uint64_t bit;

    while ((caller = cpumask_next(&in->from, 0)) < NR_CPUS) {
        bit = 1ull << (caller % 64);
        if (__atomic_fetch_and(&in->from.bits[caller / 64], ~bit, __ATOMIC_SEQ_CST) & bit)
            break;
    }
    return caller;
}

/*
 * Caller side: until none of the targets is outstanding. Shoot-downs asked of this CPU
 * are served meanwhile, so that two CPUs may wait for each other.
 */
static inline void request_wait(const uint32_t *outstanding)
{
    while (__atomic_load_n(outstanding, __ATOMIC_ACQUIRE)) {
        tlb_serve();
        __asm__ volatile("pause" ::: "memory");
    }
}

/* Caller side: CPUs of mask that are online, without the caller. */
static inline struct cpumask request_targets(const struct cpumask *mask,
                                             unsigned int self)
{
    struct cpumask targets;

    cpumask_and(&targets, mask, &cpu_online_map);
    targets.bits[self / 64] &= ~(1ull << (self % 64));
    return targets;
}

#endif
