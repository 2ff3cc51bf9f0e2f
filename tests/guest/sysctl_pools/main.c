/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: all CPUs and domains are in pool 0, whose scheduler calls itself credit2.
 * Provocation: every operation on pool 0 and on pools that are not there.
 * Expected: pool 0 described; -EEXIST, -EBUSY, -ENOENT, -ENODEV, -EPERM, -ESRCH, -EINVAL,
 * -EFAULT, -ENOSYS as they apply.
 *
 *   qemu: -smp 2
 */
#include <builder.h>
#include <test.h>

#include <abi/sysctl.h>

COVERS(sysctl, XEN_SYSCTL_cpupool_op, XEN_SYSCTL_sched_id, XEN_SYSCTL_scheduler_op);

static struct xen_sysctl op = { .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
static struct xen_sysctl_cpupool_op *const pool_op = &op.u.cpupool_op;
static uint64_t cpus;

static int pool(unsigned int what, unsigned int id, unsigned int cpu, unsigned int domid)
{
    op.cmd = XEN_SYSCTL_cpupool_op;
    *pool_op = (struct xen_sysctl_cpupool_op){
        .op = what, .cpupool_id = id, .cpu = cpu, .domid = domid
    };
    pool_op->cpumap.bitmap.p = (uint8_t *)&cpus;
    pool_op->cpumap.nr_bits = 64;
    return (int)HYPERVISOR_sysctl(&op);
}

static void check_info(void)
{
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 0, 0, 0), 0);
    check_eq(pool_op->cpupool_id, 0);
    check_eq(pool_op->sched_id, XEN_SCHEDULER_CREDIT2);
    check_eq(pool_op->n_dom, 1);
    check_eq(cpus, 3);
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 1, 0, 0), -ENOENT);
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, XEN_SYSCTL_CPUPOOL_PAR_ANY, 0, 0), -ENOENT);
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0, 0, 0), 0);
    check_eq(cpus, 0);
    pool_op->op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    pool_op->cpumap.bitmap.p = (uint8_t *)0x10;
    check_eq(HYPERVISOR_sysctl(&op), -EFAULT);
}

static void check_changes(void)
{
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_CREATE, 0, 0, 0), -EEXIST);
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 0, 0, 0), -EBUSY);
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 1, 0, 0), -ENOENT);
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 0, 0, 0), -ENODEV);
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 1, 0, 0), -ENOENT);
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 1, 0, 0), -ENOENT);
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, 99, 0), -EINVAL);
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 0, 0, 0), -EPERM);
    check_eq(pool(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 0, 0, 77), -ESRCH);
    check_eq(pool(0, 0, 0, 0), -ENOSYS);
    check_eq(pool(8, 0, 0, 0), -ENOSYS);
}

static int sched(unsigned int id, unsigned int cmd, unsigned int pool_id, unsigned int us)
{
    op.cmd = XEN_SYSCTL_scheduler_op;
    op.u.scheduler_op = (struct xen_sysctl_scheduler_op){ .cpupool_id = pool_id,
                                                          .sched_id = id,
                                                          .cmd = cmd };
    op.u.scheduler_op.u.sched_credit2.ratelimit_us = us;
    return (int)HYPERVISOR_sysctl(&op);
}

static void check_scheduler(void)
{
    op.cmd = XEN_SYSCTL_sched_id;
    check_eq(HYPERVISOR_sysctl(&op), 0);
    check_eq(op.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2);
    check_eq(sched(XEN_SCHEDULER_CREDIT2, XEN_SYSCTL_SCHEDOP_getinfo, 0, 0), 0);
    check_eq(sched(XEN_SCHEDULER_CREDIT2, XEN_SYSCTL_SCHEDOP_putinfo, 0, 0), 0);
    check_eq(sched(XEN_SCHEDULER_CREDIT2, XEN_SYSCTL_SCHEDOP_putinfo, 0, 50), -EINVAL);
    check_eq(sched(XEN_SCHEDULER_CREDIT2, XEN_SYSCTL_SCHEDOP_putinfo, 0, 1000000),
             -EINVAL);
    check_eq(sched(XEN_SCHEDULER_CREDIT2, 2, 0, 0), -EINVAL);
    check_eq(sched(XEN_SCHEDULER_CREDIT, XEN_SYSCTL_SCHEDOP_getinfo, 0, 0), -EINVAL);
    check_eq(sched(XEN_SCHEDULER_CREDIT2, XEN_SYSCTL_SCHEDOP_getinfo, 1, 0), -ESRCH);
}

void test_main(void)
{
    check_info();
    check_changes();
    check_scheduler();
}
