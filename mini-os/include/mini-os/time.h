/* SPDX-License-Identifier: MIT */
/*
 * Time since the hypervisor started, from vcpu_time_info, and one-shot waiting. The
 * periodic timer that every vCPU starts with is stopped by the library.
 */
#ifndef MINI_OS_TIME_H
#define MINI_OS_TIME_H

#include <abi/xen.h>
#include <mini-os/compiler.h>

#define NSEC_PER_USEC 1000UL
#define NSEC_PER_MSEC 1000000UL
#define NSEC_PER_SEC  1000000000UL

/* A consistent copy of time information (version even, and equal before and after). */
void time_info_read(const struct vcpu_time_info *shared, struct vcpu_time_info *copy);

/* The system time that a copy says for a time-stamp counter value. */
uint64_t time_info_to_ns(const struct vcpu_time_info *info, uint64_t tsc);

/* System time in ns. */
uint64_t time_now(void);

/* Seconds and nanoseconds since 1970 at system time 0. */
void time_wallclock(uint64_t *sec, uint32_t *nsec);

static inline uint64_t read_tsc(void)
{
    uint32_t lo, hi;

    asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return ((uint64_t)hi << 32) | lo;
}

/* This vCPU's single-shot timer, which raises VIRQ_TIMER; 0 stops. 0 or negative errno.
 */
int timer_set(uint64_t deadline_ns);

/* Gives the processor away for that long, by SCHEDOP_poll without ports. */
void time_sleep(uint64_t ns);

/* Spins for at least so long. */
void time_delay(uint64_t ns);

#endif
