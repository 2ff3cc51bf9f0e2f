/* SPDX-License-Identifier: MIT */
/*
 * The bench guest: every row runs its operation many times between two readings of the
 * time-stamp counter and prints the median. Under QEMU's -icount shift=0 the counter
 * advances by one per instruction, so the figures repeat to the digit.
 *
 * Output: "BENCH <name> <value>", at the end "BENCH end".
 */
#ifndef BENCH_H
#define BENCH_H

#include <mini-os/compiler.h>
#include <mini-os/time.h>

#define ROUNDS 201

void report(const char *name, uint64_t value);

/* Remembers one reading; report_median() prints and forgets. */
void sample(uint64_t cycles);
void report_median(const char *name);

/*
 * MEASURE(name, before, op): median of op, `before` runs ahead of each round outside
 * of the measurement.
 */
#define MEASURE(name, before, op)                         \
    do {                                                  \
        for (int round_ = 0; round_ < ROUNDS; round_++) { \
            uint64_t start_;                              \
            before;                                       \
            start_ = read_tsc();                          \
            op;                                           \
            sample(read_tsc() - start_);                  \
        }                                                 \
        report_median(name);                              \
    } while (0)

void bench_calls(void);
void bench_tables(void);
void bench_traps(void);
void bench_sched(void);
void bench_grants(void);
void bench_memory(void);

#endif
