/* SPDX-License-Identifier: MIT */
/*
 * CPU policies: made of the machine's leaves by the tables cpuid_leaves.def (what each
 * register is) and cpu_features.def (which features, and what they need).
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

#define ARCH_CAPS_WORD 16

enum rule_kind { NOTHING, MACHINE_BITS, LIMITED, FEATURE_WORD, DERIVED };

/* What a register is. */
struct rule {
    enum rule_kind kind;
    uint32_t open;  /* MACHINE_BITS: bits that a policy may set as it likes */
    uint32_t value; /* MACHINE_BITS: the bits; LIMITED: most; FEATURE_WORD: which */
};

struct place {
    uint32_t leaf, sub;
    struct rule rule[4];
};

#define NONE          \
    {                 \
        NOTHING, 0, 0 \
    }
#define MACHINE(bits)         \
    {                         \
        MACHINE_BITS, 0, bits \
    }
#define OPEN(bits)               \
    {                            \
        MACHINE_BITS, bits, bits \
    }
#define OPEN_IN(open, bits)      \
    {                            \
        MACHINE_BITS, open, bits \
    }
#define AT_MOST(n)    \
    {                 \
        LIMITED, 0, n \
    }
#define FEATURES(word)        \
    {                         \
        FEATURE_WORD, 0, word \
    }
#define XSTATE        \
    {                 \
        DERIVED, 0, 0 \
    }
#define OURS          \
    {                 \
        DERIVED, 0, 0 \
    }
#define CPUID_LEAF(leaf, sub, a, b, c, d, what) { leaf, sub, { a, b, c, d } },
static const struct place places[CPU_POLICY_LEAVES] = {
#include "cpuid_leaves.def"
};

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

/* The registers of a leaf as an array. */
static uint32_t *registers(struct cpuid_regs *r)
{
    _Static_assert(sizeof(*r) == 4 * sizeof(uint32_t), "EAX, EBX, ECX, EDX");
    return &r->a;
}

void cpu_policy_features(const struct cpu_policy *p, uint32_t words[CPU_FEATURE_WORDS])
{
    memset(words, 0, CPU_FEATURE_WORDS * sizeof(words[0]));
    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++) {
        struct cpuid_regs regs = p->leaf[i];

        for (unsigned int j = 0; j < 4; j++)
            if (places[i].rule[j].kind == FEATURE_WORD)
                words[places[i].rule[j].value] = registers(&regs)[j];
    }
    words[ARCH_CAPS_WORD] = (uint32_t)p->arch_caps;
    words[ARCH_CAPS_WORD + 1] = (uint32_t)(p->arch_caps >> 32);
}

static void put_features(struct cpu_policy *p, const uint32_t *words)
{
    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++)
        for (unsigned int j = 0; j < 4; j++)
            if (places[i].rule[j].kind == FEATURE_WORD)
                registers(&p->leaf[i])[j] = words[places[i].rule[j].value];
    p->arch_caps = words[ARCH_CAPS_WORD] | (uint64_t)words[ARCH_CAPS_WORD + 1] << 32;
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

static struct cpuid_regs *place_of(struct cpu_policy *p, uint32_t leaf, uint32_t sub)
{
    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++)
        if (places[i].leaf == leaf && (places[i].sub == sub || places[i].sub == NO_SUB))
            return &p->leaf[i];
    return NULL;
}

static const struct cpuid_regs *find(const struct cpu_policy *p, uint32_t leaf,
                                     uint32_t sub)
{
    return place_of((struct cpu_policy *)p, leaf, sub);
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

/* The components of XSAVE's area behind x87 and SSE, by the places for them. */
static bool is_component(unsigned int place)
{
    return places[place].leaf == 0xd && places[place].sub >= 2;
}

uint32_t cpu_policy_xsave_size(const struct cpu_policy *p, uint64_t xcr0)
{
    uint32_t size = p->xcr0 ? XSAVE_HEADER_END : 0;

    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++)
        if (is_component(i) && (xcr0 >> places[i].sub & 1))
            size = max(size, p->leaf[i].b + p->leaf[i].a);
    return size;
}

uint32_t cpu_policy_xsavec_size(const struct cpu_policy *p, uint64_t xcr0)
{
    uint32_t size = XSAVE_HEADER_END;

    if (!(find(p, 0xd, 1)->a & XSAVEC))
        return 0;
    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++) {
        if (!is_component(i) || !(xcr0 >> places[i].sub & 1))
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
        if (is_component(i))
            p->leaf[i] = p->xcr0 >> places[i].sub & 1 ? most.leaf[i] : nothing;
    *place_of(p, 0xd, 0) =
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
    struct cpuid_regs *seven = place_of(p, 7, 0), *ext = place_of(p, 0x80000000, NO_SUB);

    while (seven->a && is_empty(find(p, 7, seven->a)))
        seven->a--;
    if (ext->a > LAST_PLAIN_EXT && is_empty(find(p, 0x80000021, NO_SUB)))
        ext->a = LAST_PLAIN_EXT;
}

