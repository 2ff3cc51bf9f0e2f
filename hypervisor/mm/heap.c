/* SPDX-License-Identifier: MIT */
/*
 * The buddy heap: all free RAM in naturally aligned runs of 2^order frames.
 *
 * A free run is known by its head's words in the frame table (hv/page.h); nothing else is
 * stored. Runs are listed by order and by zone. Zone z holds the frames [2^z, 2^(z+1)): a
 * run never spans two, because frame 0 is never in the heap. A limit on the width of
 * addresses is therefore a limit on zones, and looking at the highest zone first keeps
 * low memory for last.
 *
 *   frame is      INUSE  HEAD  other bits of ref
 *   allocated       1     -    PGR_UNUSED, or its owner and count
 *   head of a run   0     1    order, PRISTINE, stamp
 *   inside a run    0     0    stamp
 *
 * A frame that a guest had is stamped when it is freed. Each frame keeps its own stamp
 * while runs merge and split; taking a run flushes for the newest of them.
 */
#include "internal.h"
#include <hv/lib.h>
#include <hv/smp.h>
#include <hv/spinlock.h>
#include <abi/errno.h>

#define NR_ZONES 31
_Static_assert(MAX_FRAMES < 1ull << NR_ZONES, "every frame has a zone and a 32-bit link");

#define PGF_ORDER_MASK  0xffull
#define PGF_HEAD        (1ull << 8)
#define PGF_PRISTINE    (1ull << 9)
#define PGF_STAMP_SHIFT 32
#define PGF_STAMP_MASK  ((1ull << TLB_STAMP_BITS) - 1)

static struct {
    struct spinlock lock; /* guards all that follows and the words of free frames */
    uint32_t zones;       /* bit per zone with a run */
    uint64_t free, total, claimed; /* frames */
    struct zone {
        uint32_t orders;                   /* bit per order with a run */
        uint32_t head[HEAP_MAX_ORDER + 1]; /* first run's mfn; 0 = none */
    } zone[NR_ZONES];
} heap = { .lock = SPINLOCK_INIT(HEAP) };

static unsigned int zone_of(uint64_t mfn)
{
    return 63 - (unsigned int)__builtin_clzll(mfn);
}

static uint32_t link_next(uint64_t mfn)
{
    return (uint32_t)frame_table[mfn].type;
}

static uint32_t link_prev(uint64_t mfn)
{
    return (uint32_t)(frame_table[mfn].type >> 32);
}

static void set_links(uint64_t mfn, uint32_t next, uint32_t prev)
{
    frame_table[mfn].type = (uint64_t)prev << 32 | next;
}

/* Puts a run in front of its list. flags: PRISTINE or 0. */
static void link_run(uint64_t mfn, unsigned int order, uint64_t flags)
{
    unsigned int z = zone_of(mfn);
    uint32_t next = heap.zone[z].head[order];

    frame_table[mfn].ref |= PGF_HEAD | order | flags;
    set_links(mfn, next, 0);
    if (next)
        set_links(next, link_next(next), (uint32_t)mfn);
    heap.zone[z].head[order] = (uint32_t)mfn;
    heap.zone[z].orders |= 1u << order;
    heap.zones |= 1u << z;
}

/* Takes a run off its list; its head becomes an inside frame. */
static void unlink_run(uint64_t mfn, unsigned int order)
{
    struct zone *z = &heap.zone[zone_of(mfn)];
    uint32_t next = link_next(mfn), prev = link_prev(mfn);

    if (next)
        set_links(next, link_next(next), prev);
    if (prev)
        set_links(prev, next, link_prev(prev));
    else
        z->head[order] = next;
    if (!z->head[order])
        z->orders &= ~(1u << order);
    if (!z->orders)
        heap.zones &= ~(1u << (z - heap.zone));
    frame_table[mfn].ref &= PGF_STAMP_MASK << PGF_STAMP_SHIFT;
    frame_table[mfn].type = 0;
}

static bool is_free_run(uint64_t mfn, unsigned int order)
{
    return mfn < max_page &&
           (READ_ONCE(frame_table[mfn].ref) & (PGR_INUSE | PGF_HEAD | PGF_ORDER_MASK)) ==
               (PGF_HEAD | order);
}

/* Lists a run whose frames have the words of inside frames, merged as far as it goes. */
static void insert_run(uint64_t mfn, unsigned int order, uint64_t pristine)
{
    for (; order < HEAP_MAX_ORDER; order++) {
        uint64_t buddy = mfn ^ 1ull << order;

        if (!is_free_run(buddy, order))
            break;
        pristine &= frame_table[buddy].ref;
        unlink_run(buddy, order);
        mfn &= ~(1ull << order);
    }
    link_run(mfn, order, pristine);
}

/* The zones whose frames have addresses of at most so many bits (0: no limit). */
static uint32_t zones_within(unsigned int address_bits)
{
    if (!address_bits || address_bits >= NR_ZONES + PAGE_SHIFT)
        return ~0u;
    return address_bits <= PAGE_SHIFT ? 0 : (1u << (address_bits - PAGE_SHIFT)) - 1;
}

