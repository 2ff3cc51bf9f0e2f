/* SPDX-License-Identifier: MIT */
/*
 * This CPU's local APIC: interprocessor interrupts and the one-shot timer. Callable from
 * any context, NMI included where noted; no locks are taken.
 */
#ifndef HV_APIC_H
#define HV_APIC_H

#include <hv/cpumask.h>
#include <hv/types.h>

/* Sends a fixed vector to one online CPU, or to every online CPU of mask but this one. */
void apic_send_ipi(unsigned int cpu, unsigned int vector);
void apic_send_ipi_mask(const struct cpumask *mask, unsigned int vector);
/* NMI to every other CPU (panic). Any context. */
void apic_send_nmi_others(void);

/* Never: the timer is stopped. */
#define APIC_TIMER_NEVER INT64_MAX
/*
 * Makes VEC_TIMER arrive on this CPU at absolute system time `deadline`, or raises
 * SOFTIRQ_TIMER when that has passed; a far one may arrive early. Replaces the former
 * deadline. Interrupts off.
 */
void apic_timer_program(ns_t deadline);

/* Ends the interrupt in service. */
void apic_eoi(void);
/* This CPU's APIC id, and another's. */
uint32_t apic_id(void);
extern uint32_t *cpu_apic_id;
/* ACPI's id of a CPU's processor object. */
uint32_t cpu_acpi_id(unsigned int cpu);

#endif
