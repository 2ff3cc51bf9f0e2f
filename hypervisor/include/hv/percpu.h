/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU variables. They live in section .percpu; every CPU has its own copy, and
 * GS.base is the distance from the linked section to that copy while the CPU is in the
 * hypervisor. The boot CPU uses the linked section itself (distance 0).
 *
 * The hypervisor is not preemptible, so a per-CPU access needs no protection beyond
 * interrupts being off where an interrupt handler uses the same variable.
 */
#ifndef HV_PERCPU_H
#define HV_PERCPU_H

#include <hv/compiler.h>
#include <hv/types.h>

#define DEFINE_PER_CPU(type, name)  __section(".percpu") __typeof__(type) name
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name

#ifdef HV_HOST_BUILD
#define this_cpu(var)     (var)
#define per_cpu(var, cpu) (*((void)(cpu), &(var)))
#else
/* The running CPU's copy, as an lvalue; one %gs-relative access. */
#define this_cpu(var)     (*(__typeof__(var) __seg_gs *)(uintptr_t) & (var))
/* CPU number cpu's copy, as an lvalue. */
#define per_cpu(var, cpu) (*(__typeof__(var) *)((uintptr_t) & (var) + percpu_offset[cpu]))
#endif
/* Pointer to the running CPU's copy. */
#define this_cpu_ptr(var) (&per_cpu(var, smp_cpu_id()))

/* Distance from the linked section to each CPU's copy; one per possible CPU. */
extern uintptr_t *percpu_offset;

DECLARE_PER_CPU(unsigned int, cpu_id);

/* Number of the running CPU, 0 .. nr_cpus-1. */
static inline unsigned int smp_cpu_id(void)
{
    return this_cpu(cpu_id);
}

#endif
