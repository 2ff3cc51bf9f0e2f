/* SPDX-License-Identifier: MIT */
/*
 * The interrupt descriptor tables, shared by all CPUs: a gate per vector to its stub. The
 * second is for CPUs whose vCPU is traced: its exceptions have other stubs.
 */
#include "entry.h"
#include "ist.h"
#include <hv/cpu.h>
#include <hv/trap.h>

struct idt_gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type; /* present, DPL, type */
    uint16_t offset_mid;
    uint32_t offset_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct idt_gate) == 16, "hardware layout");

#define NR_VECTORS     256
#define GATE_INTERRUPT 0x8e /* present, DPL 0, clears IF */
#define GATE_DPL3      0x60

#define NR_EXCEPTIONS 32

static struct idt_gate idt[NR_VECTORS] __aligned(16) __ro_after_init;
static struct idt_gate idt_traced[NR_VECTORS] __aligned(16) __ro_after_init;

/*
 * `int3` and `int 4` are the guests' to execute. Any other `int n` ends in #GP and is
 * decoded there, so that a device's vector can never be mistaken for an instruction.
 */
static uint8_t gate_type(unsigned int vector)
{
    if (vector == TRAP_BP || vector == TRAP_OF)
        return GATE_INTERRUPT | GATE_DPL3;
    return GATE_INTERRUPT;
}

static uint8_t gate_ist(unsigned int vector)
{
    switch (vector) {
    case TRAP_DB:
        return IST_DB;
    case TRAP_NMI:
        return IST_NMI;
    case TRAP_DF:
        return IST_DF;
    case TRAP_MC:
        return IST_MC;
    default:
        return 0;
    }
}

static uintptr_t gate_target(unsigned int vector)
{
    if (vector == TRAP_PF)
        return (uintptr_t)entry_page_fault;
    return (uintptr_t)entry_stubs + vector * ENTRY_STUB_SIZE;
}

static struct idt_gate gate(unsigned int vector, uintptr_t target)
{
    return (struct idt_gate){
        .offset_low = (uint16_t)target,
        .offset_mid = (uint16_t)(target >> 16),
        .offset_high = (uint32_t)(target >> 32),
        .selector = HV_CS,
        .ist = gate_ist(vector),
        .type = gate_type(vector),
    };
}

void idt_init(void)
{
    uintptr_t traced = (uintptr_t)entry_stubs_traced;

    for (unsigned int vector = 0; vector < NR_VECTORS; vector++)
        idt[vector] = idt_traced[vector] = gate(vector, gate_target(vector));
    for (unsigned int vector = 0; vector < NR_EXCEPTIONS; vector++)
        idt_traced[vector] = gate(vector, traced + vector * ENTRY_STUB_SIZE);
}

static void load(const struct idt_gate *table)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __packed pointer = { sizeof(idt) - 1, (uintptr_t)table };

    __asm__ volatile("lidt %0" ::"m"(pointer));
}

void idt_load(void)
{
    load(idt);
}

void entry_set_traced(bool traced)
{
    wrmsr(MSR_LSTAR, (uintptr_t)(traced ? entry_syscall_traced : entry_syscall));
    load(traced ? idt_traced : idt);
}
