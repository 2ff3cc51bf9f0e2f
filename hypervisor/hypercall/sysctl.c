/* SPDX-License-Identifier: MIT */
/* sysctl: from a command to the handler of its row, with one copy of the argument. */
#include <hv/control.h>
#include <hv/domain.h>
#include <hv/hypercall.h>

/* Does the row copy results out, given what its handler returned? */
#define HAS_RESULTS_IN(rc)     false
#define HAS_RESULTS_OUT(rc)    ((rc) >= 0)
#define HAS_RESULTS_INOUT(rc)  ((rc) >= 0)
#define HAS_RESULTS_REPORT(rc) true

static int run_row(struct xen_sysctl *op, bool *has_results)
{
    int rc;

    switch (op->cmd) {
#define SYSCTL(nr, name, suffix, member, dir, restart) \
    case nr:                                           \
        rc = sysctl_##suffix(&op->u.member);           \
        *has_results = HAS_RESULTS_##dir(rc);          \
        return rc;
#define SYSCTL_ABSENT(nr, name, err) \
    case nr:                         \
        return -err;
#include <abi/ops/sysctl.def>
    default:
        return -ENOSYS;
    }
}

/* What the row's handler returns; -EFAULT; -EACCES wrong interface version; -EPERM the
 * caller is not privileged; -ENOSYS no such command. */
long hc_sysctl(XEN_GUEST_HANDLE(xen_sysctl_t) handle)
{
    bool has_results = false;
    struct xen_sysctl op;
    int rc;

    if (copy_from_guest(&op, handle, 1))
        return -EFAULT;
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return -EACCES;
    if (!current->domain->is_privileged)
        return -EPERM;
    rc = run_row(&op, &has_results);
    if (has_results && copy_to_guest(handle, &op, 1))
        return -EFAULT;
    return rc;
}
