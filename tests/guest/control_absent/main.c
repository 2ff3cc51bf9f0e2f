/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: operations on the machine that the hypervisor leaves out are refused:
 * profiling, power management, hot plug, live patching; so are messages of no device.
 * Provocation: each with an argument of zeros.
 * Expected: the error of its row.
 *
 *   xen: differs it is built with most of these switched on
 */
#include <test.h>

#include <abi/physdev.h>
#include <abi/platform.h>
#include <abi/sysctl.h>

COVERS(sysctl, XEN_SYSCTL_perfc_op, XEN_SYSCTL_get_pmstat, XEN_SYSCTL_cpu_hotplug,
       XEN_SYSCTL_pm_op, XEN_SYSCTL_page_offline_op, XEN_SYSCTL_lockprof_op,
       XEN_SYSCTL_coverage_op, XEN_SYSCTL_psr_cmt_op, XEN_SYSCTL_psr_alloc,
       XEN_SYSCTL_livepatch_op);
COVERS(platform_op, XENPF_add_memtype, XENPF_del_memtype, XENPF_read_memtype,
       XENPF_microcode_update, XENPF_platform_quirk, XENPF_efi_runtime_call,
       XENPF_change_freq, XENPF_getidletime, XENPF_set_processor_pminfo, XENPF_cpu_online,
       XENPF_cpu_offline, XENPF_cpu_hotadd, XENPF_mem_hotadd, XENPF_core_parking,
       XENPF_resource_op);
COVERS(physdev_op, PHYSDEVOP_IRQ_UNMASK_NOTIFY, PHYSDEVOP_free_irq_vector,
       PHYSDEVOP_restore_msi, PHYSDEVOP_restore_msi_ext, PHYSDEVOP_dbgp_op,
       PHYSDEVOP_prepare_msix, PHYSDEVOP_release_msix);
COVERS(domctl, XEN_DOMCTL_shadow_op, XEN_DOMCTL_set_access_required);

struct absent {
    unsigned int cmd;
    int rc;
};

static const struct absent sysctls[] = {
#define SYSCTL_ABSENT(nr, name, error) { nr, -error },
#include <abi/ops/sysctl.def>
};

static const struct absent platform_ops[] = {
#define PLATFORM_ABSENT(nr, name, error) { nr, -error },
#include <abi/ops/platform.def>
};

static const struct absent physdev_ops[] = {
#define OP_ABSENT(nr, name, error) { nr, -error },
#include <abi/ops/physdev.def>
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void check_answer(const char *table, const struct absent *row, long rc)
{
    if (!check_eq(rc, row->rc))
        note("%s %u", table, row->cmd);
}

static void check_sysctls(void)
{
    for (unsigned int i = 0; i < COUNT(sysctls); i++) {
        struct xen_sysctl op = { .cmd = sysctls[i].cmd,
                                 .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

        check_answer("sysctl", &sysctls[i], HYPERVISOR_sysctl(&op));
    }
}

static void check_platform_ops(void)
{
    for (unsigned int i = 0; i < COUNT(platform_ops); i++) {
        struct xen_platform_op op = { .cmd = platform_ops[i].cmd,
                                      .interface_version = XENPF_INTERFACE_VERSION };

        check_answer("platform_op", &platform_ops[i], HYPERVISOR_platform_op(&op));
    }
}

/* What is left out does not look at its argument. */
static void check_physdev_ops(void)
{
    for (unsigned int i = 0; i < COUNT(physdev_ops); i++)
        check_answer("physdev_op", &physdev_ops[i],
                     HYPERVISOR_physdev_op((int)physdev_ops[i].cmd, (void *)0x10));
}

static void check_domctls(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_shadow_op,
                             .interface_version = XEN_DOMCTL_INTERFACE_VERSION };

    check_eq(HYPERVISOR_domctl(&op), -EOPNOTSUPP);
    op.cmd = XEN_DOMCTL_set_access_required;
    check_eq(HYPERVISOR_domctl(&op), -ENOSYS);
}

void test_main(void)
{
    check_sysctls();
    check_platform_ops();
    check_physdev_ops();
    check_domctls();
}
