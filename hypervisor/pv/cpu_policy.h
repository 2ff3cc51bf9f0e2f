/* SPDX-License-Identifier: MIT */
/* Inside of a policy: a place for each row of cpuid_leaves.def, in their order. */
#ifndef PV_CPU_POLICY_H
#define PV_CPU_POLICY_H

#include <hv/cpu_policy.h>

enum {
#define CPUID_LEAF(leaf, sub, a, b, c, d, what) +1
    CPU_POLICY_LEAVES = 0
#include "cpuid_leaves.def"
};

struct cpu_policy {
    struct cpuid_regs leaf[CPU_POLICY_LEAVES];
    uint32_t
        last[2]; /* the last leaf, and the last extended one: leaves have them, too */
    uint64_t arch_caps;
    uint64_t xcr0;
};

/* The place of a leaf, or of its sub-leaf where it has some; NULL: there is none. */
struct cpuid_regs *cpu_policy_place(struct cpu_policy *p, uint32_t leaf, uint32_t sub);
/* The component of XSAVE's area, behind x87 and SSE, that place i tells of; or 0. */
unsigned int cpu_policy_component(unsigned int i);
/* The reverse of cpu_policy_features(). */
void cpu_policy_put_features(struct cpu_policy *p, const uint32_t *words);
/* All places become what the table makes of the machine's leaves. At start-up. */
void cpu_policy_read(struct cpu_policy *p,
                     struct cpuid_regs (*machine)(uint32_t leaf, uint32_t sub));
/* No register says more than limit's, nor anything else where policies have no choice. */
void cpu_policy_cut(struct cpu_policy *p, const struct cpu_policy *limit);

#endif
