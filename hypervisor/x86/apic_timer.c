/* SPDX-License-Identifier: MIT */
/*
 * The local APIC's timer as this CPU's one-shot clock event: by count-down, or by TSC
 * deadline where the processor has that.
 */
#include "platform.h"

#include <hv/apic.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/softirq.h>

#define TIMER_DIVIDE_BY_1 0xb
#define TIMER_DEADLINE    (2u << 17)
#define LVT_MASKED        (1u << 16)
#define MSR_TSC_DEADLINE  0x6e0

/* Counts (of the timer, or of the TSC for deadlines) per ns as a 32.32 number. */
static uint64_t counts_per_ns __ro_after_init;
static bool use_deadline __ro_after_init;

/* Longer waits end early. */
#define MAX_WAIT (NS_PER_SEC * 4)

__init void apic_timer_start_count(void)
{
    apic_write(APIC_LVT_TIMER, LVT_MASKED | VEC_TIMER);
    apic_write(APIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
    apic_write(APIC_TIMER_INIT, UINT32_MAX);
}

__init uint32_t apic_timer_count(void)
{
    return UINT32_MAX - apic_read(APIC_TIMER_COUNT);
}

static void handle_timer(void)
{
    softirq_raise(SOFTIRQ_TIMER);
}

/* The timer counted `ticks` (below 2^32) in `ns`; tsc_khz is known. */
__init void apic_timer_set_rate(uint64_t ticks, ns_t ns)
{
    use_deadline = host_cpu.tsc_deadline;
    if (use_deadline)
        counts_per_ns = ((uint64_t)tsc_khz << 32) / 1000000;
    else
        counts_per_ns = (ticks << 32) / (uint64_t)ns;
    if (!counts_per_ns)
        boot_fail("the local APIC timer does not run");
    irq_set_vector(VEC_TIMER, handle_timer);
}

void apic_timer_init_cpu(void)
{
    if (use_deadline) {
        apic_write(APIC_LVT_TIMER, TIMER_DEADLINE | VEC_TIMER);
        /* The mode must have changed before the deadline is written. */
        __asm__ volatile("mfence" ::: "memory");
        return;
    }
    apic_write(APIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
    apic_write(APIC_LVT_TIMER, VEC_TIMER);
}

void apic_timer_program(ns_t deadline)
{
    uint64_t counts;
    ns_t left;

    if (deadline == APIC_TIMER_NEVER) {
        if (use_deadline)
            wrmsr(MSR_TSC_DEADLINE, 0);
        else
            apic_write(APIC_TIMER_INIT, 0);
        return;
    }
    left = deadline - time_now();
    if (left <= 0) {
        softirq_raise(SOFTIRQ_TIMER);
        return;
    }
    left = min(left, (ns_t)MAX_WAIT);
    counts = (uint64_t)(((unsigned __int128)(uint64_t)left * counts_per_ns) >> 32) + 1;
    if (use_deadline)
        wrmsr(MSR_TSC_DEADLINE, rdtsc() + counts);
    else
        apic_write(APIC_TIMER_INIT, (uint32_t)min(counts, (uint64_t)UINT32_MAX));
}