static void derive_extended(struct cpu_policy *p)
{
    struct cpuid_regs *r = place_of(p, 0x80000001, NO_SUB);
    const struct cpuid_regs *basic = find(p, 1, NO_SUB);

    r->a = is_amd(p) ? basic->a : 0;
    r->d &= ~EXT_COMMON;
    if (is_amd(p))
        r->d |= basic->d & EXT_COMMON;
    place_of(p, 0x80000008, NO_SUB)->a = host_cpu.phys_bits | VIRT_BITS << 8;
}

/* Makes everything fit the features in `words`. */
static void derive(struct cpu_policy *p, uint32_t *words)
{
    drop_orphans(words);
    put_features(p, words);
    derive_xstate(p, words);
    derive_extended(p);
    derive_lasts(p);
}

/* --- the general ones --- */

static uint32_t machine_register(const struct rule *rule, uint32_t value)
{
    switch (rule->kind) {
    case NOTHING:
        return 0;
    case MACHINE_BITS:
        return value & rule->value;
    case LIMITED:
        return min(value, rule->value);
    case FEATURE_WORD:
    case DERIVED:
        break;
    }
    return value;
}

static void __init read_machine(struct cpuid_regs (*machine)(uint32_t, uint32_t))
{
    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++) {
        const struct place *place = &places[i];
        uint32_t last =
            place->leaf & 0x80000000 ? host_cpu.max_ext_leaf : host_cpu.max_leaf;
        uint32_t sub = place->sub == NO_SUB ? 0 : place->sub;
        struct cpuid_regs r = { 0, 0, 0, 0 };

        if (place->leaf <= last && (place->leaf != 7 || sub <= machine(7, 0).a))
            r = machine(place->leaf, sub);
        for (unsigned int j = 0; j < 4; j++)
            registers(&most.leaf[i])[j] =
                machine_register(&place->rule[j], registers(&r)[j]);
    }
}

static void __init set_topology(void)
{
    struct cpuid_regs *r;

    place_of(&most, 1, NO_SUB)->b |= PACKAGE_CORES << 16;
    for (uint32_t sub = 0; (r = place_of(&most, 4, sub)); sub++)
        if (r->a & 0x1f)
            r->a = (r->a & 0x03ffffff) | (PACKAGE_CORES - 1) << 26;
    if (is_amd(&most))
        place_of(&most, 0x80000008, NO_SUB)->c = PACKAGE_BITS << 12 | (PACKAGE_CORES - 1);
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

    read_machine(machine);
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

static uint32_t last_leaf(const struct cpu_policy *p, uint32_t leaf)
{
    if ((leaf & 0xffff0000) == XEN_CPUID_FIRST_LEAF)
        return leaf;
    return find(p, leaf & 0x80000000, NO_SUB)->a;
}

void cpu_policy_leaf(const struct cpu_policy *p, uint32_t leaf, uint32_t sub,
                     struct cpuid_regs *out)
{
    const struct cpuid_regs *r = leaf <= last_leaf(p, leaf) ? find(p, leaf, sub) : NULL;

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

static uint32_t cut_register(const struct rule *rule, uint32_t value, uint32_t limit)
{
    switch (rule->kind) {
    case MACHINE_BITS:
        return (value & rule->open) | (limit & ~rule->open);
    case LIMITED:
        return min(value, limit);
    case FEATURE_WORD:
        return value & limit;
    case NOTHING:
    case DERIVED:
        break;
    }
    return limit;
}

static void cut_down(struct cpu_policy *p)
{
    struct cpuid_regs *ext = place_of(p, 0x80000000, NO_SUB);

    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++)
        for (unsigned int j = 0; j < 4; j++) {
            uint32_t *value = &registers(&p->leaf[i])[j];

            *value =
                cut_register(&places[i].rule[j], *value, registers(&most.leaf[i])[j]);
        }
    ext->a = max(ext->a, 0x80000000u);
    p->arch_caps &= most.arch_caps;
}

void cpu_policy_change(struct cpu_policy *p, const struct xen_cpuid_leaf *leaf,
                       unsigned int n, const uint64_t *msr_arch_caps)
{
    uint32_t words[CPU_FEATURE_WORDS], all[CPU_FEATURE_WORDS];

    for (unsigned int i = 0; i < n; i++) {
        struct cpuid_regs *to = place_of(p, leaf[i].leaf, leaf[i].subleaf);

        if (to)
            *to = (struct cpuid_regs){ leaf[i].a, leaf[i].b, leaf[i].c, leaf[i].d };
    }
    if (msr_arch_caps)
        p->arch_caps = *msr_arch_caps;
    cut_down(p);
    cpu_policy_features(p, words);
    cpu_policy_features(&most, all);
    for (unsigned int i = 0; i < ARRAY_SIZE(fpu_features); i++)
        if (has_bit(all, fpu_features[i]))
            set_bit(words, fpu_features[i]);
    set_bit(words, XEN_X86_FEATURE_HYPERVISOR);
    derive(p, words);
}