/* Takes a run of exactly this order off the lists, splitting a larger one. 0: none. */
static uint64_t remove_run(unsigned int order, uint32_t zones, bool *pristine)
{
    for (zones &= heap.zones; zones;) {
        unsigned int z = zone_of(zones);
        uint32_t orders = heap.zone[z].orders >> order;

        if (orders) {
            unsigned int have = order + (unsigned int)__builtin_ctz(orders);
            uint64_t mfn = heap.zone[z].head[have];
            uint64_t flags = frame_table[mfn].ref & PGF_PRISTINE;

            unlink_run(mfn, have);
            while (have > order) {
                have--;
                link_run(mfn + (1ull << have), have, flags);
            }
            *pristine = flags != 0;
            return mfn;
        }
        zones &= ~(1u << z);
    }
    return 0;
}

/* Flushes for the newest stamp in a run that has been used before. */
static void flush_stale(const struct page_info *pg, unsigned int order)
{
    uint32_t now = tlb_stamp_now(), newest = 0, least_age = ~0u;

    for (uint64_t i = 0; i < 1ull << order; i++) {
        uint32_t stamp = (uint32_t)(pg[i].ref >> PGF_STAMP_SHIFT & PGF_STAMP_MASK);
        uint32_t age = (now - stamp) & (uint32_t)PGF_STAMP_MASK;

        if (stamp && age < least_age) {
            least_age = age;
            newest = stamp;
        }
    }
    if (newest)
        tlb_flush_since(newest, NULL);
}

struct page_info *heap_take(unsigned int order, struct heap_constraint c, uint64_t claim)
{
    uint64_t n = 1ull << order, mfn = 0;
    bool pristine = false;
    unsigned long flags;

    if (order > HEAP_MAX_ORDER)
        return NULL;
    flags = spin_lock_irqsave(&heap.lock);
    if (heap.free + claim >= heap.claimed + n)
        mfn = remove_run(order, zones_within(c.address_bits), &pristine);
    if (mfn) {
        heap.free -= n;
        heap.claimed -= claim;
    }
    spin_unlock_irqrestore(&heap.lock, flags);
    if (!mfn)
        return NULL;
    if (!pristine)
        flush_stale(&frame_table[mfn], order);
    return &frame_table[mfn];
}

struct page_info *heap_alloc_pages(unsigned int order, struct heap_constraint c)
{
    struct page_info *pg = heap_take(order, c, 0);

    if (pg)
        for (uint64_t i = 0; i < 1ull << order; i++)
            pg[i] = (struct page_info){ .ref = PGR_UNUSED };
    return pg;
}

static void free_run(struct page_info *pg, unsigned int order, uint64_t word)
{
    uint64_t mfn = mfn_x(page_to_mfn(pg));
    unsigned long flags;

    BUG_ON(order > HEAP_MAX_ORDER || !IS_ALIGNED(mfn, 1ull << order));
    flags = spin_lock_irqsave(&heap.lock);
    for (uint64_t i = 0; i < 1ull << order; i++) {
        BUG_ON(pg[i].ref != PGR_UNUSED); /* freed twice, or still referenced */
        pg[i] = (struct page_info){ .ref = word };
    }
    insert_run(mfn, order, 0);
    heap.free += 1ull << order;
    spin_unlock_irqrestore(&heap.lock, flags);
}

void heap_free_pages(struct page_info *pg, unsigned int order)
{
    free_run(pg, order, 0);
}

/* The largest aligned run that starts at mfn and has at most n frames. */
static unsigned int largest_order(uint64_t mfn, uint64_t n)
{
    unsigned int align = (unsigned int)__builtin_ctzll(mfn);
    unsigned int fit = zone_of(n);
    unsigned int order = min(align, fit);

    return min(order, (unsigned int)HEAP_MAX_ORDER);
}

void heap_free_guest_pages(struct page_info *pg, unsigned int n)
{
    uint32_t stamp = tlb_stamp_now();
    uint64_t word = (uint64_t)(stamp ? stamp : 1) << PGF_STAMP_SHIFT;

    while (n) {
        unsigned int order = largest_order(mfn_x(page_to_mfn(pg)), n);

        free_run(pg, order, word);
        pg += 1u << order;
        n -= 1u << order;
    }
}

void heap_add_range(mfn_t first, mfn_t end)
{
    uint64_t mfn = max(mfn_x(first), (uint64_t)1);
    uint64_t stop = min(mfn_x(end), max_page);
    unsigned long flags = spin_lock_irqsave(&heap.lock);

    while (mfn < stop) {
        unsigned int order = largest_order(mfn, stop - mfn);

        insert_run(mfn, order, PGF_PRISTINE);
        heap.free += 1ull << order;
        heap.total += 1ull << order;
        mfn += 1ull << order;
    }
    spin_unlock_irqrestore(&heap.lock, flags);
}

int heap_claim(uint64_t n)
{
    unsigned long flags = spin_lock_irqsave(&heap.lock);
    bool ok = n <= heap.free - heap.claimed;

    if (ok)
        heap.claimed += n;
    spin_unlock_irqrestore(&heap.lock, flags);
    return ok ? 0 : -ENOMEM;
}

void heap_unclaim(uint64_t n)
{
    unsigned long flags = spin_lock_irqsave(&heap.lock);

    heap.claimed -= n;
    spin_unlock_irqrestore(&heap.lock, flags);
}

uint64_t heap_free_count(void)
{
    return READ_ONCE(heap.free);
}

uint64_t heap_total_count(void)
{
    return READ_ONCE(heap.total);
}

uint64_t heap_claimed_count(void)
{
    return READ_ONCE(heap.claimed);
}
