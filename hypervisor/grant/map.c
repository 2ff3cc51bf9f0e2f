/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_map_grant_ref. Who holds what while something is mapped:
 *
 *   the handle (struct mapping)   a reference of the granter's domain; one use of the
 *                                 entry for the host mapping, one for the device mapping
 *   the active entry              a reference of the frame, for all uses together
 *   the page-table entry          a reference of the frame, and of its writable type when
 *                                 it is writable, like every other entry
 *   the device mapping            the same, held by the handle
 *
 * A guest that overwrites the page-table entry by other means loses only that one's
 * references; the handle stays, and the frame with it.
 */
#include "internal.h"
#include <hv/hypercall.h>
#include <hv/page_type.h>
#include <hv/softirq.h>

#define BOTH_MAPS (GNTMAP_host_map | GNTMAP_device_map)

bool device_get(struct domain *granter, mfn_t frame, bool readonly)
{
    struct page_info *pg = mfn_to_page(frame);

    return readonly ? page_get(pg, granter->id) : page_get_writable(pg, granter->id);
}

void device_put(mfn_t frame, bool readonly)
{
    if (readonly)
        page_put(mfn_to_page(frame));
    else
        page_put_writable(mfn_to_page(frame));
}

/* The second use, when both kinds of mapping are asked for. */
static int map_device(struct domain *granter, const struct gnttab_map_grant_ref *op,
                      mfn_t frame)
{
    bool readonly = op->flags & GNTMAP_readonly;
    int status = GNTST_okay;

    if (op->flags & GNTMAP_host_map)
        status = entry_pin(granter, op->ref, current->domain->id, readonly, &frame);
    if (status != GNTST_okay)
        return status;
    if (device_get(granter, frame, readonly))
        return GNTST_okay;
    if (op->flags & GNTMAP_host_map)
        entry_unpin(granter, op->ref, readonly);
    return GNTST_general_error;
}

static void unmap_device(struct domain *granter, const struct gnttab_map_grant_ref *op,
                         mfn_t frame)
{
    device_put(frame, op->flags & GNTMAP_readonly);
    if (op->flags & GNTMAP_host_map)
        entry_unpin(granter, op->ref, op->flags & GNTMAP_readonly);
}

static int map_host(const struct gnttab_map_grant_ref *op, mfn_t frame)
{
    if (pv_grant_map(current->domain, op->host_addr, op->flags, frame))
        return GNTST_general_error;
    return GNTST_okay;
}

/* With the entry in use once: makes the mappings asked for, or none of them. */
static always_inline int map_frame(struct domain *granter,
                                   const struct gnttab_map_grant_ref *op, mfn_t frame)
{
    int status = GNTST_okay;

    if (unlikely(op->flags & GNTMAP_device_map))
        status = map_device(granter, op, frame);
    if (unlikely(status != GNTST_okay) || !(op->flags & GNTMAP_host_map))
        return status;
    status = map_host(op, frame);
    if (unlikely(status != GNTST_okay) && (op->flags & GNTMAP_device_map))
        unmap_device(granter, op, frame);
    return status;
}

/* With a reference of the granter, which stays with the handle when this succeeds. */
static int map_from(struct domain *granter, struct gnttab_map_grant_ref *op)
{
    struct domain *d = current->domain;
    bool readonly = op->flags & GNTMAP_readonly;
    unsigned int handle = handle_take(d);
    mfn_t frame;
    int status;

    if (unlikely(handle == NO_HANDLE))
        return GNTST_no_device_space;
    status = entry_pin(granter, op->ref, d->id, readonly, &frame);
    if (unlikely(status != GNTST_okay))
        goto release_handle;
    status = map_frame(granter, op, frame);
    if (unlikely(status != GNTST_okay))
        goto unpin;
    handle_publish(d, handle, granter, op->ref, op->flags & UINT16_MAX);
    op->handle = handle;
    op->dev_bus_addr = mfn_x(frame) << PAGE_SHIFT;
    return GNTST_okay;

unpin:
    entry_unpin(granter, op->ref, readonly);
release_handle:
    handle_release(d, handle);
    return status;
}

static int map_one(struct gnttab_map_grant_ref *op)
{
    struct domain *granter;
    int status;

    if (unlikely(!(op->flags & BOTH_MAPS)))
        return GNTST_bad_gntref;
    granter = grant_find_domain(op->dom);
    if (unlikely(!granter))
        return GNTST_bad_domain;
    status = map_from(granter, op);
    if (unlikely(status != GNTST_okay))
        domain_put(granter);
    return status;
}

long grant_op_map_grant_ref(XEN_GUEST_HANDLE(gnttab_map_grant_ref_t) ops,
                            unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        struct gnttab_map_grant_ref op;

        if (i && preempt_wanted())
            return i;
        if (unlikely(copy_from_guest_offset(&op, ops, i, 1)))
            return -EFAULT;
        op.status = (int16_t)map_one(&op);
        if (unlikely(copy_to_guest_offset(ops, i, &op, 1)))
            return -EFAULT;
    }
    return 0;
}
