/* SPDX-License-Identifier: MIT */
/*
 * Lists of requests, done in pieces: a call that is broken off is issued again with the
 * requests that are left and a mark in its count.
 */
#include "mmu_batch.h"

/* MMU_UPDATE_PREEMPTED: set in the count of a call that is being continued. */
#define COUNT_CONTINUED 0x80000000u

static long issue_again(unsigned int nr, const struct mmu_batch *b)
{
    return hypercall_continue(nr, 4, b->reqs, b->count, (unsigned long)b->out.p,
                              b->foreigndom);
}

bool mmu_batch_begin_slow(unsigned int nr, struct mmu_batch *b, long *rc)
{
    if (pv_mmu_finish(current)) {
        *rc = issue_again(nr, b);
        return false;
    }
    if (b->count & COUNT_CONTINUED) {
        /* Only unfinished work was left:
         * foreigndom is the result (mmu_batch_end_slow()). */
        if (b->count == COUNT_CONTINUED && !b->reqs) {
            *rc = (int)b->foreigndom;
            return false;
        }
        b->count &= ~COUNT_CONTINUED;
        if (!guest_handle_is_null(b->out) && copy_from_guest(&b->before, b->out, 1))
            b->before = 0;
    }
    *rc = -EFAULT;
    return mmu_is_guest_address(b->reqs);
}

long mmu_batch_end_slow(unsigned int nr, const struct mmu_batch *b, unsigned long size,
                        int rc)
{
    unsigned int done = b->before + b->done;

    /* The results count even if nobody can be told. */
    if (!guest_handle_is_null(b->out) && copy_to_guest(b->out, &done, 1))
        guest_printf(LOG_DEBUG, "d%u: no page for the count of requests done\n",
                     current->domain->id);
    if (rc == -ERESTART)
        return hypercall_continue(nr, 4, b->reqs + b->done * size,
                                  (b->count - b->done) | COUNT_CONTINUED,
                                  (unsigned long)b->out.p, b->foreigndom);
    if (mmu_has_unfinished(current))
        return hypercall_continue(nr, 4, 0, COUNT_CONTINUED, 0, (unsigned int)rc);
    return rc;
}
