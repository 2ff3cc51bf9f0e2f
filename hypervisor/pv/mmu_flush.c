/* SPDX-License-Identifier: MIT */
/* TLB flushes that a guest asks for. */
#include "mmu.h"
#include <hv/smp.h>

void mmu_flush_domain(unsigned long va)
{
    tlb_flush_mask(&current->domain->dirty_cpus, va);
}

/* The processors on which those vCPUs of d run whose bits of `word` are set. */
static void add_cpus(const struct domain *d, unsigned int first, uint64_t word,
                     struct cpumask *cpus)
{
    for (; word; word &= word - 1) {
        struct vcpu *v = domain_vcpu(d, first + (unsigned int)__builtin_ctzll(word));
        unsigned int cpu;

        if (!v)
            continue;
        cpu = READ_ONCE(v->cpu);
        if (cpumask_test(&d->dirty_cpus, cpu))
            cpus->bits[cpu / 64] |= 1ull << (cpu % 64);
    }
}

int mmu_flush_vcpus(unsigned long addr, unsigned long va)
{
    const struct domain *d = current->domain;
    struct cpumask cpus = { { 0 } };

    for (unsigned int first = 0; first < d->max_vcpus; first += 64) {
        uint64_t word;

        if (guest_read(&word, addr + first / 8, sizeof(word)))
            return -EFAULT;
        add_cpus(d, first, word, &cpus);
    }
    tlb_flush_mask(&cpus, va);
    return 0;
}
