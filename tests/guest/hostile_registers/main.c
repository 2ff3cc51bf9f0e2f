/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: reserved and privileged bits of flags, control registers, XCR0, debug
 * registers and MSRs stay what they are.
 * Provocation: every bit of each, one at a time and all together, by instruction and by
 * hypercall; privileged instructions without emulation.
 * Expected: #GP or an error number, or the write has no effect; the bits that are the
 * guest's can still be changed.
 */
#include <test.h>

#include <mini-os/mm.h>
#include <mini-os/traps.h>

COVERS(set_debugreg, get_debugreg);

#define CR0_TS      (1ul << 3)
#define CR4_TSD     (1ul << 2)
#define CR4_DE      (1ul << 3)
#define CR4_OSXSAVE (1ul << 18)
#define CR4_GUEST   (CR4_TSD | CR4_DE | 1ul << 16 | CR4_OSXSAVE)
#define DR7_FIXED   0x400ul
#define DR7_GD      0x2000ul
#define DR6_FIXED   0xffff0ff0ul
#define USER_FLAGS \
    0x244dd5ul /* those that POPF changes in ring 3: ID AC NT OF DF TF .. */

/* Vector of the trap that an instruction gives, -1 for none. */
#define VECTOR(...)                       \
    ({                                    \
        struct trap_result r_;            \
        TRAP_PROBE(&r_, __VA_ARGS__);     \
        r_.trapped ? (int)r_.vector : -1; \
    })

static uint64_t pop_flags(uint64_t flags)
{
    uint64_t after, before;

    asm volatile(
        "pushf\n\tpop %0\n\tpush %2\n\tpopf\n\tpushf\n\tpop %1\n\tpush %0\n\tpopf"
        : "=&r"(before), "=&r"(after)
        : "r"(flags)
        : "memory", "cc");
    return after;
}

static void check_flags(void)
{
    uint64_t fixed = pop_flags(2) & ~USER_FLAGS;

    for (unsigned int bit = 0; bit < 64; bit++)
        if (bit != 8) {
            check_eq(pop_flags(1ul << bit) & ~USER_FLAGS, fixed);
            HYPERVISOR_xen_version(0, NULL);
        }
    check_eq(pop_flags(~0x100ul) & ~USER_FLAGS, fixed);
}

