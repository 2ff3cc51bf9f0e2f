/* SPDX-License-Identifier: MIT */
/*
 * CPU policies: what CPUID, and the registers that go with it, tell the guests of a
 * domain. Three kinds: the most that a PV guest can have on this machine, what a new
 * domain gets, and a domain's own, which its creator made of the most that there is.
 * Feature bits always fit together: one goes with those that it needs (cpu_features.def);
 * leaves are those of cpuid_leaves.def. A policy says nothing that differs between vCPUs.
 *
 * Policies do not change once the machine has started, a domain's not once it runs; so
 * they are read without a lock.
 */
#ifndef HV_CPU_POLICY_H
#define HV_CPU_POLICY_H

#include <abi/domctl.h>
#include <hv/cpu.h>

struct domain;
struct cpu_policy;

/* Makes the two general policies, on the boot CPU, by what `machine` (cpuid()) says of
 * its leaves and msr_arch_caps (0 where there is no such register). host_cpu is set. */
void cpu_policy_init(struct cpuid_regs (*machine)(uint32_t leaf, uint32_t sub),
                     uint64_t msr_arch_caps);
const struct cpu_policy *cpu_policy_most(void);
const struct cpu_policy *cpu_policy_default(void);

/* A leaf; zeros when there is none. sub is ignored where leaf has no sub-leaves. Of leaves
 * 0xd.0 and 0xd.1, EBX is 0: it goes with XCR0. */
void cpu_policy_leaf(const struct cpu_policy *p, uint32_t leaf, uint32_t sub,
                     struct cpuid_regs *out);
/* Is XEN_X86_FEATURE_* offered? */
bool cpu_policy_has(const struct cpu_policy *p, unsigned int feature);
/* All words of features, in the order of the public list. */
#define CPU_FEATURE_WORDS 19
void cpu_policy_features(const struct cpu_policy *p, uint32_t words[CPU_FEATURE_WORDS]);
uint64_t cpu_policy_arch_caps(const struct cpu_policy *p);
/* Components that a guest may have in XCR0; 0 without XSAVE. */
uint64_t cpu_policy_xcr0(const struct cpu_policy *p);
/* Bytes that XSAVE needs for xcr0, in its standard format. */
uint32_t cpu_policy_xsave_size(const struct cpu_policy *p, uint64_t xcr0);
/* The same for XSAVEC, in its compacted format; 0 if p has no XSAVEC. */
uint32_t cpu_policy_xsavec_size(const struct cpu_policy *p, uint64_t xcr0);

/* Does the leaf exist for policies: a number in range, the sub-leaf too, or none where
 * there are none (XEN_CPUID_NO_SUBLEAF)? */
bool cpu_policy_has_place(uint32_t leaf, uint32_t sub);

/*
 * Puts n leaves, for which there are places, and the register into *p, which is a copy of
 * some policy, and cuts the result down to what can be had. msr_arch_caps may be null.
 */
void cpu_policy_change(struct cpu_policy *p, const struct xen_cpuid_leaf *leaf,
                       unsigned int n, const uint64_t *msr_arch_caps);

/* d's own policy or the default one; d null: the default one. */
const struct cpu_policy *domain_cpu_policy(const struct domain *d);
/* As cpu_policy_change(), on d's policy. d has not run yet, and the caller serialises. 0;
 * -ENOMEM. */
int must_check domain_change_cpu_policy(struct domain *d,
                                        const struct xen_cpuid_leaf *leaf, unsigned int n,
                                        const uint64_t *msr_arch_caps);

#endif
