/* SPDX-License-Identifier: MIT */
/*
 * domctl: CPUs and nodes that a domain may use. Soft affinity is a preference: a vCPU that
 * wakes goes to an idle CPU of it if there is one. There is one node.
 */
#include "internal.h"
#include <hv/sched.h>

#define AFFINITY_FLAGS \
    (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT | XEN_VCPUAFFINITY_FORCE)

static int affinity_vcpu(struct domain *d, const struct xen_domctl_vcpuaffinity *arg,
                         struct vcpu **v)
{
    if (!arg->flags)
        return -EINVAL;
    return control_vcpu(d, arg->vcpu, v);
}

static int write_usable(const struct xenctl_bitmap *to, const struct cpumask *mask)
{
    struct cpumask usable;

    cpumask_and(&usable, mask, &cpu_online_map);
    return bitmap_write(to, usable.bits, nr_cpus);
}

static int set_hard(struct vcpu *v, const struct xen_domctl_vcpuaffinity *arg)
{
    struct cpumask mask = { { 0 } };
    int rc = bitmap_read(&arg->cpumap_hard, mask.bits, NR_CPUS);

    if (rc)
        return rc;
    if (v->pin_override >= 0 && !(arg->flags & XEN_VCPUAFFINITY_FORCE))
        return -EBUSY;
    rc = vcpu_set_hard_affinity(v, &mask);
    return rc ? rc : write_usable(&arg->cpumap_hard, &mask);
}

static int set_soft(struct vcpu *v, const struct xen_domctl_vcpuaffinity *arg)
{
    struct cpumask mask = { { 0 } };
    int rc = bitmap_read(&arg->cpumap_soft, mask.bits, NR_CPUS);

    if (rc)
        return rc;
    v->soft_affinity = mask;
    cpumask_and(&mask, &mask, &v->hard_affinity);
    return write_usable(&arg->cpumap_soft, &mask);
}

/*
 * 0; -EINVAL no flag, vCPU out of range, or no online CPU; -ESRCH vCPU not created;
 * -EBUSY SCHEDOP_pin_override is in force; -EFAULT.
 */
int domctl_setvcpuaffinity(struct domain *d, struct xen_domctl_vcpuaffinity *arg)
{
    struct vcpu *v;
    int rc = affinity_vcpu(d, arg, &v);

    if (rc)
        return rc;
    if ((arg->flags & XEN_VCPUAFFINITY_FORCE) && v->pin_override >= 0)
        rc = vcpu_pin_override(v, -1);
    if (!rc && (arg->flags & XEN_VCPUAFFINITY_HARD))
        rc = set_hard(v, arg);
    if (!rc && (arg->flags & XEN_VCPUAFFINITY_SOFT))
        rc = set_soft(v, arg);
    return rc;
}

/* 0; -EINVAL, -ESRCH, -EFAULT as above. */
int domctl_getvcpuaffinity(struct domain *d, struct xen_domctl_vcpuaffinity *arg)
{
    struct vcpu *v;
    int rc = affinity_vcpu(d, arg, &v);

    if (!rc && (arg->flags & XEN_VCPUAFFINITY_HARD))
        rc = bitmap_write(&arg->cpumap_hard, v->hard_affinity.bits, nr_cpus);
    if (!rc && (arg->flags & XEN_VCPUAFFINITY_SOFT))
        rc = bitmap_write(&arg->cpumap_soft, v->soft_affinity.bits, nr_cpus);
    return rc;
}

/* The one node there is. */
#define NR_NODES 1

/* 0; -EINVAL node 0 is not among them; -EFAULT. */
int domctl_setnodeaffinity(struct domain *d, struct xen_domctl_nodeaffinity *arg)
{
    uint64_t nodes;
    int rc = bitmap_read(&arg->nodemap, &nodes, NR_NODES);

    (void)d;
    if (rc)
        return rc;
    return nodes ? 0 : -EINVAL;
}

/* 0; -EFAULT. */
int domctl_getnodeaffinity(struct domain *d, struct xen_domctl_nodeaffinity *arg)
{
    uint64_t nodes = 1;

    (void)d;
    return bitmap_write(&arg->nodemap, &nodes, NR_NODES);
}
