/* SPDX-License-Identifier: MIT */
/*
 * CPU policies: made of the machine's leaves (cpu_policy_leaves.c) and by the table of
 * features and what they need, cpu_features.def.
 *
 * Topology: whatever the machine looks like, a guest sees one package of cores without
 * hyper-threads, since its vCPUs wander; and all vCPUs have the APIC id 0, as on Xen.
 */
#include "cpu_policy.h"
#include <abi/arch-x86/cpufeatureset.h>
#include <abi/arch-x86/cpuid.h>
#include <hv/lib.h>

#define NO_SUB XEN_CPUID_NO_SUBLEAF

/* A package as guests see it; more vCPUs than that are shown alike. */
#define PACKAGE_CORES 64u
#define PACKAGE_BITS  6u

#define VIRT_BITS        48u
#define LAST_PLAIN_EXT   0x80000008u
#define LAST_XSTATE      62u
#define XSAVE_HEADER_END 576u
#define XSAVEC           2u /* leaf 0xd.1 EAX */
#define XSTATE_ALIGNED   2u /* leaf 0xd.n ECX: at a multiple of 64 bytes if compacted */

#define XCR0_FPU_SSE 3ull
#define XCR0_AVX     4ull
#define XCR0_AVX512  0xe0ull

/* AMD repeats these bits of leaf 1 EDX in the extended leaf. */
#define EXT_COMMON 0x0183f3ffu

static const uint16_t features[] = {
#define FEATURE(name)        XEN_X86_FEATURE_##name,
#define FEATURE_ASKED(name)  XEN_X86_FEATURE_##name,
#define FEATURE_OF_FPU(name) XEN_X86_FEATURE_##name,
#include "cpu_features.def"
};

static const uint16_t asked_features[] = {
#define FEATURE_ASKED(name) XEN_X86_FEATURE_##name,
#include "cpu_features.def"
};

static const uint16_t fpu_features[] = {
#define FEATURE_OF_FPU(name) XEN_X86_FEATURE_##name,
#include "cpu_features.def"
};

static const struct {
    uint16_t feature, other;
} needs[] = {
#define NEEDS(name, other) { XEN_X86_FEATURE_##name, XEN_X86_FEATURE_##other },
#include "cpu_features.def"
};

static struct cpu_policy most __ro_after_init, initial __ro_after_init;

/* --- words of features --- */

static bool has_bit(const uint32_t *words, unsigned int feature)
{
    return words[feature / 32] >> feature % 32 & 1;
}

static void set_bit(uint32_t *words, unsigned int feature)
{
    words[feature / 32] |= 1u << feature % 32;
}

static void clear_bit(uint32_t *words, unsigned int feature)
{
    words[feature / 32] &= ~(1u << feature % 32);
}

static void set_bits(uint32_t *words, const uint16_t *list, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        set_bit(words, list[i]);
}

/* A feature goes where one goes that it needs. */
static void drop_orphans(uint32_t *words)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (unsigned int i = 0; i < ARRAY_SIZE(needs); i++) {
            if (!has_bit(words, needs[i].feature) || has_bit(words, needs[i].other))
                continue;
            clear_bit(words, needs[i].feature);
            changed = true;
        }
    }
}

/* --- what follows from the rest --- */

static const struct cpuid_regs *find(const struct cpu_policy *p, uint32_t leaf,
                                     uint32_t sub)
{
    return cpu_policy_place((struct cpu_policy *)p, leaf, sub);
}

static bool is_amd(const struct cpu_policy *p)
{
    struct cpuid_regs r = *find(p, 0, NO_SUB);
    uint32_t vendor[3] = { r.b, r.d, r.c };

    return !memcmp(vendor, "AuthenticAMD", 12) || !memcmp(vendor, "HygonGenuine", 12);
}

static uint64_t xcr0_of(const uint32_t *words)
{
    if (!has_bit(words, XEN_X86_FEATURE_XSAVE))
        return 0;
    return (XCR0_FPU_SSE | (has_bit(words, XEN_X86_FEATURE_AVX) ? XCR0_AVX : 0) |
            (has_bit(words, XEN_X86_FEATURE_AVX512F) ? XCR0_AVX512 : 0)) &
           host_cpu.xcr0;
}

/* The bit of XCR0 for the state component that place i is about; 0 if it is about none. */
static uint64_t component_bit(unsigned int i)
{
    unsigned int component = cpu_policy_component(i);

    return component ? 1ull << component : 0;
}

