/* SPDX-License-Identifier: MIT */
/* Page-table hypercalls: whom they are about, and their batches of requests. */
#include "mmu.h"

/* MMU_UPDATE_PREEMPTED: set in the count of a call that is being continued. */
#define COUNT_CONTINUED 0x80000000u

/* A domain other than the caller, over which the caller has power. */
static int get_foreign(domid_t id, struct domain **out)
{
    if (!(*out = domain_get_by_id(id)))
        return -ESRCH;
    if (current->domain->is_privileged)
        return 0;
    domain_put(*out);
    return -EPERM;
}

static int get_frames_owner(domid_t id, struct mmu_party *p)
{
    struct domain *d = current->domain;

    p->frames = NULL;
    p->frames_id = id;
    if (id == DOMID_SELF) {
        p->frames = d;
        p->frames_id = d->id;
        domain_get(d);
        return 0;
    }
    if (id == d->id)
        return -ESRCH;
    if (id == DOMID_IO)
        return 0;
    if (id == DOMID_XEN)
        return d->is_privileged ? 0 : -EPERM;
    return get_foreign(id, &p->frames);
}

static int get_tables_owner(unsigned int id_plus_1, struct mmu_party *p)
{
    p->tables = current->domain;
    if (!id_plus_1 || id_plus_1 - 1 == p->tables->id) {
        domain_get(p->tables);
        return 0;
    }
    return get_foreign((domid_t)(id_plus_1 - 1), &p->tables);
}

int mmu_party_get(unsigned int foreigndom, struct mmu_party *p)
{
    int rc;

    p->held = foreigndom != DOMID_SELF;
    if (likely(!p->held)) { /* the caller outlives its own call */
        p->frames = p->tables = current->domain;
        p->frames_id = p->tables->id;
        return 0;
    }
    rc = get_tables_owner(foreigndom >> 16, p);
    if (rc)
        return rc;
    rc = get_frames_owner((domid_t)foreigndom, p);
    if (rc)
        domain_put(p->tables);
    return rc;
}

void mmu_party_put(const struct mmu_party *p)
{
    if (likely(!p->held))
        return;
    if (p->frames)
        domain_put(p->frames);
    domain_put(p->tables);
}

static long issue_again(const struct mmu_batch *b, unsigned int count)
{
    return hypercall_continue(b->nr, 4, b->reqs, count, (unsigned long)b->out.p,
                              b->foreigndom);
}

bool mmu_batch_begin(struct mmu_batch *b, long *rc)
{
    if (mmu_has_unfinished(current) && pv_mmu_finish(current)) {
        *rc = issue_again(b, b->count);
        return false;
    }
    b->done = b->before = 0;
    if (unlikely(b->count & COUNT_CONTINUED)) {
        /* Only unfinished work was left: foreigndom is the result (mmu_batch_end()). */
        if (b->count == COUNT_CONTINUED && !b->reqs) {
            *rc = (int)b->foreigndom;
            return false;
        }
        b->count &= ~COUNT_CONTINUED;
        if (!guest_handle_is_null(b->out) && copy_from_guest(&b->before, b->out, 1))
            b->before = 0;
    }
    *rc = -EFAULT;
    return guest_range_ok(b->reqs, 0);
}

long mmu_batch_end(const struct mmu_batch *b, unsigned long size, int rc)
{
    unsigned int done = b->before + b->done;

    /* The results count even if nobody can be told. */
    if (!guest_handle_is_null(b->out) && copy_to_guest(b->out, &done, 1))
        guest_printf(LOG_DEBUG, "d%u: no page for the count of requests done\n",
                     current->domain->id);
    if (unlikely(rc == -ERESTART))
        return hypercall_continue(b->nr, 4, b->reqs + b->done * size,
                                  (b->count - b->done) | COUNT_CONTINUED,
                                  (unsigned long)b->out.p, b->foreigndom);
    if (mmu_has_unfinished(current))
        return hypercall_continue(b->nr, 4, 0, COUNT_CONTINUED, 0, (unsigned int)rc);
    return rc;
}
