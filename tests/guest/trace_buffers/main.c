/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the control domain makes trace rings, maps them and switches tracing on.
 * Provocation: every command of tbuf_op, in and out of order; sizes that are nothing, too
 * large and already there; the rings' frames as if they were our own.
 * Expected: -EINVAL, -ENOMEM, -EBUSY, -EFAULT as they apply; records appear when events
 * and CPUs are selected, and only then.
 *
 *   qemu: -smp 2 -m 160
 *   dom0: max_vcpus=1 mem=128M
 */
#include <test.h>
#include <trace.h>

#include <abi/version.h>
#include <mini-os/mm.h>

COVERS(sysctl, XEN_SYSCTL_tbuf_op);

static struct xen_sysctl_tbuf_op *const op = &trace_op.u.tbuf_op;

static void check_without_rings(void)
{
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_get_info, 0, 0), 0);
    check_eq(op->buffer_mfn, 0);
    check_eq(op->evt_mask, TRC_ALL);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_enable, 0, 0), -EINVAL);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_disable, 0, 0), 0);
    check_eq(trace_tbuf(6, 0, 0), -EINVAL);
    check_eq(trace_tbuf(~0u, 0, 0), -EINVAL);
}

static void check_sizes(void)
{
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_set_size, 0, 0), -EINVAL);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_set_size, 0, 60000), -ENOMEM);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_enable, 0, 0), -EINVAL);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_set_size, 0, 2), 0);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_set_size, 0, 2), -EBUSY);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_set_size, 0, 3), -EINVAL);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_set_size, 0, 0), -EINVAL);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_get_info, 0, 0), 0);
    check_eq(op->size, PAGE_SIZE);
    check(op->buffer_mfn, "there is a list of frames");
}

static void check_masks(void)
{
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_set_evt_mask, 0x12345, 0), 0);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_get_info, 0, 0), 0);
    check_eq(op->evt_mask, 0x12345);
    *op = (struct xen_sysctl_tbuf_op){ .cmd = XEN_SYSCTL_TBUFOP_set_cpu_mask };
    op->cpu_mask.bitmap.p = (uint8_t *)0x10;
    op->cpu_mask.nr_bits = 64;
    check_eq(HYPERVISOR_sysctl(&trace_op), -EFAULT);
}

/* Does a hypercall make a record? */
static bool records(void)
{
    struct trace_record r;

    trace_skip();
    HYPERVISOR_xen_version(XENVER_version, NULL);
    while (trace_find(TRC_PV_HYPERCALL_V2, &r))
        if ((r.words[0] & ~TRC_PV_HYPERCALL_V2_ARG_MASK) == __HYPERVISOR_xen_version)
            return true;
    return false;
}

static void select(unsigned int events, uint64_t cpus)
{
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_set_evt_mask, events, 0), 0);
    check_eq(trace_set_cpus(cpus), 0);
}

static void check_selection(void)
{
    select(TRC_PV, 3);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_enable, 0, 0), 0);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_enable, 0, 0), 0);
    check_eq(records(), true);
    select(TRC_PV_SUBCALL, 3);
    check_eq(records(), false);
    select(TRC_SCHED, 3);
    check_eq(records(), false);
    select(TRC_PV_ENTRY, 3);
    check_eq(records(), true);
    select(TRC_PV, 0);
    check_eq(records(), false);
    select(TRC_ALL, 3);
    check_eq(records(), true);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_disable, 0, 0), 0);
    check_eq(records(), false);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_disable, 0, 0), 0);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_enable, 0, 0), 0);
    check_eq(records(), true);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_disable, 0, 0), 0);
}

static void check_frames(void)
{
    volatile char *window = window_reserve(1);

    require(window);
    check_eq(pte_set(window, pte_make(op->buffer_mfn, PTE_RO), PTE_BY_VA), -EBUSY);
    check_eq(mmuext_one(MMUEXT_PIN_L1_TABLE, op->buffer_mfn, 0), -EINVAL);
}

void test_main(void)
{
    check_without_rings();
    check_sizes();
    check_frames();
    check_masks();
    require(trace_map() == 0);
    check_selection();
    trace_unmap();
}
