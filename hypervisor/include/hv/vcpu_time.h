/* SPDX-License-Identifier: MIT */
/*
 * The timers of a vCPU: single-shot (VCPUOP_set_singleshot_timer, set_timer_op) and
 * periodic, which raise VIRQ_TIMER, and one that ends a calm. Any context with no lock of level VIRQ or above held.
 */
#ifndef HV_VCPU_TIME_H
#define HV_VCPU_TIME_H

#include <hv/types.h>

struct vcpu;

/* Absolute system time; a past one fires at once. Replaces the one set before. */
void vcpu_singleshot_set(struct vcpu *v, ns_t deadline);
void vcpu_singleshot_stop(struct vcpu *v);

/* period in ns. 0; -EINVAL below 1 ms or absurdly long. */
int vcpu_periodic_set(struct vcpu *v, uint64_t period);
void vcpu_periodic_stop(struct vcpu *v);

/*
 * Lets v, which is current, run for a moment before it is told again that events are
 * pending. Its selector word keeps them.
 */
void vcpu_calm(struct vcpu *v);

/* The scheduler has put v, now current, on this CPU / is taking it off. */
void vcpu_timers_load(struct vcpu *v);
void vcpu_timers_unload(struct vcpu *v);

#endif
