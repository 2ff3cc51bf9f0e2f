/* SPDX-License-Identifier: MIT */
/*
 * CPU policies in and out: lists of CPUID leaves, in ascending order, and of the two MSRs
 * that the interface has: PLATFORM_INFO, which says that CPUID never faults, and
 * ARCH_CAPS. A domain's policy can be changed until it has run.
 */
#include "internal.h"
#include <abi/arch-x86/cpuid.h>
#include <hv/guest_copy.h>
#include <hv/heap.h>
#include <hv/lib.h>

#define LAST_BASIC    0xdu
#define LAST_EXTENDED 0x80000021u
#define LAST_XSTATE   62u

struct leaf_writer {
    enum policy_kind kind;
    const struct domain *d;
    XEN_GUEST_HANDLE(xen_cpuid_leaf_t) to;
    uint32_t room, done;
};

static int put_leaf(struct leaf_writer *w, uint32_t leaf, uint32_t sub)
{
    struct cpuid_regs r;
    xen_cpuid_leaf_t out;

    if (w->done == w->room)
        return -ENOBUFS;
    policy_leaf(w->kind, w->d, leaf, sub == XEN_CPUID_NO_SUBLEAF ? 0 : sub, &r);
    out = (xen_cpuid_leaf_t){ leaf, sub, r.a, r.b, r.c, r.d };
    if (copy_to_guest_offset(w->to, w->done, &out, 1))
        return -EFAULT;
    w->done++;
    return 0;
}

/* The last sub-leaf of a leaf that has some; by what sub-leaf 0 says. */
static uint32_t last_sub(const struct leaf_writer *w, uint32_t leaf)
{
    struct cpuid_regs r;
    uint32_t sub = 0;

    policy_leaf(w->kind, w->d, leaf, 0, &r);
    if (leaf == 7)
        return min(r.a, 2u);
    if (leaf == 4)
        for (; (r.a & 0x1f) && sub < 5; policy_leaf(w->kind, w->d, 4, sub, &r))
            sub++;
    if (leaf == 0xd && (r.a | r.d)) {
        uint64_t components = (uint64_t)r.d << 32 | r.a | 3;

        sub = min(63u - (uint32_t)__builtin_clzll(components), LAST_XSTATE);
    }
    return sub;
}

static bool has_subs(uint32_t leaf)
{
    return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd;
}

static int put_basic(struct leaf_writer *w, uint32_t leaf)
{
    uint32_t last = has_subs(leaf) ? last_sub(w, leaf) : 0;
    int rc = 0;

    if (!has_subs(leaf))
        return put_leaf(w, leaf, XEN_CPUID_NO_SUBLEAF);
    for (uint32_t sub = 0; !rc && sub <= last; sub++)
        rc = put_leaf(w, leaf, sub);
    return rc;
}

static int put_leaves(struct leaf_writer *w)
{
    struct cpuid_regs first, extended;
    int rc = 0;

    policy_leaf(w->kind, w->d, 0, 0, &first);
    policy_leaf(w->kind, w->d, 0x80000000, 0, &extended);
    for (uint32_t leaf = 0; !rc && leaf <= min(first.a, LAST_BASIC); leaf++)
        rc = put_basic(w, leaf);
    if (!rc)
        rc = put_leaf(w, XEN_CPUID_FIRST_LEAF, XEN_CPUID_NO_SUBLEAF);
    for (uint32_t leaf = 0x80000000; !rc && leaf <= min(extended.a, LAST_EXTENDED);
         leaf++)
        rc = put_leaf(w, leaf, XEN_CPUID_NO_SUBLEAF);
    return rc;
}

static int put_msrs(enum policy_kind kind, const struct domain *d,
                    const struct policy_room *room)
{
    const xen_msr_entry_t msrs[POLICY_MAX_MSRS] = {
        { .idx = MSR_PLATFORM_INFO },
        { .idx = MSR_ARCH_CAPS, .val = policy_arch_caps(kind, d) },
    };

    if (*room->nr_msrs < POLICY_MAX_MSRS)
        return -ENOBUFS;
    *room->nr_msrs = POLICY_MAX_MSRS;
    return copy_to_guest(room->msrs, msrs, POLICY_MAX_MSRS);
}

int policy_write(enum policy_kind kind, const struct domain *d,
                 const struct policy_room *room)
{
    struct leaf_writer w = { kind, d, room->leaves, *room->nr_leaves, 0 };
    int rc = 0;

    *room->nr_leaves = POLICY_MAX_LEAVES;
    if (!guest_handle_is_null(room->leaves)) {
        rc = put_leaves(&w);
        *room->nr_leaves = w.done;
    }
    if (guest_handle_is_null(room->msrs))
        *room->nr_msrs = POLICY_MAX_MSRS;
    else if (!rc)
        rc = put_msrs(kind, d, room);
    return rc;
}

