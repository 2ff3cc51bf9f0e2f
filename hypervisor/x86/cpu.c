/* SPDX-License-Identifier: MIT */
/*
 * What this processor can do, and the state every CPU is brought to: control registers,
 * PAT, XCR0, the system-call entries. The boot CPU's features are the machine's; a CPU
 * that lacks one of them is refused.
 */
#include "entry.h"
#include <hv/cpu.h>
#include <hv/lib.h>

struct cpu_features host_cpu __ro_after_init;

DEFINE_PER_CPU(uintptr_t, stack_top);
DEFINE_PER_CPU(unsigned long, cpu_cr4_base);
DEFINE_PER_CPU(unsigned long, cpu_cr4_loaded);
unsigned long cpu_cr4_available;

/* The ABI promises guests these memory types: WB, WT, UC-, UC, WC, WP. */
#define PAT_VALUE 0x050100070406ull

#define EFER_SCE (1u << 0)
#define EFER_NX  (1u << 11)

/* FPU, SSE, AVX, AVX-512: components whose state does not outlive XRSTOR. */
#define XCR0_KNOWN 0xe7ull

/* One bit of CPUID that `host_cpu` reflects. */
struct feature_bit {
    uint32_t leaf;
    uint8_t reg; /* 0-3: EAX, EBX, ECX, EDX */
    uint8_t bit;
    uint16_t offset; /* of the bool in struct cpu_features */
    bool required;
};
#define FEATURE(l, r, b, field, req)                       \
    {                                                      \
        l, r, b, offsetof(struct cpu_features, field), req \
    }
enum { EAX, EBX, ECX, EDX };

static const struct feature_bit feature_bits[] = {
    FEATURE(1, EDX, 13, pge, false),
    FEATURE(1, EDX, 16, pat, true),
    FEATURE(1, EDX, 24, fxsr, true),
    FEATURE(1, EDX, 25, sse, true),
    FEATURE(1, ECX, 3, mwait, false),
    FEATURE(1, ECX, 17, pcid, false),
    FEATURE(1, ECX, 21, x2apic, false),
    FEATURE(1, ECX, 24, tsc_deadline, false),
    FEATURE(1, ECX, 26, xsave, false),
    FEATURE(1, ECX, 28, avx, false),
    FEATURE(6, EAX, 2, arat, false),
    FEATURE(7, EBX, 0, fsgsbase, false),
    FEATURE(7, EBX, 7, smep, false),
    FEATURE(7, EBX, 10, invpcid, false),
    FEATURE(7, EBX, 20, smap, false),
    FEATURE(7, EDX, 29, arch_caps_msr, false),
    FEATURE(0x80000001, EDX, 11, syscall, true),
    FEATURE(0x80000001, EDX, 20, nx, true),
    FEATURE(0x80000001, EDX, 26, page1gb, false),
    FEATURE(0x80000001, EDX, 27, rdtscp, false),
    FEATURE(0x80000007, EDX, 8, tsc_invariant, false),
};

static bool leaf_exists(uint32_t leaf)
{
    return leaf <= ((leaf & 0x80000000u) ? host_cpu.max_ext_leaf : host_cpu.max_leaf);
}

static bool has_feature(const struct feature_bit *f)
{
    struct cpuid_regs r;
    uint32_t word[4];

    if (!leaf_exists(f->leaf))
        return false;
    r = cpuid(f->leaf, 0);
    word[EAX] = r.a;
    word[EBX] = r.b;
    word[ECX] = r.c;
    word[EDX] = r.d;
    return word[f->reg] >> f->bit & 1;
}

static bool *feature_flag(const struct feature_bit *f)
{
    return (bool *)((char *)&host_cpu + f->offset);
}

static __init void detect_identity(void)
{
    struct cpuid_regs r = cpuid(0, 0);
    uint32_t eax;

    host_cpu.max_leaf = r.a;
    memcpy(host_cpu.vendor, &r.b, 4);
    memcpy(host_cpu.vendor + 4, &r.d, 4);
    memcpy(host_cpu.vendor + 8, &r.c, 4);
    host_cpu.max_ext_leaf = cpuid(0x80000000u, 0).a;
    eax = cpuid(1, 0).a;
    host_cpu.stepping = eax & 0xf;
    host_cpu.model = (eax >> 4 & 0xf) | (eax >> 12 & 0xf0);
    host_cpu.family = eax >> 8 & 0xf;
    if (host_cpu.family == 0xf)
        host_cpu.family += eax >> 20 & 0xff;
    host_cpu.is_intel_like = strcmp(host_cpu.vendor, "AuthenticAMD") != 0 &&
                             strcmp(host_cpu.vendor, "HygonGenuine") != 0;
}

static __init void detect_address_widths(void)
{
    uint32_t eax = leaf_exists(0x80000008u) ? cpuid(0x80000008u, 0).a : 36 | 48 << 8;

    host_cpu.phys_bits = min(eax & 0xff, 52u);
    host_cpu.virt_bits = eax >> 8 & 0xff;
}

