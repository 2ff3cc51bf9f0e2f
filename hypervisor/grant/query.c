/* SPDX-License-Identifier: MIT */
/* Grant operations on whole tables: set up, sizes, versions; and swapping two entries. */
#include "entry.h"
#include <hv/hypercall.h>
#include <hv/softirq.h>

/* A domain whose table the caller may look into, with a reference: GNTST_okay, or
 * _bad_domain, _permission_denied. */
static int target_get(domid_t id, struct domain **d)
{
    switch (domain_lookup(id, true, d)) {
    case 0:
        return GNTST_okay;
    case -EPERM:
        return GNTST_permission_denied;
    default:
        return GNTST_bad_domain;
    }
}

/* Lists the first nr frames; GNTST_okay or _bad_virt_addr. */
static int list_frames(struct domain *d, XEN_GUEST_HANDLE(xen_pfn_t) out, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        xen_pfn_t pfn;
        mfn_t mfn;

        if (grant_table_frame(d, i, &mfn))
            return GNTST_general_error;
        pfn = mfn_x(mfn);
        if (copy_to_guest_offset(out, i, &pfn, 1))
            return GNTST_bad_virt_addr;
    }
    return GNTST_okay;
}

static int setup_table(const struct gnttab_setup_table *op)
{
    struct domain *d;
    int status = target_get(op->dom, &d);

    if (status != GNTST_okay)
        return status;
    if (op->nr_frames > d->max_grant_frames)
        status = GNTST_general_error;
    else
        status = list_frames(d, op->frame_list, op->nr_frames);
    domain_put(d);
    return status;
}

long grant_op_setup_table(XEN_GUEST_HANDLE(gnttab_setup_table_t) ops, unsigned int count)
{
    struct gnttab_setup_table op;

    if (count != 1)
        return -EINVAL;
    if (copy_from_guest(&op, ops, 1))
        return -EFAULT;
    op.status = (int16_t)setup_table(&op);
    return copy_to_guest(ops, &op, 1);
}

static int query_size(struct gnttab_query_size *op)
{
    struct domain *d;
    int status = target_get(op->dom, &d);

    if (status != GNTST_okay)
        return status;
    op->nr_frames = READ_ONCE(d->grant->frames.nr);
    op->max_nr_frames = d->max_grant_frames;
    domain_put(d);
    return GNTST_okay;
}

long grant_op_query_size(XEN_GUEST_HANDLE(gnttab_query_size_t) ops, unsigned int count)
{
    struct gnttab_query_size op;

    if (count != 1)
        return -EINVAL;
    if (copy_from_guest(&op, ops, 1))
        return -EFAULT;
    op.status = (int16_t)query_size(&op);
    return copy_to_guest(ops, &op, 1);
}

/* -ENOSYS: version 2; -EINVAL: no such version. The one in force is reported in any case.
 */
long grant_op_set_version(XEN_GUEST_HANDLE(gnttab_set_version_t) ops, unsigned int count)
{
    struct gnttab_set_version op;
    long rc = 0;

    (void)count;
    if (copy_from_guest(&op, ops, 1))
        return -EFAULT;
    if (op.version != 1)
        rc = op.version == 2 ? -ENOSYS : -EINVAL;
    op.version = 1;
    return copy_to_guest(ops, &op, 1) ? -EFAULT : rc;
}

/* -ESRCH, -EPERM: of the domain. */
long grant_op_get_version(XEN_GUEST_HANDLE(gnttab_get_version_t) ops, unsigned int count)
{
    struct gnttab_get_version op;
    struct domain *d;
    int rc;

    (void)count;
    if (copy_from_guest(&op, ops, 1))
        return -EFAULT;
    rc = domain_lookup(op.dom, true, &d);
    if (rc)
        return rc;
    domain_put(d);
    op.version = 1;
    return copy_to_guest(ops, &op, 1);
}

static bool is_active(const struct grant_table *t, grant_ref_t ref)
{
    const struct active *act = active_find(t, ref);

    return act && active_is_used(act);
}

/* With the lock. */
static int swap_entries(struct grant_table *t, grant_ref_t a, grant_ref_t b)
{
    uint64_t word;

    if (a >= table_nr_entries(t) || b >= table_nr_entries(t))
        return GNTST_bad_gntref;
    if (a == b)
        return GNTST_okay;
    if (is_active(t, a) || is_active(t, b))
        return GNTST_eagain;
    word = READ_ONCE(*table_entry(t, a));
    WRITE_ONCE(*table_entry(t, a), READ_ONCE(*table_entry(t, b)));
    WRITE_ONCE(*table_entry(t, b), word);
    return GNTST_okay;
}

long grant_op_swap_grant_ref(XEN_GUEST_HANDLE(gnttab_swap_grant_ref_t) ops,
                             unsigned int count)
{
    struct grant_table *t = current->domain->grant;

    for (unsigned int i = 0; i < count; i++) {
        struct gnttab_swap_grant_ref op;

        if (i && preempt_wanted())
            return hypercall_continue(__HYPERVISOR_grant_table_op, 3,
                                      GNTTABOP_swap_grant_ref, (unsigned long)(ops.p + i),
                                      count - i);
        if (copy_from_guest_offset(&op, ops, i, 1))
            return -EFAULT;
        spin_lock(&t->lock);
        op.status = (int16_t)swap_entries(t, op.ref_a, op.ref_b);
        spin_unlock(&t->lock);
        if (copy_to_guest_offset(ops, i, &op, 1))
            return -EFAULT;
    }
    return 0;
}