uint32_t cpu_policy_xsave_size(const struct cpu_policy *p, uint64_t xcr0)
{
    uint32_t size = p->xcr0 ? XSAVE_HEADER_END : 0;

    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++)
        if (xcr0 & component_bit(i))
            size = max(size, p->leaf[i].b + p->leaf[i].a);
    return size;
}

uint32_t cpu_policy_xsavec_size(const struct cpu_policy *p, uint64_t xcr0)
{
    uint32_t size = XSAVE_HEADER_END;

    if (!(find(p, 0xd, 1)->a & XSAVEC))
        return 0;
    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++) {
        if (!(xcr0 & component_bit(i)))
            continue;
        if (p->leaf[i].c & XSTATE_ALIGNED)
            size = ROUND_UP(size, 64u);
        size += p->leaf[i].a;
    }
    return size;
}

static void derive_xstate(struct cpu_policy *p, const uint32_t *words)
{
    const struct cpuid_regs nothing = { 0, 0, 0, 0 };

    p->xcr0 = xcr0_of(words);
    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++)
        if (component_bit(i))
            p->leaf[i] = p->xcr0 & component_bit(i) ? most.leaf[i] : nothing;
    *cpu_policy_place(p, 0xd, 0) =
        (struct cpuid_regs){ (uint32_t)p->xcr0, 0, cpu_policy_xsave_size(p, p->xcr0),
                             (uint32_t)(p->xcr0 >> 32) };
}

static bool is_empty(const struct cpuid_regs *r)
{
    return !(r->a | r->b | r->c | r->d);
}

/* No more leaves than say something. */
static void derive_lasts(struct cpu_policy *p)
{
    struct cpuid_regs *seven = cpu_policy_place(p, 7, 0),
                      *ext = cpu_policy_place(p, 0x80000000, NO_SUB);

    while (seven->a && is_empty(find(p, 7, seven->a)))
        seven->a--;
    if (ext->a > LAST_PLAIN_EXT && is_empty(find(p, 0x80000021, NO_SUB)))
        ext->a = LAST_PLAIN_EXT;
    p->last[0] = find(p, 0, NO_SUB)->a;
    p->last[1] = ext->a;
}

static void derive_extended(struct cpu_policy *p)
{
    struct cpuid_regs *r = cpu_policy_place(p, 0x80000001, NO_SUB);
    const struct cpuid_regs *basic = find(p, 1, NO_SUB);

    r->a = is_amd(p) ? basic->a : 0;
    r->d &= ~EXT_COMMON;
    if (is_amd(p))
        r->d |= basic->d & EXT_COMMON;
    cpu_policy_place(p, 0x80000008, NO_SUB)->a = host_cpu.phys_bits | VIRT_BITS << 8;
}

/* Makes everything fit the features in `words`. */
static void derive(struct cpu_policy *p, uint32_t *words)
{
    drop_orphans(words);
    cpu_policy_put_features(p, words);
    derive_xstate(p, words);
    derive_extended(p);
    derive_lasts(p);
}

/* --- the general ones --- */

static void __init set_topology(void)
{
    struct cpuid_regs *r;

    cpu_policy_place(&most, 1, NO_SUB)->b |= PACKAGE_CORES << 16;
    for (uint32_t sub = 0; (r = cpu_policy_place(&most, 4, sub)); sub++)
        if (r->a & 0x1f)
            r->a = (r->a & 0x03ffffff) | (PACKAGE_CORES - 1) << 26;
    if (is_amd(&most))
        cpu_policy_place(&most, 0x80000008, NO_SUB)->c =
            PACKAGE_BITS << 12 | (PACKAGE_CORES - 1);
}

/* What the hypervisor does without, and what is there because of it. */
static void __init adjust_features(uint32_t *words)
{
    set_bit(words, XEN_X86_FEATURE_HYPERVISOR);
    set_bit(words, XEN_X86_FEATURE_HTT);
    if (!host_cpu.is_intel_like) /* SYSENTER does not work in 64-bit mode */
        clear_bit(words, XEN_X86_FEATURE_SEP);
    if (!host_cpu.xsave)
        clear_bit(words, XEN_X86_FEATURE_XSAVE);
    if (!(host_cpu.xcr0 & XCR0_AVX))
        clear_bit(words, XEN_X86_FEATURE_AVX);
    if ((host_cpu.xcr0 & XCR0_AVX512) != XCR0_AVX512)
        clear_bit(words, XEN_X86_FEATURE_AVX512F);
    if (!host_cpu.fsgsbase)
        clear_bit(words, XEN_X86_FEATURE_FSGSBASE);
    if (!host_cpu.nx)
        clear_bit(words, XEN_X86_FEATURE_NX);
}

