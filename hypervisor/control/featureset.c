/* SPDX-License-Identifier: MIT */
/*
 * CPU policies: what CPUID says, for the machine as it is and for PV guests; and the
 * feature words, a selection of its registers in the order that the interface fixes.
 */
#include "internal.h"
#include <hv/cpu.h>
#include <hv/cpu_policy.h>
#include <hv/guest_copy.h>

/* AMD repeats features of leaf 1 in the extended one; only once in a feature set. */
#define WORD_E1D       2
#define E1D_COMMON     0x0183f3ffu
#define WORD_ARCH_CAPS 16

enum cpuid_register { EAX, EBX, ECX, EDX };

/* Where each feature word lies; two lie in an MSR. */
static const struct {
    uint32_t leaf, sub;
    enum cpuid_register reg;
} word_place[CPU_FEATURE_WORDS] = {
#define CPU_FEATURE_WORD(word, leaf, sub, reg) [word] = { leaf, sub, reg },
#include <abi/arch-x86/cpufeature_words.def>
};

/* Without what differs from CPU to CPU. */
static void machine_leaf(uint32_t leaf, uint32_t sub, struct cpuid_regs *out)
{
    uint32_t end = leaf < 0x80000000 ? host_cpu.max_leaf : host_cpu.max_ext_leaf;

    *out = (struct cpuid_regs){ 0, 0, 0, 0 };
    if (leaf > end || (leaf == 7 && sub && sub > cpuid(7, 0).a))
        return;
    *out = cpuid(leaf, sub);
    if (leaf == 1)
        out->b &= 0x00ffffff;
    else if (leaf == 0xb)
        out->d = 0;
    else if (leaf == 0xd && sub == 0)
        out->b = 0;
}

static const struct cpu_policy *policy_of(enum policy_kind kind, const struct domain *d)
{
    return kind == POLICY_PV_MAX ? cpu_policy_most() : domain_cpu_policy(d);
}

static bool is_of_machine(enum policy_kind kind)
{
    return kind == POLICY_RAW || kind == POLICY_HOST;
}

void policy_leaf(enum policy_kind kind, const struct domain *d, uint32_t leaf,
                 uint32_t sub, struct cpuid_regs *out)
{
    if (is_of_machine(kind))
        machine_leaf(leaf, sub, out);
    else
        cpu_policy_leaf(policy_of(kind, d), leaf, sub, out);
}

uint64_t policy_arch_caps(enum policy_kind kind, const struct domain *d)
{
    return is_of_machine(kind) ? host_cpu.arch_caps
                               : cpu_policy_arch_caps(policy_of(kind, d));
}

static uint32_t pick(const struct cpuid_regs *r, enum cpuid_register reg)
{
    const uint32_t all[] = { r->a, r->b, r->c, r->d };

    return all[reg];
}

void featureset_get(enum policy_kind kind, uint32_t words[CPU_FEATURE_WORDS])
{
    uint64_t arch_caps = policy_arch_caps(kind, NULL);

    for (unsigned int i = 0; i < CPU_FEATURE_WORDS; i++) {
        struct cpuid_regs r;

        policy_leaf(kind, NULL, word_place[i].leaf, word_place[i].sub, &r);
        words[i] = pick(&r, word_place[i].reg);
    }
    words[WORD_ARCH_CAPS] = (uint32_t)arch_caps;
    words[WORD_ARCH_CAPS + 1] = (uint32_t)(arch_caps >> 32);
    if (kind != POLICY_RAW)
        words[WORD_E1D] &= ~E1D_COMMON;
}

/* Which policy a feature set's index means; false: those of guests that we
 * do not have. */
static bool featureset_kind(uint32_t index, enum policy_kind *kind)
{
    static const enum policy_kind kinds[] = {
        [XEN_SYSCTL_cpu_featureset_raw] = POLICY_RAW,
        [XEN_SYSCTL_cpu_featureset_host] = POLICY_HOST,
        [XEN_SYSCTL_cpu_featureset_pv] = POLICY_PV_DEFAULT,
        [XEN_SYSCTL_cpu_featureset_pv_max] = POLICY_PV_MAX,
    };

    if (index == XEN_SYSCTL_cpu_featureset_hvm ||
        index == XEN_SYSCTL_cpu_featureset_hvm_max)
        return false;
    *kind = kinds[index];
    return true;
}

/* Without a buffer: how many words. 0; -EINVAL no such index; -EOPNOTSUPP one of HVM;
 * -ENOBUFS no room, what fits is there; -EFAULT. */
int sysctl_get_cpu_featureset(struct xen_sysctl_cpu_featureset *arg)
{
    uint32_t words[CPU_FEATURE_WORDS], room = arg->nr_features;
    enum policy_kind kind;

    if (guest_handle_is_null(arg->features)) {
        arg->nr_features = CPU_FEATURE_WORDS;
        return 0;
    }
    if (arg->index > XEN_SYSCTL_cpu_featureset_hvm_max)
        return -EINVAL;
    if (!featureset_kind(arg->index, &kind))
        return -EOPNOTSUPP;
    featureset_get(kind, words);
    arg->nr_features = min(room, (uint32_t)CPU_FEATURE_WORDS);
    if (copy_to_guest(arg->features, words, arg->nr_features))
        return -EFAULT;
    return room < CPU_FEATURE_WORDS ? -ENOBUFS : 0;
}

/* No leaf of the machine's CPUs is changed for guests: they are emulated. */
int sysctl_get_cpu_levelling_caps(struct xen_sysctl_cpu_levelling_caps *arg)
{
    arg->caps = 0;
    return 0;
}
