/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: domctl shows and sets where vCPUs run and how much they do.
 * Provocation: state, affinity and scheduling parameters of vCPUs that are not there yet,
 * that are, and beyond the last; CPU sets that are empty, short, or at a bad address.
 * Expected: -EINVAL, -ESRCH, -EFAULT as they apply; what was set is read back.
 *
 *   qemu: -smp 2
 */
#include <builder.h>
#include <test.h>

COVERS(domctl, XEN_DOMCTL_getvcpuinfo, XEN_DOMCTL_setvcpuaffinity,
       XEN_DOMCTL_getvcpuaffinity, XEN_DOMCTL_scheduler_op, XEN_DOMCTL_setnodeaffinity,
       XEN_DOMCTL_getnodeaffinity, XEN_DOMCTL_sendtrigger);

static struct xen_domctl op;
static uint64_t bits[2];
static domid_t id;

static void create(void)
{
    guest_config(&op.u.createdomain);
    op.u.createdomain.max_vcpus = 2;
    require(domctl(&op, XEN_DOMCTL_createdomain, 0) == 0);
    id = op.domain;
}

static int affinity(unsigned int cmd, unsigned int vcpu, unsigned int flags,
                    unsigned int nr)
{
    op.u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){ .vcpu = vcpu, .flags = flags };
    op.u.vcpuaffinity.cpumap_hard.bitmap.p = (uint8_t *)bits;
    op.u.vcpuaffinity.cpumap_hard.nr_bits = nr;
    op.u.vcpuaffinity.cpumap_soft = op.u.vcpuaffinity.cpumap_hard;
    return domctl(&op, cmd, id);
}

static int get_affinity(unsigned int vcpu, unsigned int flags, unsigned int nr)
{
    return affinity(XEN_DOMCTL_getvcpuaffinity, vcpu, flags, nr);
}

static int set_affinity(uint64_t cpus, unsigned int flags, unsigned int nr)
{
    bits[0] = cpus;
    return affinity(XEN_DOMCTL_setvcpuaffinity, 0, flags, nr);
}

static int vcpu_info(unsigned int vcpu)
{
    op.u.getvcpuinfo.vcpu = vcpu;
    return domctl(&op, XEN_DOMCTL_getvcpuinfo, id);
}

static int trigger(unsigned int what, unsigned int vcpu)
{
    op.u.sendtrigger.trigger = what;
    op.u.sendtrigger.vcpu = vcpu;
    return domctl(&op, XEN_DOMCTL_sendtrigger, id);
}

static void check_not_created(void)
{
    check_eq(vcpu_info(0), -ESRCH);
    check_eq(vcpu_info(2), -EINVAL);
    check_eq(get_affinity(0, XEN_VCPUAFFINITY_HARD, 64), -ESRCH);
    check_eq(trigger(XEN_DOMCTL_SENDTRIGGER_NMI, 0), -ESRCH);
    op.u.max_vcpus.max = 2;
    require(domctl(&op, XEN_DOMCTL_max_vcpus, id) == 0);
}

static void check_info(void)
{
    check_eq(vcpu_info(0), 0);
    check_eq(op.u.getvcpuinfo.online, 0);
    check_eq(op.u.getvcpuinfo.blocked, 0);
    check_eq(op.u.getvcpuinfo.running, 0);
    check_eq(op.u.getvcpuinfo.cpu_time, 0);
    check_eq(vcpu_info(2), -EINVAL);
}

static void check_get(void)
{
    bits[0] = bits[1] = ~0UL;
    check_eq(get_affinity(0, 0, 64), -EINVAL);
    check_eq(get_affinity(2, XEN_VCPUAFFINITY_HARD, 64), -EINVAL);
    check_eq(get_affinity(0, XEN_VCPUAFFINITY_FORCE, 64), 0);
    check_eq(get_affinity(0, XEN_VCPUAFFINITY_HARD, 128), 0);
    check_eq(bits[0], 3);
    check_eq(bits[1], 0);
    op.u.vcpuaffinity.cpumap_hard.bitmap.p = (uint8_t *)0x10;
    check_eq(domctl(&op, XEN_DOMCTL_getvcpuaffinity, id), -EFAULT);
}

