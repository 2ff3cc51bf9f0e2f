/* SPDX-License-Identifier: MIT */
/*
 * memory_op: growing and shrinking a domain by extents. The answer is the number of
 * extents done, whatever stopped the work, be it that the domain is not the caller's to
 * work on; this is also what a restarted call carries.
 */
#include "memory_op.h"
#include <hv/page_type.h>
#include <hv/softirq.h>

/* A restarted call's progress must fit where the ABI keeps it. */
#define MAX_EXTENTS (~0u >> MEMOP_EXTENT_SHIFT)

struct extents {
    struct domain *d;
    struct heap_constraint where;
    const struct xen_memory_reservation *r;
};

/* There is one node, 0; a width too small for any frame is what another one comes to. */
struct heap_constraint memory_op_constraint(unsigned int mem_flags)
{
    unsigned int node = XENMEMF_get_node(mem_flags);

    if ((mem_flags & XENMEMF_exact_node_request) && node != 0 && node != 0xff)
        return (struct heap_constraint){ .address_bits = 1 };
    return (struct heap_constraint){ .address_bits =
                                         XENMEMF_get_address_bits(mem_flags) };
}

bool memory_op_list_ok(const struct xen_memory_reservation *r)
{
    return r->nr_extents <= ~0ul / sizeof(xen_pfn_t) &&
           guest_range_ok(guest_handle_addr(r->extent_start, 0),
                          r->nr_extents * sizeof(xen_pfn_t));
}

/* Runs one(e, i) for the extents from start on until one fails; the number done. */
static long for_extents(unsigned long start, struct extents *e,
                        int (*one)(struct extents *e, unsigned long i))
{
    for (unsigned long i = start; i < e->r->nr_extents; i++) {
        int rc = i != start && preempt_wanted() ? -ERESTART : one(e, i);

        if (rc)
            return rc == -ERESTART ? MEMOP_AGAIN(i) : (long)i;
    }
    return (long)e->r->nr_extents;
}

static long run_extents(unsigned long start, const struct xen_memory_reservation *r,
                        int (*one)(struct extents *e, unsigned long i))
{
    struct extents e = { .r = r, .where = memory_op_constraint(r->mem_flags) };
    long rc;

    if (r->nr_extents > MAX_EXTENTS || start >= r->nr_extents ||
        r->extent_order > memory_op_max_order() || !memory_op_list_ok(r))
        return (long)start;
    if (domain_lookup(r->domid, true, &e.d))
        return (long)start;
    rc = for_extents(start, &e, one);
    domain_put(e.d);
    return rc;
}

static int increase_one(struct extents *e, unsigned long i)
{
    struct page_info *pg;
    xen_pfn_t mfn;
    int rc;

    pg = domain_alloc_pages(e->d, e->r->extent_order, &e->where, &rc);
    if (!pg || guest_handle_is_null(e->r->extent_start))
        return rc;
    mfn = mfn_x(page_to_mfn(pg));
    return copy_to_guest_offset(e->r->extent_start, i, &mfn, 1);
}

long memory_op_increase_reservation(unsigned long start, xen_memory_reservation_t *arg)
{
    return run_extents(start, arg, increase_one);
}

static int populate_one(struct extents *e, unsigned long i)
{
    struct page_info *pg;
    xen_pfn_t pfn, mfn;
    int rc;

    if (copy_from_guest_offset(&pfn, e->r->extent_start, i, 1))
        return -EFAULT;
    pg = domain_alloc_pages(e->d, e->r->extent_order, &e->where, &rc);
    if (!pg)
        return rc;
    mfn = mfn_x(page_to_mfn(pg));
    for (unsigned long k = 0; k < 1ul << e->r->extent_order; k++)
        m2p_table[mfn + k] = pfn + k;
    return copy_to_guest_offset(e->r->extent_start, i, &mfn, 1);
}

long memory_op_populate_physmap(unsigned long start, xen_memory_reservation_t *arg)
{
    if (arg->mem_flags & XENMEMF_populate_on_demand) /* not for PV domains */
        return (long)start;
    return run_extents(start, arg, populate_one);
}

/* A reference of d's frame mfn, or null. */
static struct page_info *get_frame(const struct domain *d, uint64_t mfn)
{
    struct page_info *pg;

    if (mfn >= max_page)
        return NULL;
    pg = mfn_to_page(_mfn(mfn));
    return page_get(pg, d->id) ? pg : NULL;
}

/* Undoes what keeps an extent's frames page tables by itself. Can be repeated. */
static int unwind_extent(const struct domain *d, uint64_t mfn, unsigned long n)
{
    for (; n-- > 0; mfn++) {
        struct page_info *pg = get_frame(d, mfn);
        int rc;

        if (!pg)
            return -EINVAL;
        rc = page_unwind(pg);
        page_put(pg);
        if (rc == -ERESTART)
            return rc;
    }
    return 0;
}

/* Nothing is given up before the part that may have to be restarted is over. */
static int decrease_one(struct extents *e, unsigned long i)
{
    unsigned long n = 1ul << e->r->extent_order;
    xen_pfn_t mfn;
    int rc;

    if (copy_from_guest_offset(&mfn, e->r->extent_start, i, 1))
        return -EFAULT;
    rc = unwind_extent(e->d, mfn, n);
    for (; !rc && n-- > 0; mfn++) {
        struct page_info *pg = get_frame(e->d, mfn);

        if (!pg)
            return -EINVAL;
        page_drop_allocated(e->d, pg);
    }
    return rc;
}

long memory_op_decrease_reservation(unsigned long start, xen_memory_reservation_t *arg)
{
    return run_extents(start, arg, decrease_one);
}
