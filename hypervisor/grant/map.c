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
#include "entry.h"
#include "maptrack.h"
#include <hv/hypercall.h>
#include <hv/page_type.h>
#include <hv/softirq.h>

#define BOTH_MAPS (GNTMAP_host_map | GNTMAP_device_map)
/* The operation from dom on: everything that is written lies there. */
#define OUT_BYTES (sizeof(gnttab_map_grant_ref_t) - offsetof(gnttab_map_grant_ref_t, dom))

static bool device_get(struct domain *granter, mfn_t frame, bool readonly)
{
    struct page_info *pg = mfn_to_page(frame);

    return readonly ? page_get(pg, granter->id) : page_get_writable(pg, granter->id);
}

static noinline void device_end(const struct mapping *m, bool readonly)
{
    if (readonly)
        page_put(mfn_to_page(m->frame));
    else
        page_put_writable(mfn_to_page(m->frame));
    entry_unpin(m->granter, m->ref, m->use, readonly);
}

void mapping_end(const struct mapping *m, unsigned int which)
{
    bool readonly = m->flags & GNTMAP_readonly;

    if (unlikely(which & GNTMAP_device_map))
        device_end(m, readonly);
    if (likely(which & GNTMAP_host_map))
        entry_unpin(m->granter, m->ref, m->use, readonly);
}

/* A second use of the entry, and the device's own references. */
static noinline int device_begin(const struct mapping *m, bool readonly)
{
    struct active *use;
    int status = entry_pin(m->granter, m->ref, current->domain->id, readonly, &use);

    if (status != GNTST_okay || device_get(m->granter, m->frame, readonly))
        return status;
    entry_unpin(m->granter, m->ref, use, readonly);
    return GNTST_general_error;
}

/*
 * With the entry pinned once, for the host mapping: makes the mappings that flags asks
 * for, or none of them, and keeps or ends that use accordingly. m->flags stays 0.
 */
static always_inline int map_frame(struct mapping *m, unsigned int flags, uint64_t addr)
{
    bool readonly = flags & GNTMAP_readonly;
    int status = GNTST_okay;

    if (unlikely(flags & GNTMAP_device_map))
        status = device_begin(m, readonly);
    if (unlikely(status != GNTST_okay))
        goto unpin;
    if (unlikely(!(flags & GNTMAP_host_map))) {
        entry_unpin(m->granter, m->ref, m->use, readonly);
        return GNTST_okay;
    }
    if (likely(!pv_grant_map(current->domain, addr, flags, m->frame)))
        return GNTST_okay;
    status = GNTST_general_error;
    if (flags & GNTMAP_device_map)
        device_end(m, readonly);
unpin:
    entry_unpin(m->granter, m->ref, m->use, readonly);
    return status;
}

/* With a reference of the granter, which stays with the handle when this succeeds. */
static always_inline int map_from(struct domain *granter, struct gnttab_map_grant_ref *op)
{
    struct domain *d = current->domain;
    grant_handle_t handle;
    struct mapping *m = handle_take(d, &handle);
    int status;

    if (unlikely(!m))
        return GNTST_no_space;
    status = entry_pin(granter, op->ref, d->id, op->flags & GNTMAP_readonly, &m->use);
    if (likely(status == GNTST_okay)) {
        m->granter = granter;
        m->ref = op->ref;
        m->frame = m->use->frame;
        status = map_frame(m, op->flags, op->host_addr);
    }
    if (unlikely(status != GNTST_okay)) {
        handle_release(d, handle, m);
        return status;
    }
    op->handle = handle;
    op->dev_bus_addr = mfn_x(m->frame) << PAGE_SHIFT;
    /* From here on another vCPU may unmap it. */
    __atomic_store_n(&m->flags, (uint16_t)op->flags, __ATOMIC_RELEASE);
    return GNTST_okay;
}

static always_inline int map_one(struct gnttab_map_grant_ref *op)
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
            return hypercall_continue(__HYPERVISOR_grant_table_op, 3,
                                      GNTTABOP_map_grant_ref, (unsigned long)(ops.p + i),
                                      count - i);
        if (unlikely(copy_from_guest_offset(&op, ops, i, 1)))
            return -EFAULT;
        op.status = (int16_t)map_one(&op);
        if (unlikely(guest_write((unsigned long)&ops.p[i].dom, &op.dom, OUT_BYTES)))
            return -EFAULT;
    }
    return 0;
}
