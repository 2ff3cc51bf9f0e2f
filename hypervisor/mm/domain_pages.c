/* SPDX-License-Identifier: MIT */
/*
 * Frames that are given to domains: limits, claims, scrubbing. A frame is cleared when a
 * domain gets it, so that whoever had it before, guest or hypervisor, leaks nothing.
 */
#include "internal.h"
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/spinlock.h>
#include <abi/errno.h>

/* May d get n frames more? Under page_lock. */
static int check_room(const struct domain *d, uint64_t n)
{
    if (READ_ONCE(d->life) >= DOM_DYING)
        return -EINVAL;
    if (d->tot_pages > d->max_pages || n > d->max_pages - d->tot_pages)
        return -E2BIG;
    return 0;
}

void frames_join_domain(struct domain *d, struct page_info *pg, uint64_t n)
{
    uint64_t ref = PGR_INUSE | PGR_ALLOCATED | (uint64_t)d->id << PGR_OWNER_SHIFT | 1;
    uint64_t mfn = mfn_x(page_to_mfn(pg));

    for (uint64_t i = 0; i < n; i++) {
        pg[i].type = 0;
        m2p_table[mfn + i] = M2P_INVALID;
        __atomic_store_n(&pg[i].ref, ref, __ATOMIC_RELEASE);
    }
    if (!d->tot_pages)
        domain_get(d);
    d->tot_pages += n;
}

int page_assign(struct domain *d, struct page_info *pg, unsigned int order)
{
    int rc;

    spin_lock(&d->page_lock);
    rc = check_room(d, 1ull << order);
    if (!rc)
        rc = frame_set_add(&d->frames, page_to_mfn(pg), order);
    if (!rc)
        frames_join_domain(d, pg, 1ull << order);
    spin_unlock(&d->page_lock);
    return rc;
}

/* Takes what d has claimed of n frames out of its claim. 0, or check_room()'s error. */
static int use_claim(struct domain *d, uint64_t n, uint64_t *claim)
{
    int rc;

    spin_lock(&d->page_lock);
    rc = check_room(d, n);
    if (!rc) {
        *claim = min(n, d->outstanding_pages);
        d->outstanding_pages -= *claim;
    }
    spin_unlock(&d->page_lock);
    return rc;
}

/* The allocation came to nothing: the claim stands again. */
static void restore_claim(struct domain *d, uint64_t claim)
{
    spin_lock(&d->page_lock);
    d->outstanding_pages += claim;
    spin_unlock(&d->page_lock);
}

static void free_unassigned(struct page_info *pg, unsigned int order)
{
    for (uint64_t i = 0; i < 1ull << order; i++)
        pg[i] = (struct page_info){ .ref = PGR_UNUSED };
    heap_free_pages(pg, order);
}

static struct page_info *alloc_pages(struct domain *d, unsigned int order,
                                     const struct heap_constraint *c, bool scrub, int *rc)
{
    uint64_t claim = 0;
    struct page_info *pg;

    *rc = order > HEAP_MAX_ORDER ? -ENOMEM : use_claim(d, 1ull << order, &claim);
    if (*rc)
        return NULL;
    pg = heap_take(order, *c, claim);
    if (!pg) {
        restore_claim(d, claim);
        *rc = -ENOMEM;
        return NULL;
    }
    if (scrub)
        for (uint64_t i = 0; i < 1ull << order; i++)
            clear_page(page_to_virt(pg + i));
    *rc = page_assign(d, pg, order);
    if (*rc) {
        free_unassigned(pg, order);
        return NULL;
    }
    return pg;
}

struct page_info *domain_alloc_pages(struct domain *d, unsigned int order,
                                     const struct heap_constraint *c, int *rc)
{
    return alloc_pages(d, order, c, true, rc);
}

struct page_info *domain_alloc_boot_pages(struct domain *d, unsigned int order,
                                          const struct heap_constraint *c, int *rc)
{
    return alloc_pages(d, order, c, false, rc);
}

static int stake_claim(struct domain *d, uint64_t pages)
{
    int rc;

    if (d->outstanding_pages || pages <= d->tot_pages || pages > d->max_pages ||
        READ_ONCE(d->life) >= DOM_DYING)
        return -EINVAL;
    rc = heap_claim(pages - d->tot_pages);
    if (!rc)
        d->outstanding_pages = pages - d->tot_pages;
    return rc;
}

int domain_claim_pages(struct domain *d, uint64_t pages)
{
    int rc = 0;

    spin_lock(&d->page_lock);
    if (pages) {
        rc = stake_claim(d, pages);
    } else {
        heap_unclaim(d->outstanding_pages);
        d->outstanding_pages = 0;
    }
    spin_unlock(&d->page_lock);
    return rc;
}