/* Null buffers ask for numbers. 0; -ENOBUFS; -EFAULT. */
int domctl_get_cpu_policy(struct domain *d, xen_domctl_cpu_policy_t *arg)
{
    return policy_write(
        POLICY_PV_DEFAULT, d,
        &(struct policy_room){ arg->leaves, arg->msrs, &arg->nr_leaves, &arg->nr_msrs });
}

/* 0; -EINVAL no such policy; -EOPNOTSUPP one of HVM; -ENOBUFS; -EFAULT. */
int sysctl_get_cpu_policy(xen_sysctl_cpu_policy_t *arg)
{
    if (arg->_rsvd || arg->index > XEN_SYSCTL_cpu_policy_hvm_default)
        return -EINVAL;
    if (arg->index == XEN_SYSCTL_cpu_policy_hvm_max ||
        arg->index == XEN_SYSCTL_cpu_policy_hvm_default)
        return -EOPNOTSUPP;
    return policy_write(
        (enum policy_kind)arg->index, NULL,
        &(struct policy_room){ arg->leaves, arg->msrs, &arg->nr_leaves, &arg->nr_msrs });
}

static int check_leaf(const xen_cpuid_leaf_t *l)
{
    if (!cpu_policy_has_place(l->leaf, l->subleaf))
        return -ERANGE;
    if ((l->leaf == 0 && l->a > LAST_BASIC) ||
        (l->leaf == 0x80000000 && (l->a & 0xffff) > (LAST_EXTENDED & 0xffff)))
        return -EINVAL;
    return 0;
}

static int read_leaves(const xen_domctl_cpu_policy_t *arg, xen_cpuid_leaf_t *leaf,
                       const xen_cpuid_leaf_t **bad)
{
    if (copy_from_guest(leaf, arg->leaves, arg->nr_leaves))
        return -EFAULT;
    for (uint32_t i = 0; i < arg->nr_leaves; i++) {
        int rc = check_leaf(&leaf[i]);

        if (rc) {
            *bad = &leaf[i];
            return rc;
        }
    }
    return 0;
}

/* *caps: what ARCH_CAPS is to be, if *has_caps. */
static int read_msrs(const xen_domctl_cpu_policy_t *arg, bool *has_caps, uint64_t *caps,
                     uint32_t *bad)
{
    xen_msr_entry_t msr;

    for (uint32_t i = 0; i < arg->nr_msrs; i++) {
        if (copy_from_guest_offset(&msr, arg->msrs, i, 1))
            return -EFAULT;
        *bad = msr.idx;
        if (msr.idx != MSR_PLATFORM_INFO && msr.idx != MSR_ARCH_CAPS)
            return -ERANGE;
        if (msr.flags || (msr.idx == MSR_PLATFORM_INFO && msr.val))
            return -EINVAL;
        if (msr.idx == MSR_ARCH_CAPS) {
            *has_caps = true;
            *caps = msr.val;
        }
    }
    return 0;
}

/* `leaf` has room for what arg names. */
static int set_policy(struct domain *d, xen_domctl_cpu_policy_t *arg,
                      xen_cpuid_leaf_t *leaf)
{
    const xen_cpuid_leaf_t *bad = NULL;
    uint32_t bad_msr = XEN_CPUID_INPUT_UNUSED;
    bool has_caps = false;
    uint64_t caps;
    int rc = read_leaves(arg, leaf, &bad);

    if (!rc)
        rc = read_msrs(arg, &has_caps, &caps, &bad_msr);
    if (!rc)
        return domain_change_cpu_policy(d, leaf, arg->nr_leaves, has_caps ? &caps : NULL);
    arg->err_leaf = bad ? bad->leaf : XEN_CPUID_INPUT_UNUSED;
    arg->err_subleaf = bad ? bad->subleaf : XEN_CPUID_INPUT_UNUSED;
    arg->err_msr = bad_msr;
    return rc;
}

/*
 * Changes what d sees, as far as it can be had. 0; -EINVAL the caller's own domain, a
 * value that cannot be; -EEXIST it has run; -E2BIG more than a policy has; -ERANGE no such
 * leaf or MSR: err_* say which; -EFAULT; -ENOMEM.
 */
int domctl_set_cpu_policy(struct domain *d, xen_domctl_cpu_policy_t *arg)
{
    xen_cpuid_leaf_t *leaf;
    int rc;

    if (d == current->domain)
        return -EINVAL;
    if (d->life != DOM_BUILDING)
        return -EEXIST;
    if (arg->nr_leaves > POLICY_MAX_LEAVES || arg->nr_msrs > POLICY_MAX_MSRS)
        return -E2BIG;
    arg->err_leaf = arg->err_subleaf = arg->err_msr = XEN_CPUID_INPUT_UNUSED;
    leaf = hv_zalloc_array(POLICY_MAX_LEAVES, sizeof(*leaf));
    if (!leaf)
        return -ENOMEM;
    rc = set_policy(d, arg, leaf);
    hv_free(leaf);
    return rc;
}
