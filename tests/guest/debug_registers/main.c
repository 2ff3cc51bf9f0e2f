/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: set_debugreg and get_debugreg hold the guest's debug registers, and its
 * breakpoints trap as #DB.
 * Provocation: every register, read back; a breakpoint on an instruction and one on a
 * write; addresses of the hypervisor, reserved bits, an I/O breakpoint, registers that do
 * not exist.
 * Expected: values come back, with the fixed bits; DR6 tells which breakpoint it was;
 * -EPERM for addresses and kinds that are not for a guest, -EINVAL for reserved bits,
 * -ENODEV for registers. 4 and 5 are 6 and 7, as in the processor while CR4.DE is clear.
 */
#include <test.h>

#include <mini-os/traps.h>

COVERS(set_debugreg, get_debugreg);

#define NON_CANONICAL             0x800000000000UL
#define DR6_FIXED                 0xffff0ff0UL
#define DR7_FIXED                 0x400UL
#define DR7_LOCAL(n)              (1UL << (2 * (n)))
#define DR7_WRITE                 1UL
#define DR7_IO                    2UL
#define DR7_LENGTH_8              2UL
#define DR7_KIND(n, kind, length) ((kind) << (16 + 4 * (n)) | (length) << (18 + 4 * (n)))

static volatile uint64_t watched;

static void check_addresses(void)
{
    for (int reg = 0; reg < 4; reg++) {
        unsigned long value = 0x1000UL * reg + 0x123;

        check_eq(HYPERVISOR_set_debugreg(reg, value), 0);
        check_eq(HYPERVISOR_get_debugreg(reg), value);
        check_eq(HYPERVISOR_set_debugreg(reg, HYPERVISOR_VIRT_START), -EPERM);
        check_eq(HYPERVISOR_set_debugreg(reg, NON_CANONICAL), -EPERM);
        check_eq(HYPERVISOR_get_debugreg(reg), value);
        check_eq(HYPERVISOR_set_debugreg(reg, 0), 0);
    }
}

static void check_control(void)
{
    check_eq(HYPERVISOR_get_debugreg(7), DR7_FIXED);
    check_eq(HYPERVISOR_set_debugreg(7, 1UL << 32), -EINVAL);
    check_eq(HYPERVISOR_set_debugreg(7, DR7_LOCAL(0) | DR7_KIND(0, DR7_IO, 0)), -EPERM);
    check_eq(HYPERVISOR_get_debugreg(7), DR7_FIXED);
    check_eq(HYPERVISOR_set_debugreg(6, 1UL << 32), -EINVAL);
    check_eq(HYPERVISOR_set_debugreg(6, 0), 0);
    check_eq(HYPERVISOR_get_debugreg(6), DR6_FIXED);
}

static void check_execution(void)
{
    struct trap_result result;
    extern const char breakpoint_here[];

    check_eq(HYPERVISOR_set_debugreg(0, (unsigned long)breakpoint_here), 0);
    check_eq(HYPERVISOR_set_debugreg(7, DR7_LOCAL(0)), 0);
    TRAP_PROBE(&result, "breakpoint_here: nop", : : : "memory");
    check(result.trapped && result.vector == TRAP_DEBUG, "#DB at the instruction");
    check_eq(result.rip, (unsigned long)breakpoint_here);
    check_eq(HYPERVISOR_get_debugreg(6), DR6_FIXED | 1);
    check_eq(HYPERVISOR_set_debugreg(7, 0), 0);
    check_eq(HYPERVISOR_set_debugreg(6, 0), 0);
}

static void check_write(void)
{
    struct trap_result result;

    check_eq(HYPERVISOR_set_debugreg(1, (unsigned long)&watched), 0);
    check_eq(
        HYPERVISOR_set_debugreg(7, DR7_LOCAL(1) | DR7_KIND(1, DR7_WRITE, DR7_LENGTH_8)),
        0);
    TRAP_PROBE(&result, "mov (%0), %%rax", : : "r"(&watched) : "rax", "memory");
    check(!result.trapped, "reading is not watched");
    TRAP_PROBE(&result, "movq $5, (%0)\n\tnop", : : "r"(&watched) : "memory");
    check(result.trapped && result.vector == TRAP_DEBUG, "#DB after the write");
    check_eq(watched, 5);
    check_eq(HYPERVISOR_get_debugreg(6), DR6_FIXED | 2);
    check_eq(HYPERVISOR_set_debugreg(7, 0), 0);
    watched = 6;
    check_eq(HYPERVISOR_set_debugreg(6, 0), 0);
}

static void check_other_names(void)
{
    check_eq(HYPERVISOR_set_debugreg(4, 1), 0);
    check_eq(HYPERVISOR_get_debugreg(6), DR6_FIXED | 1);
    check_eq(HYPERVISOR_get_debugreg(4), DR6_FIXED | 1);
    check_eq(HYPERVISOR_set_debugreg(6, 0), 0);
    check_eq(HYPERVISOR_set_debugreg(5, 0), 0);
    check_eq(HYPERVISOR_get_debugreg(5), DR7_FIXED);
}

static void check_absent(void)
{
    static const int absent[] = { 8, 15, 64, -1 };

    for (unsigned int i = 0; i < ARRAY_SIZE(absent); i++) {
        check_eq(HYPERVISOR_get_debugreg(absent[i]), -ENODEV);
        check_eq(HYPERVISOR_set_debugreg(absent[i], 0), -ENODEV);
    }
}

void test_main(void)
{
    check_addresses();
    check_control();
    check_execution();
    check_write();
    check_other_names();
    check_absent();
}
