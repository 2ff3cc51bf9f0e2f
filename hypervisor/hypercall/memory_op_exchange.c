/* SPDX-License-Identifier: MIT */
/*
 * memory_op: exchange. The work is done in chunks, the smallest number of whole extents
 * on both sides; a chunk is exchanged completely or not at all, and nr_exchanged says
 * how many of the input extents are in finished chunks.
 */
#include "memory_op.h"
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/softirq.h>

struct exchange {
    struct domain *d;
    xen_memory_exchange_t *arg;
    struct heap_constraint where;
    unsigned int order;                /* of a chunk, frames */
    unsigned long in_count, out_count; /* extents in a chunk */
    uint64_t *in;                      /* a chunk's frames */
    xen_pfn_t *pfn;                    /* its output extents: where they shall appear */
    struct page_info **out;            /* and their first frames */
};

static int check_argument(const xen_memory_exchange_t *arg)
{
    unsigned int in = arg->in.extent_order, out = arg->out.extent_order;

    if (in > memory_op_max_order() || out > memory_op_max_order())
        return -EPERM;
    if (arg->nr_exchanged > arg->in.nr_extents || arg->in.domid != arg->out.domid ||
        arg->in.nr_extents > ~0ul >> in || arg->out.nr_extents > ~0ul >> out ||
        arg->in.nr_extents << in != arg->out.nr_extents << out)
        return -EINVAL;
    return memory_op_list_ok(&arg->in) && memory_op_list_ok(&arg->out) ? 0 : -EFAULT;
}

/* The frames of chunk c that are given up, and the numbers for those to come. */
static int read_chunk(struct exchange *x, unsigned long c)
{
    const struct xen_memory_reservation *in = &x->arg->in;
    unsigned int order = in->extent_order;

    for (unsigned long i = 0; i < x->in_count; i++) {
        xen_pfn_t mfn;

        if (copy_from_guest_offset(&mfn, in->extent_start, c * x->in_count + i, 1))
            return -EFAULT;
        for (unsigned long k = 0; k < 1ul << order; k++)
            x->in[(i << order) + k] = mfn + k;
    }
    if (!domain_can_exchange(x->d, x->in, 1ul << x->order))
        return -EINVAL;
    return copy_from_guest_offset(x->pfn, x->arg->out.extent_start, c * x->out_count,
                                  x->out_count);
}

static void free_out(struct exchange *x, unsigned long n)
{
    while (n-- > 0)
        heap_free_pages(x->out[n], x->arg->out.extent_order);
}

/* New frames, cleared, for a chunk. */
static int alloc_out(struct exchange *x)
{
    unsigned int order = x->arg->out.extent_order;

    for (unsigned long i = 0; i < x->out_count; i++) {
        x->out[i] = heap_alloc_pages(order, x->where);
        if (!x->out[i]) {
            free_out(x, i);
            return -ENOMEM;
        }
        for (unsigned long k = 0; k < 1ul << order; k++)
            clear_page(page_to_virt(x->out[i] + k));
    }
    return 0;
}

/* Tells the guest, and the M2P, where the new frames of chunk c are. */
static int publish_chunk(struct exchange *x, unsigned long c)
{
    const struct xen_memory_reservation *out = &x->arg->out;
    int rc = 0;

    for (unsigned long i = 0; i < x->out_count; i++) {
        xen_pfn_t mfn = mfn_x(page_to_mfn(x->out[i]));

        for (unsigned long k = 0; k < 1ul << out->extent_order; k++)
            m2p_table[mfn + k] = x->pfn[i] + k;
        if (copy_to_guest_offset(out->extent_start, c * x->out_count + i, &mfn, 1))
            rc = -EFAULT;
    }
    return rc;
}

static int exchange_chunk(struct exchange *x, unsigned long c)
{
    int rc = read_chunk(x, c);

    if (!rc)
        rc = alloc_out(x);
    if (rc)
        return rc;
    rc = domain_exchange_pages(x->d, x->in, 1ul << x->order, x->out,
                               x->arg->out.extent_order);
    if (rc) {
        free_out(x, x->out_count);
        return rc;
    }
    x->arg->nr_exchanged += x->in_count;
    return publish_chunk(x, c);
}

static long exchange_chunks(struct exchange *x)
{
    unsigned long chunks = x->arg->in.nr_extents / x->in_count;
    unsigned long first = x->arg->nr_exchanged / x->in_count;

    x->arg->nr_exchanged = first * x->in_count;
    for (unsigned long c = first; c < chunks; c++) {
        int rc;

        if (c != first && preempt_wanted())
            return MEMOP_AGAIN(0);
        rc = exchange_chunk(x, c);
        if (rc)
            return rc;
    }
    return 0;
}

/* With the chunk sizes set: the working memory, and the work. */
static long exchange_with_buffers(struct exchange *x)
{
    long rc = -ENOMEM;

    x->in = hv_zalloc_array(1ul << x->order, sizeof(*x->in));
    x->pfn = hv_zalloc_array(x->out_count, sizeof(*x->pfn));
    x->out = hv_zalloc_array(x->out_count, sizeof(struct page_info *));
    if (x->in && x->pfn && x->out)
        rc = exchange_chunks(x);
    hv_free(x->out);
    hv_free(x->pfn);
    hv_free(x->in);
    return rc;
}

long memory_op_exchange(unsigned long start, xen_memory_exchange_t *arg)
{
    struct exchange x = { .arg = arg };
    long rc = start ? -EINVAL : check_argument(arg);

    if (rc)
        return rc;
    x.order = max(arg->in.extent_order, arg->out.extent_order);
    x.in_count = 1ul << (x.order - arg->in.extent_order);
    x.out_count = 1ul << (x.order - arg->out.extent_order);
    rc = domain_lookup(arg->in.domid, true, &x.d);
    if (rc)
        return rc;
    x.where = memory_op_constraint(arg->out.mem_flags);
    rc = exchange_with_buffers(&x);
    domain_put(x.d);
    return rc;
}
