/* SPDX-License-Identifier: MIT */
/*
 * Do two CPUs' TSCs agree? Both, for a moment at the same time, take a lock, read their
 * counter and compare it with the last reading under the lock: none may ever be behind.
 */
#include "platform.h"

#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/percpu.h>

#define ROUNDS 1000

bool tsc_in_sync __ro_after_init = true;

static unsigned int arrived; /* at gates so far, two at each */
static bool is_taken;        /* the lock */
static uint64_t last_tsc;
static bool went_backwards;

/* Every gate lets two through, together. */
static void gate(void)
{
    unsigned int before = __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);

    while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < (before | 1) + 1)
        cpu_relax();
}

static void compare(void)
{
    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t now;

        while (__atomic_exchange_n(&is_taken, true, __ATOMIC_ACQUIRE))
            cpu_relax();
        __asm__ volatile("lfence"); /* not before the lock is ours */
        now = rdtsc();
        if (now < last_tsc)
            went_backwards = true;
        last_tsc = now;
        __atomic_store_n(&is_taken, false, __ATOMIC_RELEASE);
    }
}

/* The boot CPU's side; returns when both have finished, ready for the next pair. */
__init void tsc_sync_source(void)
{
    last_tsc = 0;
    went_backwards = false;
    gate();
    compare();
    gate();
    if (went_backwards && tsc_in_sync) {
        tsc_in_sync = false;
        pr_warn("TSCs of the CPUs differ: each is steered by the platform's clock\n");
    }
}

__init void tsc_sync_target(void)
{
    gate();
    compare();
    gate();
}
