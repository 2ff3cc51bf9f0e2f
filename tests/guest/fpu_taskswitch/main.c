/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: fpu_taskswitch sets and clears the guest's CR0.TS. With TS set, the first
 * FPU instruction traps as #NM and TS is clear when the guest's handler runs.
 * Provocation: set, use; set, clear, use; set twice; CLTS; MOV to CR0; x87 and SSE
 * instructions.
 * Expected: one #NM for each time that TS was set, none else; CR0 reads accordingly; the
 * register contents stay.
 */
#include <test.h>

#include <mini-os/traps.h>

COVERS(fpu_taskswitch);

#define CR0_TS 0x8UL

static unsigned long cr0(void)
{
    unsigned long value;

    asm volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

static void check_traps_once(const char *what)
{
    struct trap_result result;

    TRAP_PROBE(&result, "fnop", : : : "memory");
    if (!check(result.trapped && result.vector == TRAP_NO_DEVICE, "#NM"))
        note("%s", what);
    check_eq(result.error, 0);
    check_eq(cr0() & CR0_TS, 0);
    TRAP_PROBE(&result, "fnop", : : : "memory");
    check(!result.trapped, "no second #NM");
}

static void check_silent(const char *what)
{
    struct trap_result result;

    TRAP_PROBE(&result, "fnop", : : : "memory");
    if (!check(!result.trapped, "no #NM"))
        note("%s", what);
    check_eq(cr0() & CR0_TS, 0);
}

static void check_ways(void)
{
    check_silent("at start");
    check_eq(HYPERVISOR_fpu_taskswitch(1), 0);
    check_eq(cr0() & CR0_TS, CR0_TS);
    check_traps_once("set");
    check_eq(HYPERVISOR_fpu_taskswitch(1), 0);
    check_eq(HYPERVISOR_fpu_taskswitch(1), 0);
    check_traps_once("set twice");
    check_eq(HYPERVISOR_fpu_taskswitch(1), 0);
    check_eq(HYPERVISOR_fpu_taskswitch(0), 0);
    check_silent("cleared");
    check_eq(HYPERVISOR_fpu_taskswitch(0), 0);
    check_silent("cleared twice");
    check_eq(HYPERVISOR_fpu_taskswitch(2), 0);
    check_traps_once("any number but 0");
    check_eq(HYPERVISOR_fpu_taskswitch(1), 0);
    asm volatile("clts");
    check_silent("CLTS");
    asm volatile("mov %0, %%cr0" ::"r"(cr0() | CR0_TS));
    check_eq(cr0() & CR0_TS, CR0_TS);
    check_traps_once("MOV to CR0");
}

/* The first instruction after the trap finds what was there before. */
static void check_contents(void)
{
    struct trap_result result;
    uint64_t xmm = 0x0123456789abcdef, read = 0;

    asm volatile("movq %0, %%xmm5" ::"r"(xmm));
    check_eq(HYPERVISOR_fpu_taskswitch(1), 0);
    TRAP_PROBE(&result, "movq %%xmm5, %0", : "+r"(read));
    check(result.trapped && result.vector == TRAP_NO_DEVICE, "#NM by SSE");
    asm volatile("movq %%xmm5, %0" : "=r"(read));
    check_eq(read, xmm);
}

void test_main(void)
{
    check_ways();
    check_contents();
}