static void check_set(void)
{
    check_eq(set_affinity(0, XEN_VCPUAFFINITY_HARD, 64), -EINVAL);
    check_eq(set_affinity(3, XEN_VCPUAFFINITY_HARD, 0), -EINVAL);
    check_eq(set_affinity(3, 0, 64), -EINVAL);
    check_eq(set_affinity(2, XEN_VCPUAFFINITY_HARD, 64), 0);
    bits[0] = 0;
    check_eq(get_affinity(0, XEN_VCPUAFFINITY_HARD, 64), 0);
    check_eq(bits[0], 2);
    check_eq(set_affinity(0x103, XEN_VCPUAFFINITY_HARD, 64), 0);
    check_eq(bits[0], 3); /* what is in force */
    check_eq(set_affinity(1, XEN_VCPUAFFINITY_SOFT, 64), 0);
    check_eq(bits[0], 1);
    check_eq(set_affinity(2, XEN_VCPUAFFINITY_HARD, 64), 0);
    check_eq(get_affinity(0, XEN_VCPUAFFINITY_SOFT, 64), 0);
    check_eq(bits[0], 1); /* it is another matter */
    check_eq(set_affinity(3, XEN_VCPUAFFINITY_HARD, 64), 0);
    check_eq(set_affinity(1, XEN_VCPUAFFINITY_FORCE, 64), 0);
    check_eq(set_affinity(1, XEN_VCPUAFFINITY_FORCE | XEN_VCPUAFFINITY_HARD, 64), 0);
    op.u.vcpuaffinity.cpumap_hard.bitmap.p = (uint8_t *)0x10;
    check_eq(domctl(&op, XEN_DOMCTL_setvcpuaffinity, id), -EFAULT);
}

static int nodes(unsigned int cmd, uint64_t map)
{
    bits[0] = map;
    op.u.nodeaffinity.nodemap.bitmap.p = (uint8_t *)bits;
    op.u.nodeaffinity.nodemap.nr_bits = 64;
    return domctl(&op, cmd, id);
}

static void check_nodes(void)
{
    check_eq(nodes(XEN_DOMCTL_setnodeaffinity, 0), -EINVAL);
    check_eq(nodes(XEN_DOMCTL_setnodeaffinity, 2), -EINVAL);
    check_eq(nodes(XEN_DOMCTL_setnodeaffinity, 1), 0);
    check_eq(nodes(XEN_DOMCTL_getnodeaffinity, ~0UL), 0);
    check_eq(bits[0], 1);
    op.u.nodeaffinity.nodemap.bitmap.p = (uint8_t *)0x10;
    check_eq(domctl(&op, XEN_DOMCTL_getnodeaffinity, id), -EFAULT);
}

static int sched(unsigned int sched_id, unsigned int cmd, unsigned int weight)
{
    op.u.scheduler_op =
        (struct xen_domctl_scheduler_op){ .sched_id = sched_id, .cmd = cmd };
    op.u.scheduler_op.u.credit2.weight = (uint16_t)weight;
    return domctl(&op, XEN_DOMCTL_scheduler_op, id);
}

static void check_sched(void)
{
    check_eq(sched(XEN_SCHEDULER_CREDIT, XEN_DOMCTL_SCHEDOP_getinfo, 0), -EINVAL);
    check_eq(sched(XEN_SCHEDULER_CREDIT2, XEN_DOMCTL_SCHEDOP_getinfo, 0), 0);
    check_eq(op.u.scheduler_op.u.credit2.weight, 256);
    check_eq(op.u.scheduler_op.u.credit2.cap, 0);
    check_eq(sched(XEN_SCHEDULER_CREDIT2, XEN_DOMCTL_SCHEDOP_putinfo, 512), 0);
    check_eq(sched(XEN_SCHEDULER_CREDIT2, XEN_DOMCTL_SCHEDOP_getinfo, 0), 0);
    check_eq(op.u.scheduler_op.u.credit2.weight, 512);
    check_eq(sched(XEN_SCHEDULER_CREDIT2, 4, 0), -EINVAL);
}

static void check_triggers(void)
{
    check_eq(trigger(XEN_DOMCTL_SENDTRIGGER_NMI, 0), 0);
    check_eq(trigger(XEN_DOMCTL_SENDTRIGGER_NMI, 2), -ESRCH);
    check_eq(trigger(XEN_DOMCTL_SENDTRIGGER_RESET, 0), -ENOSYS);
    check_eq(trigger(XEN_DOMCTL_SENDTRIGGER_INIT, 0), -ENOSYS);
    check_eq(trigger(XEN_DOMCTL_SENDTRIGGER_POWER, 0), -EINVAL);
    check_eq(trigger(XEN_DOMCTL_SENDTRIGGER_SLEEP, 0), -EINVAL);
    check_eq(trigger(5, 0), -ENOSYS);
}

void test_main(void)
{
    create();
    check_not_created();
    check_info();
    check_get();
    check_set();
    check_nodes();
    check_sched();
    check_triggers();
    check_eq(domctl_simple(XEN_DOMCTL_destroydomain, id), 0);
}
