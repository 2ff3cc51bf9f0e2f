/* SPDX-License-Identifier: MIT */
/* The frame of the bench guest: readings, medians, and the order of the rows. */
#include "bench.h"

#include <mini-os/boot.h>
#include <mini-os/console.h>

static uint64_t samples[ROUNDS];
static unsigned int nr_samples;

/* These are found by profile.py among the instructions: none may be inlined. */
noinline void report(const char *name, uint64_t value)
{
    printf("BENCH %s %lu\n", name, value);
}

/* Kept in order: the median is in the middle. */
noinline void sample(uint64_t cycles)
{
    unsigned int i = nr_samples++;

    for (; i && samples[i - 1] > cycles; i--)
        samples[i] = samples[i - 1];
    samples[i] = cycles;
}

void report_median(const char *name)
{
    report(name, samples[nr_samples / 2]);
    nr_samples = 0;
}

static noinline void bench_end(void)
{
    printf("BENCH end\n");
}

void app_main(void)
{
    uint64_t at_start = read_tsc();

    printf("\n");
    report("boot-to-guest", at_start);
    MEASURE("rdtsc-pair", , );
    bench_calls();
    bench_tables();
    bench_traps();
    bench_grants();
    bench_sched();
    bench_memory();
    bench_end();
}
