/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: sysctl tells what CPU features there are and which of them guests get.
 * Provocation: every feature set and policy of the machine and of PV guests, with room,
 * without, with too little; indices that are none; bad addresses.
 * Expected: PV guests get a part of what the machine has; -ENOBUFS, -EINVAL, -EFAULT.
 */
#include <builder.h>
#include <test.h>

#include <abi/sysctl.h>

COVERS(sysctl, XEN_SYSCTL_get_cpu_featureset, XEN_SYSCTL_get_cpu_policy);

#define WORDS      19
#define MAX_LEAVES 200

static struct xen_sysctl op = { .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
static uint32_t raw[WORDS], host[WORDS], pv[WORDS];
static xen_cpuid_leaf_t leaves[MAX_LEAVES];
static xen_msr_entry_t msrs[8];

static int features(unsigned int index, unsigned int room, uint32_t *to)
{
    op.cmd = XEN_SYSCTL_get_cpu_featureset;
    op.u.cpu_featureset.index = index;
    op.u.cpu_featureset.nr_features = room;
    op.u.cpu_featureset.features.p = to;
    return (int)HYPERVISOR_sysctl(&op);
}

static void check_features(void)
{
    check_eq(features(XEN_SYSCTL_cpu_featureset_raw, 0, NULL), 0);
    check_eq(op.u.cpu_featureset.nr_features, WORDS);
    check_eq(features(XEN_SYSCTL_cpu_featureset_raw, WORDS, raw), 0);
    check_eq(features(XEN_SYSCTL_cpu_featureset_host, WORDS, host), 0);
    check_eq(features(XEN_SYSCTL_cpu_featureset_pv, 64, pv), 0);
    check_eq(op.u.cpu_featureset.nr_features, WORDS);
    check_eq(pv[0] & ~host[0], 0); /* leaf 1 EDX; of ECX a bit is the hypervisor's */
    check_eq(host[0] & ~raw[0], 0);
    check_eq(pv[5] & ~host[5], 0); /* leaf 7 EBX */
    check_eq(features(XEN_SYSCTL_cpu_featureset_pv_max, WORDS, pv), 0);
    check_eq(features(XEN_SYSCTL_cpu_featureset_raw, 1, raw), -ENOBUFS);
    check_eq(op.u.cpu_featureset.nr_features, 1);
    check_eq(features(XEN_SYSCTL_cpu_featureset_hvm_max + 1, WORDS, raw), -EINVAL);
    check_eq(features(XEN_SYSCTL_cpu_featureset_raw, WORDS, (void *)0x10), -EFAULT);
}

static int policy(unsigned int index, unsigned int nr_leaves, unsigned int nr_msrs)
{
    op.cmd = XEN_SYSCTL_get_cpu_policy;
    op.u.cpu_policy = (xen_sysctl_cpu_policy_t){ .index = index,
                                                 .nr_leaves = nr_leaves,
                                                 .nr_msrs = nr_msrs };
    op.u.cpu_policy.leaves.p = nr_leaves ? leaves : NULL;
    op.u.cpu_policy.msrs.p = nr_msrs ? msrs : NULL;
    return (int)HYPERVISOR_sysctl(&op);
}

static void check_policy(unsigned int index)
{
    check_eq(policy(index, 0, 0), 0);
    check(op.u.cpu_policy.nr_leaves > 10, "room for leaves");
    check_eq(op.u.cpu_policy.nr_msrs, 2);
    check_eq(policy(index, MAX_LEAVES, 8), 0);
    check(op.u.cpu_policy.nr_leaves > 10, "leaves");
    check_eq(leaves[0].leaf, 0);
    check_eq(leaves[1].leaf, 1);
    check_eq(policy(index, 1, 0), -ENOBUFS);
    check_eq(policy(index, 0, 1), -ENOBUFS);
}

void test_main(void)
{
    check_features();
    check_policy(XEN_SYSCTL_cpu_policy_raw);
    check_policy(XEN_SYSCTL_cpu_policy_host);
    check_policy(XEN_SYSCTL_cpu_policy_pv_max);
    check_policy(XEN_SYSCTL_cpu_policy_pv_default);
    check_eq(policy(XEN_SYSCTL_cpu_policy_hvm_default + 1, 0, 0), -EINVAL);
    op.u.cpu_policy = (xen_sysctl_cpu_policy_t){ ._rsvd = 1 };
    check_eq(HYPERVISOR_sysctl(&op), -EINVAL);
    op.u.cpu_policy = (xen_sysctl_cpu_policy_t){ .nr_leaves = MAX_LEAVES };
    op.u.cpu_policy.leaves.p = (void *)0x10;
    check_eq(HYPERVISOR_sysctl(&op), -EFAULT);
}
