/* SPDX-License-Identifier: MIT */
/*
 * The leaves of a policy, by the table cpuid_leaves.def, which says of each register what
 * it is: how it comes from the machine, and how far another policy may change it.
 */
#include "cpu_policy.h"
#include <abi/arch-x86/cpuid.h>
#include <hv/lib.h>

#define NO_SUB         XEN_CPUID_NO_SUBLEAF
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

/* clang-format off */
#define NONE                { NOTHING, 0, 0 }
#define MACHINE(bits)       { MACHINE_BITS, 0, bits }
#define OPEN(bits)          { MACHINE_BITS, bits, bits }
#define OPEN_IN(open, bits) { MACHINE_BITS, open, bits }
#define AT_MOST(n)          { LIMITED, 0, n }
#define FEATURES(word)      { FEATURE_WORD, 0, word }
#define XSTATE              { DERIVED, 0, 0 }
#define OURS                { DERIVED, 0, 0 }
/* clang-format on */
#define CPUID_LEAF(leaf, sub, a, b, c, d, what) { leaf, sub, { a, b, c, d } },
static const struct place places[CPU_POLICY_LEAVES] = {
#include "cpuid_leaves.def"
};

struct cpuid_regs *cpu_policy_place(struct cpu_policy *p, uint32_t leaf, uint32_t sub)
{
    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++)
        if (places[i].leaf == leaf && (places[i].sub == sub || places[i].sub == NO_SUB))
            return &p->leaf[i];
    return NULL;
}

unsigned int cpu_policy_component(unsigned int i)
{
    return places[i].leaf == 0xd && places[i].sub >= 2 ? places[i].sub : 0;
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

void cpu_policy_put_features(struct cpu_policy *p, const uint32_t *words)
{
    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++)
        for (unsigned int j = 0; j < 4; j++)
            if (places[i].rule[j].kind == FEATURE_WORD)
                registers(&p->leaf[i])[j] = words[places[i].rule[j].value];
    p->arch_caps = words[ARCH_CAPS_WORD] | (uint64_t)words[ARCH_CAPS_WORD + 1] << 32;
}

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

void __init cpu_policy_read(struct cpu_policy *p,
                            struct cpuid_regs (*machine)(uint32_t, uint32_t))
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
            registers(&p->leaf[i])[j] =
                machine_register(&place->rule[j], registers(&r)[j]);
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

void cpu_policy_cut(struct cpu_policy *p, const struct cpu_policy *limit)
{
    for (unsigned int i = 0; i < CPU_POLICY_LEAVES; i++)
        for (unsigned int j = 0; j < 4; j++) {
            struct cpuid_regs most = limit->leaf[i];
            uint32_t *value = &registers(&p->leaf[i])[j];

            *value = cut_register(&places[i].rule[j], *value, registers(&most)[j]);
        }
    p->arch_caps &= limit->arch_caps;
}
