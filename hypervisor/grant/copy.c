/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_copy: within one page on either side, each a grant or a frame of the caller.
 * Both sides are held for the copy: the source by a reference, the destination by its
 * writable type too, so that it is no page table meanwhile.
 */
#include "entry.h"
#include <hv/hypercall.h>
#include <hv/page_type.h>
#include <hv/softirq.h>

struct side {
    struct domain *owner; /* with a reference */
    struct page_info *page;
    struct active *use; /* of a grant */
    grant_ref_t ref;
    bool is_grant, writes;
};

/* A use of a grant, and for a destination the writable type. */
static int claim_grant(struct side *s, grant_ref_t ref)
{
    int status = entry_pin(s->owner, ref, current->domain->id, !s->writes, &s->use);

    if (status != GNTST_okay)
        return status;
    s->ref = ref;
    s->page = mfn_to_page(s->use->frame);
    if (!s->writes || page_get_writable(s->page, s->owner->id))
        return GNTST_okay;
    entry_unpin(s->owner, ref, s->use, false);
    return GNTST_general_error;
}

static int claim_frame(struct side *s, uint64_t mfn)
{
    domid_t id = s->owner->id;

    if (mfn >= max_page)
        return GNTST_bad_page;
    s->page = mfn_to_page(_mfn(mfn));
    if (!s->writes)
        return page_get(s->page, id) ? GNTST_okay : GNTST_bad_page;
    if (page_get_writable(s->page, id))
        return GNTST_okay;
    return page_owner_id(s->page) == id ? GNTST_general_error : GNTST_bad_page;
}

static int side_claim(struct side *s, const struct gnttab_copy_ptr *ptr, bool is_grant,
                      bool writes)
{
    int status;

    s->owner = grant_find_domain(ptr->domid);
    if (!s->owner)
        return GNTST_bad_domain;
    s->is_grant = is_grant;
    s->writes = writes;
    if (is_grant)
        status = claim_grant(s, ptr->u.ref);
    else if (ptr->domid == DOMID_SELF)
        status = claim_frame(s, ptr->u.gmfn);
    else
        status = GNTST_permission_denied; /* frame numbers are for the owner alone */
    if (status != GNTST_okay)
        domain_put(s->owner);
    return status;
}

static void side_release(const struct side *s)
{
    if (s->writes)
        page_put_writable(s->page);
    else if (!s->is_grant)
        page_put(s->page);
    if (s->is_grant)
        entry_unpin(s->owner, s->ref, s->use, !s->writes);
    domain_put(s->owner);
}

static int copy_bytes(const struct gnttab_copy *op, const struct side *from,
                      const struct side *to)
{
    const char *src = (const char *)page_to_virt(from->page) + op->source.offset;
    char *dst = (char *)page_to_virt(to->page) + op->dest.offset;

    if (op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE)
        return GNTST_bad_copy_arg;
    if (likely(from->page != to->page))
        memcpy(dst, src, op->len);
    else
        memmove(dst, src, op->len);
    return GNTST_okay;
}

static int copy_one(const struct gnttab_copy *op)
{
    struct side from, to;
    int status = side_claim(&from, &op->source, op->flags & GNTCOPY_source_gref, false);

    if (status != GNTST_okay)
        return status;
    status = side_claim(&to, &op->dest, op->flags & GNTCOPY_dest_gref, true);
    if (status == GNTST_okay) {
        status = copy_bytes(op, &from, &to);
        side_release(&to);
    }
    side_release(&from);
    return status;
}

long grant_op_copy(XEN_GUEST_HANDLE(gnttab_copy_t) ops, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        struct gnttab_copy op;

        if (i && preempt_wanted())
            return hypercall_continue(__HYPERVISOR_grant_table_op, 3, GNTTABOP_copy,
                                      (unsigned long)(ops.p + i), count - i);
        if (unlikely(copy_from_guest_offset(&op, ops, i, 1)))
            return -EFAULT;
        op.status = (int16_t)copy_one(&op);
        if (unlikely(guest_write((unsigned long)&ops.p[i].status, &op.status,
                                 sizeof(op.status))))
            return -EFAULT;
    }
    return 0;
}
