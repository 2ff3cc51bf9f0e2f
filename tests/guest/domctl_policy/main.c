/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a domain's CPU policy is read as a list of leaves, and written until it runs.
 * Provocation: lists without room, with what no policy has, too long; a domain that has
 * run; oneself.
 * Expected: -ENOBUFS, -ERANGE and -EINVAL with the culprit, -E2BIG, -EEXIST as they apply;
 * a feature that was taken away is gone.
 */
#include <builder.h>
#include <test.h>

COVERS(domctl, XEN_DOMCTL_get_cpu_policy, XEN_DOMCTL_set_cpu_policy);

#define MAX_LEAVES 200
#define MAX_MSRS   8
#define ECX_AES    (1U << 25)

static struct xen_domctl op;
static xen_cpuid_leaf_t leaves[MAX_LEAVES];
static xen_msr_entry_t msrs[MAX_MSRS];
static domid_t id;

static int policy(unsigned int cmd, domid_t domid, unsigned int nr_leaves,
                  unsigned int nr_msrs)
{
    op.u.cpu_policy =
        (xen_domctl_cpu_policy_t){ .nr_leaves = nr_leaves, .nr_msrs = nr_msrs };
    op.u.cpu_policy.leaves.p = nr_leaves ? leaves : NULL;
    op.u.cpu_policy.msrs.p = nr_msrs ? msrs : NULL;
    return domctl(&op, cmd, domid);
}

static int get(unsigned int nr_leaves, unsigned int nr_msrs)
{
    return policy(XEN_DOMCTL_get_cpu_policy, id, nr_leaves, nr_msrs);
}

static int set(unsigned int nr_leaves, unsigned int nr_msrs)
{
    return policy(XEN_DOMCTL_set_cpu_policy, id, nr_leaves, nr_msrs);
}

static xen_cpuid_leaf_t *find(unsigned int leaf)
{
    for (unsigned int i = 0; i < op.u.cpu_policy.nr_leaves; i++)
        if (leaves[i].leaf == leaf)
            return &leaves[i];
    return NULL;
}

static void check_get(void)
{
    check_eq(get(0, 0), 0);
    check(op.u.cpu_policy.nr_leaves > 10 && op.u.cpu_policy.nr_leaves <= MAX_LEAVES,
          "leaves");
    check_eq(op.u.cpu_policy.nr_msrs, 2);
    check_eq(get(1, MAX_MSRS), -ENOBUFS);
    check_eq(get(MAX_LEAVES, 1), -ENOBUFS);
    check_eq(get(MAX_LEAVES, MAX_MSRS), 0);
    require(find(1));
    check_eq(find(1)->subleaf, XEN_CPUID_NO_SUBLEAF);
    check(find(0)->a <= 0xd, "last leaf");
    check_eq(policy(XEN_DOMCTL_get_cpu_policy, 0, 0, 0), 0);
    op.u.cpu_policy.leaves.p = (void *)0x10;
    op.u.cpu_policy.nr_leaves = MAX_LEAVES;
    check_eq(domctl(&op, XEN_DOMCTL_get_cpu_policy, id), -EFAULT);
}

static void check_set(void)
{
    check_eq(get(MAX_LEAVES, MAX_MSRS), 0);
    check_eq(set(op.u.cpu_policy.nr_leaves, op.u.cpu_policy.nr_msrs), 0);
    check_eq(get(MAX_LEAVES, MAX_MSRS), 0);
    require(find(1));
    leaves[0] = *find(1);
    leaves[0].c &= ~ECX_AES;
    check_eq(set(1, 0), 0);
    check_eq(get(MAX_LEAVES, MAX_MSRS), 0);
    require(find(1));
    check_eq(find(1)->c & ECX_AES, 0);
}

static void check_culprits(void)
{
    leaves[0] = (xen_cpuid_leaf_t){ .leaf = 0x12345, .subleaf = XEN_CPUID_NO_SUBLEAF };
    check_eq(set(1, 0), -ERANGE);
    check_eq(op.u.cpu_policy.err_leaf, 0x12345);
    check_eq(op.u.cpu_policy.err_subleaf, XEN_CPUID_NO_SUBLEAF);
    check_eq(op.u.cpu_policy.err_msr, XEN_CPUID_INPUT_UNUSED);
    leaves[0] =
        (xen_cpuid_leaf_t){ .leaf = 0, .subleaf = XEN_CPUID_NO_SUBLEAF, .a = 0x1000 };
    check_eq(set(1, 0), -EINVAL);
    check_eq(op.u.cpu_policy.err_leaf, 0);
    msrs[0] = (xen_msr_entry_t){ .idx = 0x1234 };
    check_eq(set(0, 1), -ERANGE);
    check_eq(op.u.cpu_policy.err_msr, 0x1234);
    check_eq(op.u.cpu_policy.err_leaf, XEN_CPUID_INPUT_UNUSED);
    op.u.cpu_policy = (xen_domctl_cpu_policy_t){ .nr_leaves = 5000 };
    op.u.cpu_policy.leaves.p = leaves;
    check_eq(domctl(&op, XEN_DOMCTL_set_cpu_policy, id), -E2BIG);
    op.u.cpu_policy.nr_leaves = 1;
    op.u.cpu_policy.leaves.p = (void *)0x10;
    check_eq(domctl(&op, XEN_DOMCTL_set_cpu_policy, id), -EFAULT);
    check_eq(policy(XEN_DOMCTL_set_cpu_policy, 0, 0, 0), -EINVAL);
}

void test_main(void)
{
    guest_config(&op.u.createdomain);
    require(domctl(&op, XEN_DOMCTL_createdomain, 0) == 0);
    id = op.domain;
    check_get();
    check_set();
    check_culprits();
    check_eq(domctl_simple(XEN_DOMCTL_unpausedomain, id), 0);
    check_eq(set(0, 0), -EEXIST);
    check_eq(domctl_simple(XEN_DOMCTL_destroydomain, id), 0);
}
