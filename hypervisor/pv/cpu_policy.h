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
    uint64_t arch_caps;
    uint64_t xcr0;
};

#endif
