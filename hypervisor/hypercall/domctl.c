/* SPDX-License-Identifier: MIT */
/*
 * domctl: from a command to the handler of its row. One copy of the argument is taken;
 * results are written back from it. Operations are serialised by the DOMCTL lock, which
 * is only ever tried: a handler may wait for a domain's vCPUs to stop, and one of those
 * may want the lock.
 */
#include <hv/control.h>
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/spinlock.h>

static struct spinlock domctl_lock = SPINLOCK_INIT(DOMCTL);

/* Which results a row copies out. */
enum results { RESULTS_NEVER, RESULTS_ON_SUCCESS, RESULTS_ALWAYS };
#define RESULTS_NONE   RESULTS_NEVER
#define RESULTS_IN     RESULTS_NEVER
#define RESULTS_OUT    RESULTS_ON_SUCCESS
#define RESULTS_INOUT  RESULTS_ON_SUCCESS
#define RESULTS_REPORT RESULTS_ALWAYS

#define CALL_NONE(fn, member)   fn(d)
#define CALL_IN(fn, member)     fn(d, &op->u.member)
#define CALL_OUT(fn, member)    fn(d, &op->u.member)
#define CALL_INOUT(fn, member)  fn(d, &op->u.member)
#define CALL_REPORT(fn, member) fn(d, &op->u.member)

static int run_row(struct xen_domctl *op, struct domain *d, enum results *results)
{
    switch (op->cmd) {
#define DOMCTL(nr, name, suffix, member, dir, restart) \
    case nr:                                           \
        *results = RESULTS_##dir;                      \
        return CALL_##dir(domctl_##suffix, member);
#define DOMCTL_ABSENT(nr, name, err) \
    case nr:                         \
        return -err;
#include <abi/ops/domctl.def>
    default:
        return -ENOSYS;
    }
}

/* The domain that op is about, with a reference; null when it is about none yet. */
static int find_domain(struct xen_domctl *op, struct domain **d)
{
    *d = NULL;
    switch (op->cmd) {
    case XEN_DOMCTL_createdomain:
        return 0;
    case XEN_DOMCTL_getdomaininfo: /* of the first one from here on */
        if (op->domain >= DOMID_FIRST_RESERVED)
            return -EINVAL;
        *d = domain_get_next(op->domain);
        break;
    default:
        *d = domain_get_by_id(op->domain);
        break;
    }
    if (!*d)
        return -ESRCH;
    op->domain = (*d)->id;
    return 0;
}

static int run_locked(struct xen_domctl *op, struct domain *d, enum results *results)
{
    int rc;

    /* Takes long, and any number of domains may die at a time. */
    if (op->cmd == XEN_DOMCTL_destroydomain)
        return run_row(op, d, results);
    if (!spin_trylock(&domctl_lock))
        return -ERESTART;
    rc = run_row(op, d, results);
    spin_unlock(&domctl_lock);
    return rc;
}

/*
 * What the row's handler returns; -EFAULT; -EACCES wrong interface version; -EPERM the
 * caller is not privileged; -ESRCH no such domain; -ENOSYS no such command.
 */
long hc_domctl(XEN_GUEST_HANDLE(xen_domctl_t) handle)
{
    enum results results = RESULTS_NEVER;
    struct xen_domctl op;
    struct domain *d;
    int rc;

    if (copy_from_guest(&op, handle, 1))
        return -EFAULT;
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
        return -EACCES;
    if (!current->domain->is_privileged)
        return -EPERM;
    rc = find_domain(&op, &d);
    if (rc)
        return rc;
    rc = run_locked(&op, d, &results);
    if (d)
        domain_put(d);
    if (rc == -ERESTART)
        return hypercall_continue(__HYPERVISOR_domctl, 1, (unsigned long)handle.p);
    if ((results == RESULTS_ALWAYS || (results == RESULTS_ON_SUCCESS && rc >= 0)) &&
        copy_to_guest(handle, &op, 1))
        return -EFAULT;
    return rc;
}
