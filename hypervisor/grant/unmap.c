/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_unmap_grant_ref and _unmap_and_replace, in batches of three steps: take the
 * page-table entries away, flush the TLBs once, and only then tell the granters that
 * their frames are no longer in use. Between the first and the last step the handles
 * are busy, so that no other vCPU of the domain ends them too.
 */
#include "maptrack.h"
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
    struct mapping *m; /* claimed while done is not 0 */
};

/* Takes away what the operation names, and notes it in u->done. */
static always_inline int unmap_frame(struct unmap *u)
{
    const struct mapping *m = u->m;
    bool host = u->host_addr && (m->flags & GNTMAP_host_map);
    bool device = u->dev_bus_addr && (m->flags & GNTMAP_device_map);

    if (unlikely(device) && u->dev_bus_addr != mfn_x(m->frame) << PAGE_SHIFT)
        return GNTST_general_error;
    if (likely(host) && unlikely(pv_grant_unmap(current->domain, u->host_addr, m->flags,
                                                m->frame, u->new_addr)))
        return GNTST_general_error;
    u->done = (host ? GNTMAP_host_map : 0) | (device ? GNTMAP_device_map : 0);
    return GNTST_okay;
}

/* Step one. What it claims and does is noted in *u; the status of the operation. */
static always_inline int unmap_begin(struct unmap *u)
{
    int status;

    u->done = 0;
    u->m = handle_claim(current->domain, u->handle);
    if (unlikely(!u->m))
        return GNTST_bad_handle;
    status = unmap_frame(u);
    if (unlikely(!u->done))
        handle_settle(current->domain, u->handle, u->m, u->m->flags);
    return status;
}

/* Does no other CPU than this one belong to mask? */
static always_inline bool is_alone(const struct cpumask *mask)
{
    struct cpumask me = cpumask_of(smp_cpu_id());

    return !((mask->bits[0] & ~me.bits[0]) | (mask->bits[1] & ~me.bits[1]) |
             (mask->bits[2] & ~me.bits[2]) | (mask->bits[3] & ~me.bits[3]));
}
_Static_assert(CPUMASK_WORDS == 4, "is_alone() looks at every word");

static always_inline void flush(struct domain *d, unsigned long va)
{
    if (va != TLB_FLUSH_ALL && is_alone(&d->dirty_cpus))
        tlb_flush_va_local(va);
    else
        tlb_flush_mask(&d->dirty_cpus, va);
}

/* Step two: no CPU that runs the domain keeps a translation of what is gone. */
static always_inline void unmap_flush(const struct unmap *u, unsigned int n)
{
    unsigned int host = 0;
    unsigned long va = TLB_FLUSH_ALL;

    for (unsigned int i = 0; i < n; i++) {
        if (unlikely(!(u[i].done & GNTMAP_host_map)))
            continue;
        va = host++ || (u[i].m->flags & GNTMAP_contains_pte) ? TLB_FLUSH_ALL
                                                             : u[i].host_addr;
    }
    if (likely(host))
        flush(current->domain, va);
}

/* Step three. */
static always_inline void unmap_end(const struct unmap *u)
{
    struct domain *granter;
    unsigned int left;

    if (unlikely(!u->done))
        return;
    granter = u->m->granter;
    left = u->m->flags & ~u->done;
    mapping_end(u->m, u->done);
    handle_settle(current->domain, u->handle, u->m, left);
    if (likely(!(left & (GNTMAP_host_map | GNTMAP_device_map))))
        domain_put(granter);
}

static always_inline void unmap_finish(const struct unmap *u, unsigned int n)
{
    unmap_flush(u, n);
    for (unsigned int i = 0; i < n; i++)
        unmap_end(&u[i]);
}

static always_inline int unmap_read(struct unmap *u, struct gnttab_unmap_grant_ref *arg)
{
    struct gnttab_unmap_grant_ref op;

    if (unlikely(guest_read(&op, (unsigned long)arg, sizeof(op))))
        return -EFAULT;
    u->host_addr = op.host_addr;
    u->dev_bus_addr = op.dev_bus_addr;
    u->new_addr = 0;
    u->handle = op.handle;
    return 0;
}

/* Step one for an operation that has been read; its status is written at once. */
static always_inline int unmap_step(struct unmap *u, struct gnttab_unmap_grant_ref *arg)
{
    int16_t status = (int16_t)unmap_begin(u);

    return guest_write((unsigned long)&arg->status, &status, sizeof(status));
}

/* All three steps for n operations. */
static int unmap_batch(struct unmap *u, struct gnttab_unmap_grant_ref *args,
                       unsigned int n)
{
    unsigned int i;
    int rc = 0;

    for (i = 0; i < n && !rc; i++) {
        rc = unmap_read(&u[i], &args[i]);
        if (rc)
            break;
        rc = unmap_step(&u[i], &args[i]);
    }
    unmap_finish(u, i);
    return rc;
}

/* The same for one, which is what most guests ask for. */
static always_inline int unmap_single(struct gnttab_unmap_grant_ref *arg)
{
    struct unmap u;
    int rc = unmap_read(&u, arg);

    if (unlikely(rc))
        return rc;
    rc = unmap_step(&u, arg);
    unmap_finish(&u, 1);
    return rc;
}

static noinline long unmap_many(XEN_GUEST_HANDLE(gnttab_unmap_grant_ref_t) ops,
                                unsigned int count)
{
    struct unmap u[BATCH];

    for (unsigned int i = 0; i < count; i += BATCH) {
        int rc;

        if (i && preempt_wanted())
            return hypercall_continue(__HYPERVISOR_grant_table_op, 3,
                                      GNTTABOP_unmap_grant_ref,
                                      (unsigned long)(ops.p + i), count - i);
        rc = unmap_batch(u, ops.p + i, min(count - i, BATCH));
        if (unlikely(rc))
            return rc;
    }
    return 0;
}

long grant_op_unmap_grant_ref(XEN_GUEST_HANDLE(gnttab_unmap_grant_ref_t) ops,
                              unsigned int count)
{
    return likely(count == 1) ? unmap_single(ops.p) : unmap_many(ops, count);
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
            return hypercall_continue(__HYPERVISOR_grant_table_op, 3,
                                      GNTTABOP_unmap_and_replace,
                                      (unsigned long)(ops.p + i), count - i);
        if (copy_from_guest_offset(&op, ops, i, 1))
            return -EFAULT;
        op.status = (int16_t)replace_one(&op);
        if (copy_to_guest_offset(ops, i, &op, 1))
            return -EFAULT;
    }
    return 0;
}
