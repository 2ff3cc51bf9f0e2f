/* SPDX-License-Identifier: MIT */
/*
 * Do two CPUs' TSCs agree? Both take turns under a lock of their own, each reading its
 * counter and comparing with the other's last reading: none may ever be behind.
 */
#include "platform.h"

#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/percpu.h>

#define ROUNDS 200

bool tsc_in_sync __ro_after_init = true;

static unsigned int arrived; /* at gates so far, two at each */
static unsigned int turn;    /* 0 source, 1 target */
static uint64_t last_tsc;
static bool went_backwards;

/* Every gate lets two through, together. */
static void gate(void)
{
    unsigned int before = __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);

    while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < (before | 1) + 1)
        cpu_relax();
}

static void take_turns(unsigned int me)
{
    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t now;

        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != me)
            cpu_relax();
        now = rdtsc();
        if (now < last_tsc)
            went_backwards = true;
        last_tsc = now;
        __atomic_store_n(&turn, !me, __ATOMIC_RELEASE);
    }
}

/* The boot CPU's side; returns when both have finished, ready for the next pair. */
__init void tsc_sync_source(void)
{
    last_tsc = 0;
    went_backwards = false;
    gate();
    take_turns(0);
    gate();
    if (went_backwards && tsc_in_sync) {
        tsc_in_sync = false;
        pr_warn("TSCs of the CPUs differ: each is steered by the platform's clock\n");
    }
}

__init void tsc_sync_target(void)
{
    gate();
    take_turns(1);
    gate();
}
