/* SPDX-License-Identifier: MIT */
/*
 * TLB coherence. tlb_clock counts full flushes of all CPUs; a CPU's stamp is what the
 * clock was made by its last one. The clock goes up before the flush and the stamp after
 * it: a flush stamped t dropped every entry that was out of the tables before the clock
 * reached t. Both are of 64 bits; frames keep TLB_STAMP_BITS of the clock, and one that
 * has kept them for longer than they last only looks as if it were stamped later.
 */
#include <hv/smp.h>
#include <hv/apic.h>
#include <hv/cpu.h>
#include <hv/irq.h>
#include <hv/spinlock.h>
#include "internal.h"

#define STAMP_MASK ((1ull << TLB_STAMP_BITS) - 1)

static uint64_t tlb_clock;
static DEFINE_PER_CPU(uint64_t, tlb_stamp);

struct tlb_request {
    unsigned long va;
    uint32_t outstanding;
};
static DEFINE_PER_CPU(struct tlb_request, tlb_request);
static DEFINE_PER_CPU(struct inbox, tlb_inbox);

void tlb_flush_local(void)
{
    uint64_t stamp = __atomic_add_fetch(&tlb_clock, 1, __ATOMIC_SEQ_CST);

    write_cr3(read_cr3());
    this_cpu(tlb_stamp) = stamp;
}

void tlb_flush_all_local(void)
{
    uint64_t stamp = __atomic_add_fetch(&tlb_clock, 1, __ATOMIC_SEQ_CST);
    unsigned long flags = irq_save(), cr4 = read_cr4();

    /* A change of CR4.PGE drops everything. */
    if (cr4 & X86_CR4_PGE) {
        write_cr4(cr4 & ~X86_CR4_PGE);
        write_cr4(cr4);
    } else {
        write_cr3(read_cr3());
    }
    irq_restore(flags);
    this_cpu(tlb_stamp) = stamp;
}

static void flush_here(unsigned long va)
{
    if (va == TLB_FLUSH_ALL)
        tlb_flush_local();
    else
        tlb_flush_va_local(va);
}

static void flush_others(const struct cpumask *targets, unsigned long va)
{
    unsigned int self = smp_cpu_id(), cpu;
    struct tlb_request *req = &per_cpu(tlb_request, self);

    req->va = va;
    __atomic_store_n(&req->outstanding, cpumask_weight(targets), __ATOMIC_RELEASE);
    for_each_cpu (cpu, targets)
        cpumask_set_atomic(&per_cpu(tlb_inbox, cpu).from, self);
    apic_send_ipi_mask(targets, VEC_TLB);
}

void tlb_flush_mask(const struct cpumask *mask, unsigned long va)
{
    unsigned int self = smp_cpu_id();
    struct cpumask targets = request_targets(mask, self);
    bool others = !cpumask_is_empty(&targets);

    if (others)
        flush_others(&targets, va);
    if (cpumask_test(mask, self))
        flush_here(va);
    if (others)
        request_wait(&this_cpu_ptr(tlb_request)->outstanding);
}

void tlb_serve(void)
{
    struct inbox *in = this_cpu_ptr(tlb_inbox);
    unsigned int caller;

    while ((caller = inbox_take(in)) < NR_CPUS) {
        struct tlb_request *req = &per_cpu(tlb_request, caller);

        flush_here(req->va);
        __atomic_fetch_sub(&req->outstanding, 1, __ATOMIC_RELEASE);
    }
}

uint32_t tlb_stamp_now(void)
{
    return (uint32_t)(__atomic_load_n(&tlb_clock, __ATOMIC_SEQ_CST) & STAMP_MASK);
}

/* The latest clock value not after now that has the low bits `stamp`. */
static uint64_t stamp_to_clock(uint32_t stamp)
{
    uint64_t now = __atomic_load_n(&tlb_clock, __ATOMIC_SEQ_CST);

    return now - ((now - stamp) & STAMP_MASK);
}

void tlb_flush_since(uint32_t stamp, const struct cpumask *mask)
{
    struct cpumask stale = { { 0 } };
    uint64_t since = stamp_to_clock(stamp);
    bool any = false;
    unsigned int cpu;

    if (!mask)
        mask = &cpu_online_map;
    for_each_cpu (cpu, mask) {
        if (!cpumask_test(&cpu_online_map, cpu) ||
            __atomic_load_n(&per_cpu(tlb_stamp, cpu), __ATOMIC_ACQUIRE) > since)
            continue;
        stale.bits[cpu / 64] |= 1ull << (cpu % 64);
        any = true;
    }
    if (any)
        tlb_flush_mask(&stale, TLB_FLUSH_ALL);
}
