/* SPDX-License-Identifier: MIT */
/* Lists of requests: mmu_update and mmuext_op. */
#ifndef PV_MMU_BATCH_H
#define PV_MMU_BATCH_H

#include "mmu_walk.h"

struct mmu_batch {
    unsigned int count, done; /* requests of this call, and how many are through */
    unsigned int before;      /* done before this call was continued */
    unsigned int foreigndom;
    unsigned long reqs;
    XEN_GUEST_HANDLE(uint) out;
};

/* As mmu_batch_begin() and _end(), for every case. */
bool mmu_batch_begin_slow(unsigned int nr, struct mmu_batch *b, long *rc);
long mmu_batch_end_slow(unsigned int nr, const struct mmu_batch *b, unsigned long size,
                        int rc);

/*
 * Takes count apart, checks where the list starts (the rest is found out in reading it),
 * and finishes what an earlier call left. nr: of the hypercall. True: go on; false: *rc
 * is the hypercall's result.
 */
static always_inline bool mmu_batch_begin(unsigned int nr, struct mmu_batch *b, long *rc)
{
    if (unlikely((int)b->count < 0 || mmu_has_unfinished(current) ||
                 !mmu_is_guest_address(b->reqs)))
        return mmu_batch_begin_slow(nr, b, rc);
    return true;
}

/* Reports the number of requests done and continues, on rc -ERESTART, with the rest,
 * requests being `size` bytes each. */
static always_inline long mmu_batch_end(unsigned int nr, const struct mmu_batch *b,
                                        unsigned long size, int rc)
{
    if (unlikely(!guest_handle_is_null(b->out) || rc == -ERESTART ||
                 mmu_has_unfinished(current)))
        return mmu_batch_end_slow(nr, b, size, rc);
    return rc;
}

#endif
