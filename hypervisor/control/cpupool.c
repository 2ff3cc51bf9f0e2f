/* SPDX-License-Identifier: MIT */
/* sysctl: CPU pools, of which there is one with all CPUs and domains,
 * and its scheduler. */
#include "internal.h"
#include <hv/domain.h>

static uint32_t count_domains(void)
{
    uint32_t n = 0;
    struct domain *d;

    for (domid_t next = 0; (d = domain_get_next(next)) != NULL; n++) {
        next = (domid_t)(d->id + 1);
        domain_put(d);
    }
    return n;
}

static int pool_info(struct xen_sysctl_cpupool_op *arg)
{
    if (arg->cpupool_id)
        return -ENOENT;
    arg->sched_id = XEN_SCHEDULER_CREDIT2;
    arg->n_dom = count_domains();
    return bitmap_write(&arg->cpumap, cpu_online_map.bits, nr_cpus);
}

/* All are in the pool already. */
static int add_cpu(const struct xen_sysctl_cpupool_op *arg)
{
    return arg->cpupool_id ? -ENOENT : -ENODEV;
}

/* None may leave it. */
static int remove_cpu(const struct xen_sysctl_cpupool_op *arg)
{
    return arg->cpupool_id ? -ENOENT : -EINVAL;
}

static int move_domain(const struct xen_sysctl_cpupool_op *arg)
{
    struct domain *d =
        arg->domid < DOMID_FIRST_RESERVED ? domain_get_by_id((domid_t)arg->domid) : NULL;
    int rc;

    if (!d)
        return -ESRCH;
    rc = d->is_privileged ? -EPERM : arg->cpupool_id ? -ENOENT : 0;
    domain_put(d);
    return rc;
}

static int free_info(const struct xen_sysctl_cpupool_op *arg)
{
    struct cpumask none = { { 0 } };

    return bitmap_write(&arg->cpumap, none.bits, nr_cpus);
}

/* 0; -ENOENT no such pool; -EEXIST pool 0 is there; -EOPNOTSUPP another one; -EBUSY it is
 * not empty; -ENODEV, -EINVAL the CPU; -ESRCH, -EPERM the domain; -EFAULT; -ENOSYS. */
int sysctl_cpupool_op(struct xen_sysctl_cpupool_op *arg)
{
    switch (arg->op) {
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return arg->cpupool_id ? -EOPNOTSUPP : -EEXIST;
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
        return arg->cpupool_id ? -ENOENT : -EBUSY;
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        return pool_info(arg);
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
        return add_cpu(arg);
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        return remove_cpu(arg);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return move_domain(arg);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return free_info(arg);
    default:
        return -ENOSYS;
    }
}

int sysctl_sched_id(struct xen_sysctl_sched_id *arg)
{
    arg->sched_id = XEN_SCHEDULER_CREDIT2;
    return 0;
}

static int set_ratelimit(uint32_t us)
{
    if (!us)
        return 0;
    return us < XEN_SYSCTL_SCHED_RATELIMIT_MIN || us > XEN_SYSCTL_SCHED_RATELIMIT_MAX
               ? -EINVAL
               : -EOPNOTSUPP;
}

/* There is no shortest time for which a vCPU runs. 0; -ESRCH no such pool; -EINVAL
 * another scheduler, no such command or time; -EOPNOTSUPP a time. */
int sysctl_scheduler_op(struct xen_sysctl_scheduler_op *arg)
{
    if (arg->cpupool_id)
        return -ESRCH;
    if (arg->sched_id != XEN_SCHEDULER_CREDIT2)
        return -EINVAL;
    switch (arg->cmd) {
    case XEN_SYSCTL_SCHEDOP_putinfo:
        return set_ratelimit(arg->u.sched_credit2.ratelimit_us);
    case XEN_SYSCTL_SCHEDOP_getinfo:
        arg->u.sched_credit2.ratelimit_us = 0;
        return 0;
    default:
        return -EINVAL;
    }
}