/* XCR0 and the size of its state. The size can be asked for only while XCR0 is set. */
static __init void detect_xsave(void)
{
    if (!host_cpu.xsave || !leaf_exists(0xd)) {
        host_cpu.xsave = host_cpu.avx = false;
        host_cpu.xsave_size = 512;
        return;
    }
    host_cpu.xcr0 = cpuid(0xd, 0).a & XCR0_KNOWN;
    host_cpu.xsaveopt = cpuid(0xd, 1).a & 1;
    host_cpu.xsavec = cpuid(0xd, 1).a >> 1 & 1;
    write_cr4(read_cr4() | X86_CR4_OSXSAVE);
    xsetbv(0, host_cpu.xcr0);
    host_cpu.xsave_size = cpuid(0xd, 0).b;
}

void __init cpu_detect(void)
{
    detect_identity();
    detect_address_widths();
    for (unsigned int i = 0; i < ARRAY_SIZE(feature_bits); i++) {
        *feature_flag(&feature_bits[i]) = has_feature(&feature_bits[i]);
        if (feature_bits[i].required && !has_feature(&feature_bits[i]))
            panic("this processor lacks CPUID leaf %#x register %u bit %u",
                  feature_bits[i].leaf, feature_bits[i].reg, feature_bits[i].bit);
    }
    detect_xsave();
    fpu_detect();
}

static void check_features(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(feature_bits); i++)
        if (*feature_flag(&feature_bits[i]) && !has_feature(&feature_bits[i]))
            panic("CPU %u lacks CPUID leaf %#x register %u bit %u of the boot CPU",
                  smp_cpu_id(), feature_bits[i].leaf, feature_bits[i].reg,
                  feature_bits[i].bit);
}

/* Not UMIP: guests are not told of it, so it may not make their programs fault. */
static unsigned long wanted_cr4(void)
{
    unsigned long cr4 =
        X86_CR4_PSE | X86_CR4_PAE | X86_CR4_MCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;

    if (host_cpu.pge)
        cr4 |= X86_CR4_PGE;
    if (host_cpu.xsave)
        cr4 |= X86_CR4_OSXSAVE;
    if (host_cpu.smep)
        cr4 |= X86_CR4_SMEP;
    if (host_cpu.smap)
        cr4 |= X86_CR4_SMAP;
    return cr4;
}

static void set_cr4(void)
{
    unsigned long cr4 = wanted_cr4();

    this_cpu(cpu_cr4_base) = cr4;
    this_cpu(cpu_cr4_loaded) = cr4;
    cpu_cr4_available = X86_CR4_TSD | X86_CR4_DE |
                        (host_cpu.fsgsbase ? X86_CR4_FSGSBASE : 0) |
                        (host_cpu.xsave ? X86_CR4_OSXSAVE : 0);
    write_cr4(cr4);
}

/*
 * SYSCALL loads HV_CS and HV_DS; SYSRET the ABI's flat selectors, which lie 0 (32-bit
 * code), 8 (stack) and 16 (64-bit code) above the base given here.
 */
static void set_syscall_msrs(void)
{
    uint64_t sysret_base = FLAT_RING3_CS32;

    _Static_assert(FLAT_RING3_SS64 == FLAT_RING3_CS32 + 8 &&
                       FLAT_RING3_CS64 == FLAT_RING3_CS32 + 16 && HV_DS == HV_CS + 8,
                   "STAR");
    wrmsr(MSR_STAR, sysret_base << 48 | (uint64_t)HV_CS << 32);
    wrmsr(MSR_LSTAR, (uintptr_t)entry_syscall);
    wrmsr(MSR_CSTAR, (uintptr_t)entry_syscall32);
    /* Everything but the reserved bit 1: C must find no flag of the guest's. */
    wrmsr(MSR_SFMASK, X86_EFLAGS_VM | X86_EFLAGS_RF | X86_EFLAGS_NT | X86_EFLAGS_DF |
                          X86_EFLAGS_IF | X86_EFLAGS_TF | X86_EFLAGS_AC |
                          X86_EFLAGS_IOPL);
    /* AMD has no SYSENTER in long mode. */
    if (host_cpu.is_intel_like) {
        wrmsr(MSR_SYSENTER_CS, HV_CS);
        wrmsr(MSR_SYSENTER_ESP, this_cpu(stack_top));
        wrmsr(MSR_SYSENTER_EIP, (uintptr_t)entry_sysenter);
    }
}

void cpu_setup(void)
{
    check_features();
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NX);
    write_cr0(X86_CR0_PG | X86_CR0_AM | X86_CR0_WP | X86_CR0_NE | X86_CR0_ET |
              X86_CR0_MP | X86_CR0_PE);
    set_cr4();
    wrmsr(MSR_PAT, PAT_VALUE);
    if (host_cpu.xsave)
        xsetbv(0, host_cpu.xcr0);
    set_syscall_msrs();
}
