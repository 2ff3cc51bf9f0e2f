/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a domain's CPU policy is read as a list of leaves, and written until it runs.
 * Provocation: lists without room, with what no policy has, with sub-leaves where there
 * are none and without where there are some, too long, of any numbers; features without
 * what they need, or that no guest can have; a domain that has run; oneself.
 * Expected: -ENOBUFS, -ERANGE and -EINVAL with the culprit, -E2BIG, -EEXIST as they apply;
 * a feature that was taken away is gone, with all that need it and their state; what
 * cannot be had is left out; names and models are as they were written.
 */
#include <builder.h>
#include <test.h>

COVERS(domctl, XEN_DOMCTL_get_cpu_policy, XEN_DOMCTL_set_cpu_policy);

#define MAX_LEAVES 200
#define MAX_MSRS   8
#define ECX_VMX    (1U << 5)
#define ECX_AES    (1U << 25)
#define ECX_XSAVE  (1U << 26)
#define ECX_AVX    (1U << 28)
#define EBX_AVX2   (1U << 5)

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

/* Of a leaf that has sub-leaves: the first. */
static xen_cpuid_leaf_t *find(unsigned int leaf)
{
    for (unsigned int i = 0; i < op.u.cpu_policy.nr_leaves; i++)
        if (leaves[i].leaf == leaf)
            return &leaves[i];
    return NULL;
}

/* The leaf as it is in the domain's policy. */
static xen_cpuid_leaf_t now(unsigned int leaf)
{
    require(get(MAX_LEAVES, MAX_MSRS) == 0);
    require(find(leaf));
    return *find(leaf);
}

static int set_leaf(xen_cpuid_leaf_t leaf)
{
    leaves[0] = leaf;
    return set(1, 0);
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

static void check_what_goes_together(void)
{
    xen_cpuid_leaf_t one = now(1), without = one;

    if (!(one.c & ECX_AVX)) {
        note("no AVX");
        return;
    }
    check_eq(now(0xd).a, 7);
    without.c &= ~ECX_AVX;
    check_eq(set_leaf(without), 0);
    check_eq(now(1).c & ECX_AVX, 0);
    check_eq(now(7).b & EBX_AVX2, 0);
    check_eq(now(0xd).a, 3);
    check_eq(now(0xd).c, 576);
    without.c &= ~ECX_XSAVE;
    check_eq(set_leaf(without), 0);
    check_eq(now(0xd).a, 0);
    check_eq(now(0xd).c, 0);
    check_eq(set_leaf(one), 0);
    check_eq(now(0xd).a, 7);
}

static void check_what_can_be_had(void)
{
    xen_cpuid_leaf_t one = now(1), l = one;

    l.a = 0xffffffff;
    l.b = 0x00120034;
    l.c |= ECX_VMX;
    check_eq(set_leaf(l), 0);
    l = now(1);
    check_eq(l.a, 0x0fff0fff);
    check_eq(l.b & 0x00ff00ff, 0x00120034);
    check_eq(l.b & 0x0000ff00, one.b & 0x0000ff00);
    check_eq(l.c & ECX_VMX, 0);
    l = now(0x80000002);
    l.a = 0x6e616d65;
    check_eq(set_leaf(l), 0);
    check_eq(now(0x80000002).a, 0x6e616d65);
    l = now(0);
    l.a = 2;
    check_eq(set_leaf(l), 0);
    check_eq(now(0).a, 2);
    check_eq(find(7) != NULL, false);
    l.a = 0xd;
    check_eq(set_leaf(l), 0);
    check_eq(set_leaf(one), 0);
}

/* A policy is a list of numbers of somebody's; none of them must do harm. */
static void check_any_numbers(void)
{
    uint64_t x = 1;
    unsigned int n;

    for (unsigned int i = 0; i < 200; i++) {
        require(get(MAX_LEAVES, MAX_MSRS) == 0);
        n = op.u.cpu_policy.nr_leaves;
        for (unsigned int j = 0; j < 8; j++) {
            x = x * 6364136223846793005ul + 1442695040888963407ul;
            (&leaves[(x >> 33) % n].a)[x >> 20 & 3] = (uint32_t)(x >> 32);
        }
        set(n, 0);
    }
    check_eq(get(MAX_LEAVES, MAX_MSRS), 0);
    check(find(0) && find(0)->a <= 0xd, "a last leaf");
}

static void check_places(void)
{
    static const struct {
        uint32_t leaf, sub;
        bool is_there;
    } places[] = {
        { 1, XEN_CPUID_NO_SUBLEAF, true },
        { 1, 0, false },
        { 4, 5, true },
        { 4, 6, false },
        { 4, XEN_CPUID_NO_SUBLEAF, false },
        { 7, 2, true },
        { 7, 3, false },
        { 7, XEN_CPUID_NO_SUBLEAF, false },
        { 0xb, 1, true },
        { 0xb, 2, false },
        { 0xd, 62, true },
        { 0xd, 63, false },
        { 0xe, XEN_CPUID_NO_SUBLEAF, false },
        { 0x40000000, XEN_CPUID_NO_SUBLEAF, true },
        { 0x40000001, XEN_CPUID_NO_SUBLEAF, false },
        { 0x40000100, XEN_CPUID_NO_SUBLEAF, true },
        { 0x80000021, XEN_CPUID_NO_SUBLEAF, true },
        { 0x80000022, XEN_CPUID_NO_SUBLEAF, false },
        { 0x80000001, 0, false },
        { 0xc0000000, XEN_CPUID_NO_SUBLEAF, false },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
        int rc = set_leaf(
            (xen_cpuid_leaf_t){ .leaf = places[i].leaf, .subleaf = places[i].sub });

        if (rc != (places[i].is_there ? 0 : -ERANGE))
            note("leaf %x.%x", places[i].leaf, places[i].sub);
        check_eq(rc, places[i].is_there ? 0 : -ERANGE);
    }
}

static void check_msrs(void)
{
    msrs[0] = (xen_msr_entry_t){ .idx = 0xce, .val = 1 };
    check_eq(set(0, 1), -EINVAL);
    check_eq(op.u.cpu_policy.err_msr, 0xce);
    msrs[0] = (xen_msr_entry_t){ .idx = 0xce, .flags = 1 };
    check_eq(set(0, 1), -EINVAL);
    msrs[0] = (xen_msr_entry_t){ .idx = 0x10a, .val = ~0ul };
    check_eq(set(0, 1), 0);
    check_eq(get(MAX_LEAVES, MAX_MSRS), 0);
    check(msrs[1].idx == 0x10a && msrs[1].val != ~0ul, "not all that was asked for");
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
    check_eq(set_leaf((xen_cpuid_leaf_t){
                 .leaf = 0x80000000, .subleaf = XEN_CPUID_NO_SUBLEAF, .a = 0x8000ffff }),
             -EINVAL);
    check_eq(op.u.cpu_policy.err_leaf, 0x80000000);
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
    check_what_goes_together();
    check_what_can_be_had();
    check_msrs();
    check_culprits();
    check_any_numbers();
    check_places();
    check_eq(domctl_simple(XEN_DOMCTL_unpausedomain, id), 0);
    check_eq(set(0, 0), -EEXIST);
    check_eq(domctl_simple(XEN_DOMCTL_destroydomain, id), 0);
}