static uint64_t read_cr(unsigned int cr)
{
    uint64_t value = 0;

    if (cr == 0)
        asm volatile("mov %%cr0, %0" : "=r"(value));
    else
        asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static void check_cr0(void)
{
    uint64_t cr0 = read_cr(0);

    for (unsigned int bit = 0; bit < 64; bit++)
        if (1ul << bit != CR0_TS) {
            check_eq(VECTOR("mov %0, %%cr0", : : "r"(cr0 ^ 1ul << bit)), TRAP_GP_FAULT);
            check_eq(read_cr(0), cr0);
        }
    check_eq(VECTOR("mov %0, %%cr0", : : "r"(0ul)), TRAP_GP_FAULT);
    check_eq(VECTOR("mov %0, %%cr0", : : "r"(cr0 | CR0_TS)), -1);
    check_eq(read_cr(0), cr0 | CR0_TS);
    asm volatile("clts");
    check_eq(read_cr(0), cr0);
}

/* What is not the guest's is either refused or ignored. */
static void check_cr4(void)
{
    uint64_t cr4 = read_cr(4);

    for (unsigned int bit = 0; bit < 64; bit++)
        if (!(1ul << bit & CR4_GUEST)) {
            int vector = VECTOR("mov %0, %%cr4", : : "r"(cr4 ^ 1ul << bit));

            check(vector == -1 || vector == TRAP_GP_FAULT, "a write of CR4");
            check_eq(read_cr(4), cr4);
        }
    VECTOR("mov %0, %%cr4", : : "r"(0ul));
    HYPERVISOR_sched_op(0, NULL);
    VECTOR("mov %0, %%cr4", : : "r"(cr4));
    check_eq(read_cr(4), cr4);
}

static void check_other_crs(void)
{
    check_eq(VECTOR("mov %0, %%cr8", : : "r"(0ul)), TRAP_GP_FAULT);
    check_eq(VECTOR("mov %%cr8, %%rax", : : : "rax"), TRAP_GP_FAULT);
    check_eq(VECTOR("mov %0, %%cr3", : : "r"(~0ul)), TRAP_GP_FAULT);
    check_eq(VECTOR("mov %0, %%cr3", : : "r"(0ul)), TRAP_GP_FAULT);
    check_eq(VECTOR("lmsw %w0", : : "r"(0)), TRAP_GP_FAULT);
}

static int set_xcr0(uint32_t index, uint64_t value)
{
    return VECTOR("xsetbv",
                  :
                  : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static uint64_t get_xcr0(void)
{
    uint32_t lo, hi;

    asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return lo | (uint64_t)hi << 32;
}

static void check_xcr0(void)
{
    uint64_t cr4 = read_cr(4), before;

    if (VECTOR("mov %0, %%cr4",
               :
               : "r"(cr4 | CR4_OSXSAVE)) != -1 ||
        !(read_cr(4) & CR4_OSXSAVE)) {
        check_eq(set_xcr0(0, 1) >= 0, true);
        return;
    }
    before = get_xcr0();
    check_eq(set_xcr0(0, 0), TRAP_GP_FAULT);
    check_eq(set_xcr0(0, 2), TRAP_GP_FAULT);
    check_eq(set_xcr0(0, 5), TRAP_GP_FAULT);
    check_eq(set_xcr0(0, ~0ul), TRAP_GP_FAULT);
    for (unsigned int bit = 10; bit < 64; bit++)
        check_eq(set_xcr0(0, 1 | 1ul << bit), TRAP_GP_FAULT);
    check_eq(set_xcr0(1, 3), TRAP_GP_FAULT);
    check_eq(set_xcr0(~0u, 3), TRAP_GP_FAULT);
    check_eq(get_xcr0(), before);
    check_eq(set_xcr0(0, 3), -1);
    check_eq(get_xcr0(), 3);
    check_eq(set_xcr0(0, before), -1);
    check_eq(VECTOR("mov %0, %%cr4", : : "r"(cr4)), -1);
}

static void check_dr7(void)
{
    for (unsigned int bit = 32; bit < 64; bit++) {
        check_eq(HYPERVISOR_set_debugreg(7, 1ul << bit), -EINVAL);
        check_eq(HYPERVISOR_set_debugreg(6, 1ul << bit), -EINVAL);
    }
    for (unsigned int bit = 10; bit < 16; bit++) {
        check_eq(HYPERVISOR_set_debugreg(7, 1ul << bit),
                 1ul << bit == DR7_GD ? -EPERM : 0);
        check_eq(HYPERVISOR_get_debugreg(7), DR7_FIXED);
    }
    check_eq(HYPERVISOR_set_debugreg(6, 0xffffffff), 0);
    check_eq(HYPERVISOR_get_debugreg(6) & ~0xe00ful, DR6_FIXED);
    check_eq(HYPERVISOR_set_debugreg(6, 0), 0);
    check_eq(HYPERVISOR_get_debugreg(6), DR6_FIXED);
    check_eq(HYPERVISOR_set_debugreg(7, 0), 0);
}

static void check_debug_registers(void)
{
    check_dr7();
    check(HYPERVISOR_set_debugreg(8, 0) < 0, "no DR8");
    check(HYPERVISOR_set_debugreg(-1, 0) < 0, "no such register");
    check_eq(VECTOR("mov %0, %%db7", : : "r"(1ul << 40)), TRAP_GP_FAULT);
    check_eq(VECTOR("mov %0, %%db0", : : "r"(0xffff830000000000)), TRAP_GP_FAULT);
    /* An I/O breakpoint without CR4.DE. */
    check_eq(HYPERVISOR_set_debugreg(7, 2ul << 16 | 3), -EPERM);
    check_eq(HYPERVISOR_get_debugreg(7), DR7_FIXED);
}

static const struct {
    const char *name;
    uint32_t msr;
} msrs[] = {
    { "APIC_BASE", 0x1b },      { "SYSENTER_CS", 0x174 },   { "SYSENTER_ESP", 0x175 },
    { "SYSENTER_EIP", 0x176 },  { "DEBUGCTL", 0x1d9 },      { "MTRR_PHYSBASE0", 0x200 },
    { "PAT", 0x277 },           { "MTRR_DEF_TYPE", 0x2ff }, { "DS_AREA", 0x600 },
    { "TSC_DEADLINE", 0x6e0 },  { "X2APIC_ICR", 0x830 },    { "XSS", 0xda0 },
    { "EFER", 0xc0000080 },     { "STAR", 0xc0000081 },     { "LSTAR", 0xc0000082 },
    { "CSTAR", 0xc0000083 },    { "SFMASK", 0xc0000084 },   { "VM_CR", 0xc0010114 },
    { "VM_HSAVE", 0xc0010117 }, { "SYSCFG", 0xc0010010 },   { "HWCR", 0xc0010015 },
    { "none", 0x4b564d00 },     { "none", 0xffffffff },
};

/* Writes of what belongs to the hypervisor: never taken. */
static void check_msrs(void)
{
    for (unsigned int i = 0; i < sizeof(msrs) / sizeof(*msrs); i++) {
        uint32_t lo = 0, hi = 0, lo2 = 0, hi2 = 0;
        int readable = VECTOR("rdmsr", : "+a"(lo), "+d"(hi) : "c"(msrs[i].msr));
        int written = VECTOR("wrmsr", : : "c"(msrs[i].msr), "a"(~lo), "d"(~hi));

        VECTOR("rdmsr", : "+a"(lo2), "+d"(hi2) : "c"(msrs[i].msr));
        if (!check(written == -1 || written == TRAP_GP_FAULT, "a write of an MSR") ||
            !check(lo == lo2 && hi == hi2, "an MSR stays"))
            note("%s: read %d, written %d, %08x%08x became %08x%08x", msrs[i].name,
                 readable, written, hi, lo, hi2, lo2);
    }
}

static void check_instructions(void)
{
    uint64_t memory[2] = { 0 };

    check_eq(VECTOR("lgdt (%0)", : : "r"(memory) : "memory"), TRAP_GP_FAULT);
    check_eq(VECTOR("lidt (%0)", : : "r"(memory) : "memory"), TRAP_GP_FAULT);
    check_eq(VECTOR("lldt %w0", : : "r"(0)), TRAP_GP_FAULT);
    check_eq(VECTOR("ltr %w0", : : "r"(0xe040)), TRAP_GP_FAULT);
    check_eq(VECTOR("swapgs", : :), TRAP_GP_FAULT);
    check_eq(VECTOR("sysretq", : :), TRAP_GP_FAULT);
    check_eq(VECTOR("hlt", : :), TRAP_GP_FAULT);
    check_eq(VECTOR("invlpg (%0)", : : "r"(memory)), TRAP_GP_FAULT);
}

void test_main(void)
{
    check_flags();
    check_cr0();
    check_cr4();
    check_other_crs();
    check_xcr0();
    check_debug_registers();
    check_msrs();
    check_instructions();
    check_eq(HYPERVISOR_xen_version(0, NULL) > 0, true);
}
