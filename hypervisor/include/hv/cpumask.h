/* SPDX-License-Identifier: MIT */
/*
 * CPU sets. NR_CPUS bounds the machine's processors (memory is taken only for those
 * present); bit operations are atomic where the name says so.
 */
#ifndef HV_CPUMASK_H
#define HV_CPUMASK_H

#include <hv/compiler.h>
#include <hv/types.h>

#define NR_CPUS       256
#define CPUMASK_WORDS (NR_CPUS / 64)

struct cpumask {
    uint64_t bits[CPUMASK_WORDS];
};

extern unsigned int nr_cpus;          /* present: CPU numbers are below this */
extern struct cpumask cpu_online_map; /* running */

static inline bool cpumask_test(const struct cpumask *m, unsigned int cpu)
{
    return (__atomic_load_n(&m->bits[cpu / 64], __ATOMIC_RELAXED) >> (cpu % 64)) & 1;
}

static inline void cpumask_set_atomic(struct cpumask *m, unsigned int cpu)
{
    __atomic_fetch_or(&m->bits[cpu / 64], 1ull << (cpu % 64), __ATOMIC_SEQ_CST);
}

static inline void cpumask_clear_atomic(struct cpumask *m, unsigned int cpu)
{
    __atomic_fetch_and(&m->bits[cpu / 64], ~(1ull << (cpu % 64)), __ATOMIC_SEQ_CST);
}

/* First CPU at or after from that is in m, or NR_CPUS. */
static inline unsigned int cpumask_next(const struct cpumask *m, unsigned int from)
{
    for (unsigned int w = from / 64; w < CPUMASK_WORDS; w++) {
        uint64_t bits = __atomic_load_n(&m->bits[w], __ATOMIC_RELAXED);

        if (w == from / 64)
            bits &= ~0ull << (from % 64);
        if (bits)
            return w * 64 + (unsigned int)__builtin_ctzll(bits);
    }
    return NR_CPUS;
}

static inline bool cpumask_is_empty(const struct cpumask *m)
{
    return cpumask_next(m, 0) == NR_CPUS;
}

static inline void cpumask_and(struct cpumask *dst, const struct cpumask *a,
                               const struct cpumask *b)
{
    for (unsigned int w = 0; w < CPUMASK_WORDS; w++)
        dst->bits[w] = a->bits[w] & b->bits[w];
}

static inline unsigned int cpumask_weight(const struct cpumask *m)
{
    unsigned int n = 0;

    for (unsigned int w = 0; w < CPUMASK_WORDS; w++)
        for (uint64_t bits = m->bits[w]; bits; bits &= bits - 1)
            n++;
    return n;
}

static inline struct cpumask cpumask_of(unsigned int cpu)
{
    struct cpumask m = { { 0 } };

    m.bits[cpu / 64] = 1ull << (cpu % 64);
    return m;
}

#define for_each_cpu(cpu, mask)                            \
    for ((cpu) = cpumask_next((mask), 0); (cpu) < NR_CPUS; \
         (cpu) = cpumask_next((mask), (cpu) + 1))
#define for_each_online_cpu(cpu) for_each_cpu (cpu, &cpu_online_map)

#endif
