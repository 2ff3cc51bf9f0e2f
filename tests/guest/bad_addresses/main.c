/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: an argument that cannot be read or written is an error, whatever the
 * sub-operation, and a sub-operation without a row is none.
 * Provocation: every row of the tables whose argument has a fixed size, with an address
 * that is not mapped, that is the hypervisor's, and that is not canonical; numbers behind
 * the last row.
 * Expected: -EFAULT; -ENOSYS. get_physid looks at the vCPU first, and reservations tell
 * how far they came: 0 extents.
 */
#include <test.h>

#include <abi/callback.h>
#include <abi/event_channel.h>
#include <abi/grant_table.h>
#include <abi/memory.h>
#include <abi/nmi.h>
#include <abi/physdev.h>
#include <abi/platform.h>
#include <abi/sched.h>
#include <abi/sysctl.h>
#include <abi/vcpu.h>
#include <abi/version.h>

COVERS(event_channel_op, callback_op, sched_op, vcpu_op, physdev_op, memory_op, nmi_op,
       xen_version, grant_table_op, platform_op, sysctl, domctl);

typedef long call_t(unsigned long cmd, void *arg);

static void *const bad[] = {
    (void *)0x10,
    (void *)HYPERVISOR_VIRT_START,
    (void *)0x800000000000,
};

static long expected(const char *name)
{
    if (!strcmp(name, "VCPUOP_get_physid"))
        return -EINVAL;
    if (!strcmp(name, "XENMEM_increase_reservation") ||
        !strcmp(name, "XENMEM_decrease_reservation") ||
        !strcmp(name, "XENMEM_populate_physmap"))
        return 0;
    return -EFAULT;
}

static void check_faults(call_t *call, unsigned long cmd, const char *name)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
        if (!check_eq(call(cmd, bad[i]), expected(name)))
            note("%s, address %p", name, bad[i]);
}

static void check_unknown(call_t *call, unsigned long first, const char *name)
{
    const unsigned long unknown[] = { first, 1000 };

    for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++)
        if (!check_eq(call(unknown[i], NULL), -ENOSYS))
            note("%s %lu", name, unknown[i]);
}

static long evtchn(unsigned long cmd, void *arg)
{
    return HYPERVISOR_event_channel_op(cmd, arg);
}

static long callback(unsigned long cmd, void *arg)
{
    return HYPERVISOR_callback_op(cmd, arg);
}

static long sched(unsigned long cmd, void *arg)
{
    return HYPERVISOR_sched_op(cmd, arg);
}

static long vcpu(unsigned long cmd, void *arg)
{
    return HYPERVISOR_vcpu_op(cmd, 0, arg);
}

static long physdev(unsigned long cmd, void *arg)
{
    return HYPERVISOR_physdev_op(cmd, arg);
}

static long memory(unsigned long cmd, void *arg)
{
    return HYPERVISOR_memory_op(cmd, arg);
}

static long nmi(unsigned long cmd, void *arg)
{
    return HYPERVISOR_nmi_op(cmd, arg);
}

static long version(unsigned long cmd, void *arg)
{
    return HYPERVISOR_xen_version(cmd, arg);
}

static long grant(unsigned long cmd, void *arg)
{
    return HYPERVISOR_grant_table_op(cmd, arg, 1);
}

/* A row, in the table of `call`: those with an argument that is copied. */
#define CHECK_NONE(cmd, name)
#define CHECK_RAW(cmd, name)
#define CHECK_IN(cmd, name)     check_faults(call, cmd, name);
#define CHECK_OUT(cmd, name)    check_faults(call, cmd, name);
#define CHECK_INOUT(cmd, name)  check_faults(call, cmd, name);
#define CHECK_REPORT(cmd, name) check_faults(call, cmd, name);
#define ROW(cmd, name, dir)     CHECK_##dir(cmd, name)

static void check_evtchn(call_t *call)
{
#define OP(cmd, name, suffix, type, dir, priv, restart) ROW(cmd, #name, dir)
#include <abi/ops/evtchn.def>
    check_unknown(call, 15, "event_channel_op"); /* 14 continues a reset */
}

static void check_callback(call_t *call)
{
#define OP(cmd, name, suffix, type, dir, priv, restart) ROW(cmd, #name, dir)
#include <abi/ops/callback.def>
    check_unknown(call, 2, "callback_op");
}

static void check_sched(call_t *call)
{
#define OP(cmd, name, suffix, type, dir, priv, restart) ROW(cmd, #name, dir)
#include <abi/ops/sched.def>
    check_unknown(call, 8, "sched_op");
}

static void check_vcpu(call_t *call)
{
#define OP(cmd, name, suffix, type, dir, priv, restart) ROW(cmd, #name, dir)
#include <abi/ops/vcpu.def>
    check_unknown(call, 14, "vcpu_op");
}

static void check_physdev(call_t *call)
{
#define OP(cmd, name, suffix, type, dir, priv, restart) ROW(cmd, #name, dir)
#include <abi/ops/physdev.def>
    check_unknown(call, 32, "physdev_op");
}

static void check_memory(call_t *call)
{
#define OP(cmd, name, suffix, type, dir, priv, restart) ROW(cmd, #name, dir)
#include <abi/ops/memory.def>
    check_eq(call(29, NULL), -ENOSYS);
    check_eq(call(63, NULL), -ENOSYS);
}

static void check_nmi(call_t *call)
{
#define OP(cmd, name, suffix, type, dir, priv, restart) ROW(cmd, #name, dir)
#include <abi/ops/nmi.def>
    check_unknown(call, 2, "nmi_op");
}

static void check_version(call_t *call)
{
#define OP(cmd, name, suffix, type, dir, priv, restart) ROW(cmd, #name, dir)
#include <abi/ops/xen_version.def>
    check_unknown(call, 11, "xen_version");
}

static void check_grant(call_t *call)
{
#define OP(cmd, name, suffix, type, dir, priv, restart) ROW(cmd, #name, dir)
#include <abi/ops/grant.def>
    check_unknown(call, 13, "grant_table_op");
}

static void check_control(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        check_eq(HYPERVISOR_domctl(bad[i]), -EFAULT);
        check_eq(HYPERVISOR_sysctl(bad[i]), -EFAULT);
        check_eq(HYPERVISOR_platform_op(bad[i]), -EFAULT);
    }
}

void test_main(void)
{
    check_evtchn(evtchn);
    check_callback(callback);
    check_sched(sched);
    check_vcpu(vcpu);
    check_physdev(physdev);
    check_memory(memory);
    check_nmi(nmi);
    check_version(version);
    check_grant(grant);
    check_control();
}
