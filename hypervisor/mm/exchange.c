/* SPDX-License-Identifier: MIT */
/*
 * Swapping frames of a domain for others (XENMEM_exchange): all or none, and never more
 * than the domain's limit. A frame is given up only when its owner's reference is the one
 * that is left; it is seized by taking that away, so that nobody can get another.
 */
#include "internal.h"
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/spinlock.h>
#include <abi/errno.h>

/* The reference word of a frame that only its owner d refers to. */
static uint64_t untouched(const struct domain *d)
{
    return PGR_INUSE | PGR_ALLOCATED | (uint64_t)d->id << PGR_OWNER_SHIFT | 1;
}

/* Takes a frame that nobody but d itself refers to out of everybody's reach. */
static bool seize_frame(const struct domain *d, uint64_t mfn)
{
    uint64_t whole = untouched(d);
    uint64_t seized = (whole & ~PGR_ALLOCATED) - 1;

    return mfn < max_page && mfn_is_ram(_mfn(mfn)) &&
           __atomic_compare_exchange_n(&frame_table[mfn].ref, &whole, seized, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

bool domain_can_exchange(const struct domain *d, const uint64_t *in, unsigned long n)
{
    for (unsigned long i = 0; i < n; i++)
        if (in[i] >= max_page || READ_ONCE(frame_table[in[i]].ref) != untouched(d))
            return false;
    return true;
}

static void unseize_frames(const struct domain *d, const uint64_t *mfn, unsigned long n)
{
    while (n-- > 0)
        __atomic_store_n(&frame_table[mfn[n]].ref, untouched(d), __ATOMIC_RELEASE);
}

/* Adds all runs of out[] to d's set, or none. */
static int add_runs(struct domain *d, struct page_info *const *out, unsigned long runs,
                    unsigned int order)
{
    for (unsigned long i = 0; i < runs; i++) {
        int rc = frame_set_add(&d->frames, page_to_mfn(out[i]), order);

        if (!rc)
            continue;
        while (i-- > 0)
            for (uint64_t k = 0; k < 1ull << order; k++)
                frame_set_remove(&d->frames, mfn_add(page_to_mfn(out[i]), k), 1);
        return rc;
    }
    return 0;
}

static int exchange_locked(struct domain *d, const uint64_t *in, unsigned long n,
                           struct page_info *const *out, unsigned int out_order)
{
    unsigned long seized = 0, runs = n >> out_order;
    int rc = READ_ONCE(d->life) >= DOM_DYING ? -EINVAL : 0;

    while (!rc && seized < n)
        if (seize_frame(d, in[seized]))
            seized++;
        else
            rc = -EINVAL;
    if (!rc)
        rc = add_runs(d, out, runs, out_order);
    if (rc) {
        unseize_frames(d, in, seized);
        return rc;
    }
    for (unsigned long i = 0; i < runs; i++)
        frames_join_domain(d, out[i], 1ull << out_order);
    for (unsigned long i = 0; i < n; i++)
        BUG_ON(frames_leave_domain(d, &frame_table[in[i]], 1)); /* it has out[] */
    return 0;
}

int domain_exchange_pages(struct domain *d, const uint64_t *in, unsigned long n,
                          struct page_info *const *out, unsigned int out_order)
{
    int rc;

    spin_lock(&d->page_lock);
    rc = exchange_locked(d, in, n, out, out_order);
    spin_unlock(&d->page_lock);
    if (!rc)
        for (unsigned long i = 0; i < n; i++)
            frames_free(&frame_table[in[i]], 1);
    return rc;
}
