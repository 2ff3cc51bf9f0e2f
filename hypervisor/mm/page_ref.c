/* SPDX-License-Identifier: MIT */
/*
 * References of frames: how they begin, and what happens when the last one goes.
 *
 *   frame of a domain               INUSE  owner  ALLOCATED  count  in its frame set
 *   assigned                          1      d        1      >= 1        yes
 *   given back, still referenced      1      d        0      >= 1        yes
 *   waiting for SOFTIRQ_FRAMES        1      d        0        0         yes
 *   taken by an exchange              1      d        0        0         yes
 *   free                              0      -        -        -         no
 *
 *   shared hypervisor frame         INUSE  owner  HVPAGE     count
 *   shared                            1      d        1      >= 1
 *   unshared, still mapped            1     XEN       1      >= 1
 *
 * A last page_put() may come in any context, so it only queues the frame: taking it off
 * its owner needs a lock. A frame whose count is 0 belongs to whoever brought it there.
 */
#include "internal.h"
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/page_type.h>
#include <hv/softirq.h>
#include <hv/spinlock.h>

bool page_get_any(struct page_info *pg, domid_t *owner)
{
    uint64_t old = READ_ONCE(pg->ref);

    do {
        if (!(old & PGR_INUSE) || (old & PGR_COUNT_MASK) - 1 >= PGR_COUNT_LIMIT - 1)
            return false;
    } while (!__atomic_compare_exchange_n(&pg->ref, &old, old + 1, true, __ATOMIC_ACQUIRE,
                                          __ATOMIC_RELAXED));
    *owner = (domid_t)(old >> PGR_OWNER_SHIFT);
    return true;
}

void frames_free(struct page_info *pg, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        BUG_ON(pg[i].type & PGT_COUNT_MASK);
        WRITE_ONCE(pg[i].ref, PGR_UNUSED);
    }
    heap_free_guest_pages(pg, n);
}

bool frames_leave_domain(struct domain *d, struct page_info *pg, unsigned int n)
{
    mfn_t mfn = page_to_mfn(pg);

    frame_set_remove(&d->frames, mfn, n);
    for (unsigned int i = 0; i < n; i++)
        m2p_table[mfn_x(mfn) + i] = M2P_INVALID;
    d->tot_pages -= n;
    return !d->tot_pages;
}

/* Frames whose last reference has gone, linked through their type words; 0 ends. */
static DEFINE_PER_CPU(uint64_t, released_frames);

void page_release(struct page_info *pg)
{
    unsigned long flags;

    __atomic_thread_fence(__ATOMIC_ACQUIRE); /* after all that the others did with it */
    BUG_ON(pg->type & PGT_COUNT_MASK);
    if (pg->ref & PGR_HVPAGE) {
        frames_free(pg, 1);
        return;
    }
    flags = irq_save();
    pg->type = this_cpu(released_frames);
    this_cpu(released_frames) = mfn_x(page_to_mfn(pg));
    irq_restore(flags);
    softirq_raise(SOFTIRQ_FRAMES);
}

static void reclaim_frame(struct page_info *pg)
{
    struct domain *d = owner_find(page_owner_id(pg)); /* its frames keep it alive */
    bool is_last;

    spin_lock(&d->page_lock);
    is_last = frames_leave_domain(d, pg, 1);
    spin_unlock(&d->page_lock);
    frames_free(pg, 1);
    if (is_last)
        domain_put(d);
}

static void reclaim_frames(void)
{
    unsigned long flags = irq_save();
    uint64_t mfn = this_cpu(released_frames);

    this_cpu(released_frames) = 0;
    irq_restore(flags);
    while (mfn) {
        struct page_info *pg = mfn_to_page(_mfn(mfn));

        mfn = pg->type;
        pg->type = 0;
        reclaim_frame(pg);
    }
}

void page_reclaim_init(void)
{
    softirq_register(SOFTIRQ_FRAMES, reclaim_frames);
}

bool frame_drop_allocated(struct page_info *pg, unsigned int held)
{
    uint64_t old = READ_ONCE(pg->ref), now;

    do {
        if (!(old & PGR_ALLOCATED) && !held)
            return false;
        now = (old & ~PGR_ALLOCATED) - held - (old & PGR_ALLOCATED ? 1 : 0);
    } while (!__atomic_compare_exchange_n(&pg->ref, &old, now, true, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    return !(now & PGR_COUNT_MASK);
}

bool page_drop_allocated(struct domain *d, struct page_info *pg)
{
    bool had_it, is_free, is_last = false;

    spin_lock(&d->page_lock);
    had_it = READ_ONCE(pg->ref) & PGR_ALLOCATED; /* cleared under this lock only */
    is_free = frame_drop_allocated(pg, 1);
    if (is_free)
        is_last = frames_leave_domain(d, pg, 1);
    spin_unlock(&d->page_lock);
    if (is_free)
        frames_free(pg, 1);
    if (is_last)
        domain_put(d);
    return had_it;
}

static void share(void *va, domid_t owner, bool readonly)
{
    struct page_info *pg = virt_to_page(va);
    uint64_t type = readonly ? PT_NONE : PT_WRITABLE;

    m2p_table[mfn_x(page_to_mfn(pg))] = M2P_INVALID;
    pg->type = type << PGT_TYPE_SHIFT | PGT_VALIDATED | 1;
    __atomic_store_n(&pg->ref,
                     PGR_INUSE | PGR_HVPAGE | (uint64_t)owner << PGR_OWNER_SHIFT | 1,
                     __ATOMIC_RELEASE);
}

void page_share_with_guest(void *va, struct domain *d, bool readonly)
{
    share(va, d->id, readonly);
}

void page_share_as_xen(void *va, bool readonly)
{
    share(va, DOMID_XEN, readonly);
}

void page_unshare(void *va)
{
    struct page_info *pg = virt_to_page(va);
    uint64_t old = READ_ONCE(pg->ref), now;

    do {
        now = (old & ~PGR_OWNER_MASK) | PGR_UNUSED;
    } while (!__atomic_compare_exchange_n(&pg->ref, &old, now, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    if (pgt_type(pg->type) == PT_WRITABLE) {
        page_put_writable(pg);
    } else {
        pg->type = 0;
        page_put(pg);
    }
}
