/* SPDX-License-Identifier: MIT */
/* Cross-CPU calls and TLB coherence. */
#ifndef HV_SMP_H
#define HV_SMP_H

#include <hv/cpumask.h>
#include <hv/percpu.h>

/*
 * Runs fn(arg) on every online CPU of mask, this one included if it is in it, with
 * interrupts off, and returns when all have finished. Call with interrupts on and no
 * irq lock held.
 */
void smp_call(const struct cpumask *mask, void (*fn)(void *arg), void *arg);

/* Start-up: takes the vectors of cross calls and shoot-downs. */
void smp_init(void);
/* Serves the shoot-downs that other CPUs ask of this one (VEC_TLB, wait loops). Any
 * context. */
void tlb_serve(void);

/* Flush this CPU's whole TLB, global entries included, and advance its flush stamp. */
void tlb_flush_all_local(void);
/* Flush this CPU's non-global entries (CR3 reload) and advance its flush stamp. */
void tlb_flush_local(void);
/* Flush this CPU's entries for one address. */
#ifndef HV_HOST_BUILD
static inline void tlb_flush_va_local(unsigned long va)
{
    __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}
#else
void tlb_flush_va_local(unsigned long va);
#endif

/*
 * Flush on every CPU in mask; returns when all are done. Interrupts on, no irq lock
 * held. va: one address, or TLB_FLUSH_ALL for everything but global entries.
 */
#define TLB_FLUSH_ALL (~0ul)
void tlb_flush_mask(const struct cpumask *mask, unsigned long va);

/*
 * Flush clock: a counter that advances with every full flush. A frame stamped s may be
 * reused for a purpose that must not be seen through stale entries as soon as every CPU
 * that could hold such entries has flushed since s.
 */
#define TLB_STAMP_BITS 26
uint32_t tlb_stamp_now(void);
/* Flush those CPUs of mask (null = all online) that have not flushed since stamp. */
void tlb_flush_since(uint32_t stamp, const struct cpumask *mask);

/* Sends a reschedule interrupt: the CPU looks at its softirqs. Any context. */
void smp_send_event_check(unsigned int cpu);

#endif
