/* SPDX-License-Identifier: MIT */
/*
 * CPU policies: what CPUID says, for the machine as it is and for PV guests; and the
 * feature words, a selection of its registers in the order that the interface fixes.
 */
#include "internal.h"
#include <hv/cpu.h>
#include <hv/guest_copy.h>
#include <hv/pv_control.h>

/* AMD repeats features of leaf 1 in the extended one; only once in a feature set. */
#define WORD_E1D   2
#define E1D_COMMON 0x0183f3ffu

enum cpuid_register { EAX, EBX, ECX, EDX };

/* Where each feature word lies; two (MSR 0x10a) lie in no leaf. */
static const struct {
    uint32_t leaf, sub;
    enum cpuid_register reg;
} word_place[FEATURE_WORDS] = {
    { 1, 0, EDX },          { 1, 0, ECX }, { 0x80000001, 0, EDX }, { 0x80000001, 0, ECX },
    { 0xd, 1, EAX },        { 7, 0, EBX }, { 7, 0, ECX },          { 0x80000007, 0, EDX },
    { 0x80000008, 0, EBX }, { 7, 0, EDX }, { 7, 1, EAX },          { 0x80000021, 0, EAX },
    { 7, 1, EBX },          { 7, 2, EDX }, { 7, 1, ECX },          { 7, 1, EDX },
    { 0, 0, EAX },          { 0, 0, EAX }, { 0x80000021, 0, ECX },
};

static void machine_leaf(uint32_t leaf, uint32_t sub, struct cpuid_regs *out)
{
    uint32_t end = leaf < 0x80000000 ? host_cpu.max_leaf : host_cpu.max_ext_leaf;

    *out = (struct cpuid_regs){ 0, 0, 0, 0 };
    if (leaf > end || (leaf == 7 && sub && sub > cpuid(7, 0).a))
        return;
    *out = cpuid(leaf, sub);
}

void policy_leaf(enum policy_kind kind, const struct domain *d, uint32_t leaf,
                 uint32_t sub, struct cpuid_regs *out)
{
    if (kind == POLICY_RAW || kind == POLICY_HOST)
        machine_leaf(leaf, sub, out);
    else
        pv_cpuid_policy(d, leaf, sub, out);
}

static uint32_t pick(const struct cpuid_regs *r, enum cpuid_register reg)
{
    const uint32_t all[] = { r->a, r->b, r->c, r->d };

    return all[reg];
}

void featureset_get(enum policy_kind kind, uint32_t words[FEATURE_WORDS])
{
    for (unsigned int i = 0; i < FEATURE_WORDS; i++) {
        struct cpuid_regs r;

        words[i] = 0;
        if (!word_place[i].leaf)
            continue;
        policy_leaf(kind, NULL, word_place[i].leaf, word_place[i].sub, &r);
        words[i] = pick(&r, word_place[i].reg);
        if (i == WORD_E1D && kind != POLICY_RAW)
            words[i] &= ~E1D_COMMON;
    }
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
    uint32_t words[FEATURE_WORDS], room = arg->nr_features;
    enum policy_kind kind;

    if (guest_handle_is_null(arg->features)) {
        arg->nr_features = FEATURE_WORDS;
        return 0;
    }
    if (arg->index > XEN_SYSCTL_cpu_featureset_hvm_max)
        return -EINVAL;
    if (!featureset_kind(arg->index, &kind))
        return -EOPNOTSUPP;
    featureset_get(kind, words);
    arg->nr_features = min(room, (uint32_t)FEATURE_WORDS);
    if (copy_to_guest(arg->features, words, arg->nr_features))
        return -EFAULT;
    return room < FEATURE_WORDS ? -ENOBUFS : 0;
}

/* No leaf of the machine's CPUs is changed for guests: they are emulated. */
int sysctl_get_cpu_levelling_caps(struct xen_sysctl_cpu_levelling_caps *arg)
{
    arg->caps = 0;
    return 0;
}
