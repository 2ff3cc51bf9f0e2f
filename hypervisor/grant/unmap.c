/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_unmap_grant_ref and _unmap_and_replace, in batches of three steps: take the
 * page-table entries away, flush the TLBs once, and only then tell the granters that
 * their frames are no longer in use. Between the first and the last step the handles
 * are busy, so that no other vCPU of the domain ends them too.
 */
#include "internal.h"
#include <hv/hypercall.h>
#include <hv/page_type.h>
#include <hv/smp.h>
#include <hv/softirq.h>

#define BATCH 16u

/* Both operations in one form. */
struct unmap {
    uint64_t host_addr, dev_bus_addr, new_addr;
    grant_handle_t handle;
    unsigned int done; /* GNTMAP_host_map, _device_map: gone, to be settled */
    mfn_t frame;
    struct mapping m; /* claimed while done is not 0 */
};

static int unmap_host(const struct unmap *u)
{
    if (pv_grant_unmap(current->domain, u->host_addr, u->m.flags, u->frame, u->new_addr))
        return GNTST_general_error;
    return GNTST_okay;
}

static int unmap_frame(struct unmap *u)
{
    bool host = u->host_addr && (u->m.flags & GNTMAP_host_map);
    bool device = u->dev_bus_addr && (u->m.flags & GNTMAP_device_map);
    int status;

    if (device && u->dev_bus_addr != mfn_x(u->frame) << PAGE_SHIFT)
        return GNTST_general_error;
    if (host) {
        status = unmap_host(u);
        if (unlikely(status != GNTST_okay))
            return status;
        u->done |= GNTMAP_host_map;
    }
    if (device)
        u->done |= GNTMAP_device_map;
    return GNTST_okay;
}

/* Step one. What it claims and does is noted in *u; the status of the operation. */
static int unmap_begin(struct unmap *u)
{
    struct domain *d = current->domain;
    int status;

    u->done = 0;
    if (unlikely(!handle_claim(d, u->handle, &u->m)))
        return GNTST_bad_handle;
    u->frame = entry_frame(u->m.granter, u->m.ref);
    status = unmap_frame(u);
    if (unlikely(!u->done))
        handle_settle(d, u->handle, u->m.flags);
    return status;
}

/* Step two: no CPU that runs the domain keeps a translation of what is gone. */
static void unmap_flush(const struct unmap *u, unsigned int n)
{
    unsigned int host = 0;
    unsigned long va = TLB_FLUSH_ALL;

    for (unsigned int i = 0; i < n; i++) {
        if (!(u[i].done & GNTMAP_host_map))
            continue;
        va = host++ || (u[i].m.flags & GNTMAP_contains_pte) ? TLB_FLUSH_ALL
                                                            : u[i].host_addr;
    }
    if (host)
        tlb_flush_mask(&current->domain->dirty_cpus, va);
}

/* Step three. */
static void unmap_end(const struct unmap *u)
{
    struct domain *granter = u->m.granter;
    bool readonly = u->m.flags & GNTMAP_readonly;
    unsigned int left = u->m.flags & ~u->done;

    if (unlikely(!u->done))
        return;
    if (u->done & GNTMAP_device_map) {
        device_put(u->frame, readonly);
        entry_unpin(granter, u->m.ref, readonly);
    }
    if (u->done & GNTMAP_host_map)
        entry_unpin(granter, u->m.ref, readonly);
    handle_settle(current->domain, u->handle, left);
    if (!(left & (GNTMAP_host_map | GNTMAP_device_map)))
        domain_put(granter);
}

static void unmap_finish(const struct unmap *u, unsigned int n)
{
    unmap_flush(u, n);
    for (unsigned int i = 0; i < n; i++)
        unmap_end(&u[i]);
}

/* One batch from operation `first` on; the status of each is written as it is known. */
static int unmap_batch(XEN_GUEST_HANDLE(gnttab_unmap_grant_ref_t) ops, unsigned int first,
                       unsigned int n)
{
    struct unmap u[BATCH];
    unsigned int i;
    int rc = 0;

    for (i = 0; i < n && !rc; i++) {
        struct gnttab_unmap_grant_ref op;

        if (unlikely(copy_from_guest_offset(&op, ops, first + i, 1))) {
            rc = -EFAULT;
            break;
        }
        u[i].host_addr = op.host_addr;
        u[i].dev_bus_addr = op.dev_bus_addr;
        u[i].new_addr = 0;
        u[i].handle = op.handle;
        op.status = (int16_t)unmap_begin(&u[i]);
        if (unlikely(copy_to_guest_offset(ops, first + i, &op, 1)))
            rc = -EFAULT;
    }
    unmap_finish(u, i);
    return rc;
}

long grant_op_unmap_grant_ref(XEN_GUEST_HANDLE(gnttab_unmap_grant_ref_t) ops,
                              unsigned int count)
{
    for (unsigned int i = 0; i < count; i += BATCH) {
        int rc;

        if (i && preempt_wanted())
            return i;
        rc = unmap_batch(ops, i, min(count - i, BATCH));
        if (unlikely(rc))
            return rc;
    }
    return 0;
}

static int replace_one(struct gnttab_unmap_and_replace *op)
{
    struct unmap u = { .host_addr = op->host_addr,
                       .new_addr = op->new_addr,
                       .handle = op->handle };
    int status = unmap_begin(&u);

    unmap_finish(&u, 1);
    return status;
}

long grant_op_unmap_and_replace(XEN_GUEST_HANDLE(gnttab_unmap_and_replace_t) ops,
                                unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        struct gnttab_unmap_and_replace op;

        if (i && preempt_wanted())
            return i;
        if (copy_from_guest_offset(&op, ops, i, 1))
            return -EFAULT;
        op.status = (int16_t)replace_one(&op);
        if (copy_to_guest_offset(ops, i, &op, 1))
            return -EFAULT;
    }
    return 0;
}
