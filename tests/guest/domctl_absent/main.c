/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: operations that belong to other kinds of guests, to devices given away or to
 * other processors are refused for a PV domain, also where the hypervisor has them.
 * Provocation: each with an argument of zeros.
 * Expected: the error of its row.
 */
#include <builder.h>
#include <test.h>

COVERS(domctl, XEN_DOMCTL_real_mode_area, XEN_DOMCTL_gethvmcontext,
       XEN_DOMCTL_sethvmcontext, XEN_DOMCTL_assign_device, XEN_DOMCTL_bind_pt_irq,
       XEN_DOMCTL_ioport_mapping, XEN_DOMCTL_set_opt_feature,
       XEN_DOMCTL_test_assign_device, XEN_DOMCTL_set_target, XEN_DOMCTL_deassign_device,
       XEN_DOMCTL_unbind_pt_irq, XEN_DOMCTL_get_device_group, XEN_DOMCTL_debug_op,
       XEN_DOMCTL_gethvmcontext_partial, XEN_DOMCTL_vm_event_op,
       XEN_DOMCTL_mem_sharing_op, XEN_DOMCTL_audit_p2m, XEN_DOMCTL_set_broken_page_p2m,
       XEN_DOMCTL_cacheflush, XEN_DOMCTL_setvnumainfo, XEN_DOMCTL_psr_cmt_op,
       XEN_DOMCTL_monitor_op, XEN_DOMCTL_psr_alloc, XEN_DOMCTL_soft_reset,
       XEN_DOMCTL_vuart_op, XEN_DOMCTL_vmtrace_op, XEN_DOMCTL_get_paging_mempool_size,
       XEN_DOMCTL_set_paging_mempool_size, XEN_DOMCTL_gdbsx_guestmemio,
       XEN_DOMCTL_gdbsx_pausevcpu, XEN_DOMCTL_gdbsx_unpausevcpu,
       XEN_DOMCTL_gdbsx_domstatus);

/* Switched on where others have them: their answer to zeros says nothing. */
static bool is_elsewhere(unsigned int cmd)
{
    return cmd == XEN_DOMCTL_shadow_op || cmd == XEN_DOMCTL_set_access_required;
}

static const struct {
    unsigned int cmd;
    int rc;
} absent[] = {
#define DOMCTL_ABSENT(nr, name, error) { nr, -error },
#include <abi/ops/domctl.def>
};

void test_main(void)
{
    static struct xen_domctl op;
    domid_t id;

    guest_config(&op.u.createdomain);
    require(domctl(&op, XEN_DOMCTL_createdomain, 0) == 0);
    id = op.domain;
    for (unsigned int i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        if (!is_elsewhere(absent[i].cmd) &&
            !check_eq(domctl_simple(absent[i].cmd, id), absent[i].rc))
            note("command %u", absent[i].cmd);
    check_eq(domctl_simple(XEN_DOMCTL_destroydomain, id), 0);
}
