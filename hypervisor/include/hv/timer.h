/* SPDX-License-Identifier: MIT */
/*
 * System time and one-shot timers. A timer belongs to one CPU's queue; its function runs
 * there from SOFTIRQ_TIMER with interrupts on and no lock held.
 */
#ifndef HV_TIMER_H
#define HV_TIMER_H

#include <hv/compiler.h>
#include <hv/pqueue.h>
#include <hv/types.h>

/* Nanoseconds since start; monotonic, equal on all CPUs to within the clocks' skew. */
ns_t time_now(void);
/* System time at a given TSC value of this CPU. */
ns_t time_at_tsc(uint64_t tsc);
/* This CPU's TSC rate as the ABI wants it: ns = ((tsc << shift) * mul) >> 32. */
struct time_scale {
    uint32_t mul_frac;
    int8_t shift;
};
/* The running CPU's calibration record: time = base_ns + scale(tsc - base_tsc). */
struct time_base {
    uint64_t tsc;
    ns_t ns;
    struct time_scale scale;
};
const struct time_base *time_base(void);
extern uint32_t tsc_khz;
/* The battery-backed clock: seconds since 1970, 0 if there is none. At start-up only. */
uint64_t rtc_read(void);
/* Reads the wall clock's start from it. */
void wallclock_init(void);
/* Wall clock: seconds and nanoseconds since 1970 at system time 0. */
void wallclock_get(uint64_t *sec, uint32_t *nsec);
/* Sets it (platform_op settime) and updates every domain's shared_info. */
void wallclock_set(uint64_t sec, uint32_t nsec, ns_t system_time);

struct timer {
    ns_t expires;
    void (*fn)(void *arg);
    void *arg;
    struct pqueue_node node;
    uint32_t cpu;
    bool armed, dead; /* under the TIMER lock of cpu */
};

/* Start-up, before the first timer is set. */
void timers_init(void);

/* cpu: whose queue it belongs to; t is not armed. */
void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, unsigned int cpu);
/*
 * (Re)arms t for an absolute system time; a time in the past fires at once. Never fires
 * early. Nothing happens when t was killed. Any context but NMI.
 */
void timer_set(struct timer *t, ns_t expires);
/* Disarms; the function may still be running on another CPU. */
void timer_stop(struct timer *t);
/*
 * Disarms and waits until the function does not run; it cannot be armed again. Not from
 * the function, nor with a lock held that the function takes. Interrupts on.
 */
void timer_kill(struct timer *t);
/* Moves it, armed or not, to another CPU's queue. */
void timer_migrate(struct timer *t, unsigned int cpu);

#endif