void __init cpu_policy_init(struct cpuid_regs (*machine)(uint32_t, uint32_t),
                            uint64_t msr_arch_caps)
{
    uint32_t words[CPU_FEATURE_WORDS], mask[CPU_FEATURE_WORDS] = { 0 };

    cpu_policy_read(&most, machine);
    most.arch_caps = msr_arch_caps;
    set_topology();
    set_bits(mask, features, ARRAY_SIZE(features));
    cpu_policy_features(&most, words);
    for (unsigned int i = 0; i < CPU_FEATURE_WORDS; i++)
        words[i] &= mask[i];
    adjust_features(words);
    derive(&most, words);
    initial = most;
    cpu_policy_features(&initial, words);
    for (unsigned int i = 0; i < ARRAY_SIZE(asked_features); i++)
        clear_bit(words, asked_features[i]);
    derive(&initial, words);
}

const struct cpu_policy *cpu_policy_most(void)
{
    return &most;
}

const struct cpu_policy *cpu_policy_default(void)
{
    return &initial;
}

/* --- reading --- */

static bool is_in_range(const struct cpu_policy *p, uint32_t leaf)
{
    return leaf <= p->last[leaf >> 31] || (leaf & 0xffff0000) == XEN_CPUID_FIRST_LEAF;
}

void cpu_policy_leaf(const struct cpu_policy *p, uint32_t leaf, uint32_t sub,
                     struct cpuid_regs *out)
{
    const struct cpuid_regs *r = is_in_range(p, leaf) ? find(p, leaf, sub) : NULL;

    *out = r ? *r : (struct cpuid_regs){ 0, 0, 0, 0 };
}

bool cpu_policy_has(const struct cpu_policy *p, unsigned int feature)
{
    uint32_t words[CPU_FEATURE_WORDS];

    cpu_policy_features(p, words);
    return has_bit(words, feature);
}

uint64_t cpu_policy_arch_caps(const struct cpu_policy *p)
{
    return p->arch_caps;
}

uint64_t cpu_policy_xcr0(const struct cpu_policy *p)
{
    return p->xcr0;
}

/* --- changing --- */

bool cpu_policy_has_place(uint32_t leaf, uint32_t sub)
{
    switch (leaf) {
    case 4:
        return sub <= 5;
    case 7:
        return sub <= 2;
    case 0xb:
        return sub <= 1;
    case 0xd:
        return sub <= LAST_XSTATE;
    case XEN_CPUID_FIRST_LEAF:
    case XEN_CPUID_FIRST_LEAF + 0x100:
        return sub == NO_SUB;
    default:
        return sub == NO_SUB &&
               (leaf <= 0xd || (leaf >= 0x80000000 && leaf <= 0x80000021));
    }
}

void cpu_policy_change(struct cpu_policy *p, const struct xen_cpuid_leaf *leaf,
                       unsigned int n, const uint64_t *msr_arch_caps)
{
    uint32_t words[CPU_FEATURE_WORDS], all[CPU_FEATURE_WORDS];
    struct cpuid_regs *ext = cpu_policy_place(p, 0x80000000, NO_SUB);

    for (unsigned int i = 0; i < n; i++) {
        struct cpuid_regs *to = cpu_policy_place(p, leaf[i].leaf, leaf[i].subleaf);

        if (to)
            *to = (struct cpuid_regs){ leaf[i].a, leaf[i].b, leaf[i].c, leaf[i].d };
    }
    if (msr_arch_caps)
        p->arch_caps = *msr_arch_caps;
    cpu_policy_cut(p, &most);
    ext->a = max(ext->a, 0x80000000u);
    cpu_policy_features(p, words);
    cpu_policy_features(&most, all);
    for (unsigned int i = 0; i < ARRAY_SIZE(fpu_features); i++)
        if (has_bit(all, fpu_features[i]))
            set_bit(words, fpu_features[i]);
    set_bit(words, XEN_X86_FEATURE_HYPERVISOR);
    derive(p, words);
}
