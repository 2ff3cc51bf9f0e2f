/* SPDX-License-Identifier: MIT */
/* platform_op: from a command to the handler of its row,
 * with one copy of the argument. */
#include <hv/control.h>
#include <hv/domain.h>
#include <hv/hypercall.h>

#define HAS_RESULTS_IN    false
#define HAS_RESULTS_INOUT true

static int run_row(struct xen_platform_op *op, bool *has_results)
{
    switch (op->cmd) {
#define PLATFORM(nr, name, suffix, member, dir, restart) \
    case nr:                                             \
        *has_results = HAS_RESULTS_##dir;                \
        return platform_##suffix(&op->u.member);
#define PLATFORM_ABSENT(nr, name, err) \
    case nr:                           \
        return -err;
#include <abi/ops/platform.def>
    default:
        return -ENOSYS;
    }
}

/* What the row's handler returns; -EFAULT; -EACCES wrong interface version; -EPERM the
 * caller is not privileged; -ENOSYS no such command. */
long hc_platform_op(XEN_GUEST_HANDLE(xen_platform_op_t) handle)
{
    bool has_results = false;
    struct xen_platform_op op;
    int rc;

    if (copy_from_guest(&op, handle, 1))
        return -EFAULT;
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return -EACCES;
    if (!current->domain->is_privileged)
        return -EPERM;
    rc = run_row(&op, &has_results);
    if (rc >= 0 && has_results && copy_to_guest(handle, &op, 1))
        return -EFAULT;
    return rc;
}
