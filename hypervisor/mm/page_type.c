/* SPDX-License-Identifier: MIT */
/*
 * Page types: states of a frame's type word, and every change of them. The word is
 * changed by compare-and-swap only; T stands for a table type (L1-L4), c for the count.
 *
 *   state     VALIDATED PARTIAL  c    meaning
 *   none          0       0      0    never typed since it was given to its owner
 *   idle T, D     0       0      0    was a table (entries hold nothing) or a descriptor
 *                                     page; EXTRA = stamp
 *   idle W        1       0      0    was writable; EXTRA = stamp
 *   busy          0       0     >0    one CPU works on it, alone; others wait or go away
 *   usable        1       0     >0    in use c times
 *   partial       0       1     0,1   work on a table was broken off; EXTRA = progress;
 *                                     the state itself holds a reference of the frame
 *
 *   event                  from            to            by
 *   get, same type         usable, idle W  usable c+1    page_get_type, writable_get
 *   get, first             none, idle      busy c=1      page_get_type: flush, promote
 *     - all entries taken  busy            usable        start_use
 *     - an entry refused   busy            idle, error   stop_work after demote
 *     - preempted          busy            partial c-1   stop_work
 *   get on partial         partial         busy c+1      resumes upwards, or (progress has
 *                                                        an error) downwards to that error
 *   get, other type        c>0 or partial  -             -EINVAL
 *   put, not the last      c>1             c-1           put_type, writable_put
 *   put, last of W or D    usable c=1      idle          put_type, writable_put
 *   put, last of a table   usable c=1      busy c=1      put_type: demote
 *     - done               busy            idle          stop_work
 *     - preempted          busy            partial c=1   stop_work; putter calls again
 *   put again              partial c=1     busy c=1      put_type: demote goes on
 *   cancel                 partial c=0     busy c=1      page_cancel
 *   pin, unpin             usable          PINNED set, cleared (page_pin.c); an unpin that
 *                                          is broken off leaves PINNED with its c=1
 *
 * A count that a preempted putter still owes can be joined by a getter's: the getter
 * resumes upwards and the putter, when it calls again, finds a usable table of c>1.
 *
 * Why waiting for a busy frame cannot deadlock: a CPU that keeps a table busy waits at
 * most for tables of a lower level, and for TLB flushes, which waiting CPUs answer.
 */
#include "page_type_internal.h"

static struct progress progress_decode(uint64_t word)
{
    uint32_t extra = (uint32_t)((word & PGT_EXTRA_MASK) >> PGT_EXTRA_SHIFT);

    return (struct progress){
        .done = extra & PROGRESS_DONE_MASK,
        .child_held = extra & PROGRESS_CHILD_HELD,
        .error = (int)(extra >> PROGRESS_ERROR_SHIFT),
    };
}

static uint64_t progress_encode(const struct progress *p)
{
    uint32_t extra = p->done | (p->child_held ? PROGRESS_CHILD_HELD : 0) |
                     (uint32_t)p->error << PROGRESS_ERROR_SHIFT;

    return (uint64_t)extra << PGT_EXTRA_SHIFT | PGT_PARTIAL;
}

/* Word of a frame whose last use of a type ended. */
static uint64_t idle_word(enum page_type type)
{
    uint64_t stamp = (uint64_t)tlb_stamp_now() << PGT_EXTRA_SHIFT;

    return stamp | (type == PT_WRITABLE ? PGT_USABLE(type) : PGT_STATE(type));
}

/* busy -> usable. The count may shrink meanwhile (a putter that calls again). */
static void start_use(struct page_info *pg)
{
    __atomic_fetch_or(&pg->type, PGT_VALIDATED, __ATOMIC_SEQ_CST);
}

/*
 * busy -> idle or partial, dropping `drop` of the count. from_partial: the reference that
 * the partial state held is still there. finished: p is back to nothing.
 */
static void stop_work(struct page_info *pg, const struct progress *p, uint32_t drop,
                      bool from_partial, bool finished)
{
    uint64_t old = READ_ONCE(pg->type), now;
    enum page_type type = pgt_type(old);
    bool idle;

    if (!from_partial)
        __atomic_fetch_add(&pg->ref, 1, __ATOMIC_RELAXED);
    do {
        uint32_t count = pgt_count(old) - drop;

        idle = finished && !count;
        if (idle)
            now = idle_word(type);
        else
            now = PGT_STATE(type) | (old & PGT_PINNED) | progress_encode(p) | count;
    } while (!word_cas(&pg->type, &old, now));
    if (idle)
        page_put(pg);
}

/* Upwards from p, or downwards if p has an error; the word is busy and counts us. */
static int work_up(struct page_info *pg, enum page_type type, struct progress *p,
                   bool from_partial, bool preemptible)
{
    int rc = p->error ? -p->error : page_promote(pg, type, p, preemptible);

    if (!rc) {
        start_use(pg);
        if (from_partial)
            page_put(pg);
        return 0;
    }
    if (rc != -ERESTART) {
        p->error = -rc;
        if (page_demote(pg, type, p, preemptible))
            rc = -ERESTART;
        else
            p->error = 0;
    }
    stop_work(pg, p, 1, from_partial, rc != -ERESTART);
    return rc;
}

/* Downwards from p; `drop`: of the count, when it is broken off. */
static int work_down(struct page_info *pg, enum page_type type, struct progress *p,
                     uint32_t drop, bool from_partial, bool preemptible)
{
    int rc = page_demote(pg, type, p, preemptible);

    if (!rc) {
        p->error = 0;
        drop = 1;
    }
    stop_work(pg, p, drop, from_partial, !rc);
    return rc;
}

/* none or idle -> busy has just happened; old: the word before. */
static int first_use(struct page_info *pg, uint64_t old, enum page_type type,
                     bool preemptible)
{
    struct progress p = { 0 };

    if (pgt_type(old) != PT_NONE && pgt_type(old) != type)
        page_env_flush(page_owner_id(pg), (old & PGT_EXTRA_MASK) >> PGT_EXTRA_SHIFT);
    return work_up(pg, type, &p, false, preemptible);
}

static int resume_up(struct page_info *pg, uint64_t old, enum page_type type,
                     bool preemptible)
{
    struct progress p = progress_decode(old);

    return work_up(pg, type, &p, true, preemptible);
}

/* Another CPU keeps the frame busy. 0: look again; else give up with that. */
static int wait_busy(enum page_type type, bool preemptible)
{
    if (preemptible && page_env_preempt())
        return -ERESTART;
    if (!preemptible && type >= PT_L2 && type <= PT_L4)
        return -EBUSY;
    __builtin_ia32_pause();
    return 0;
}

int page_get_type(struct page_info *pg, enum page_type type, bool preemptible)
{
    uint64_t old = READ_ONCE(pg->type);

    for (;;) {
        int rc;

        if (pgt_is_usable(old, type)) {
            if ((old & PGT_COUNT_MASK) >= PGT_COUNT_LIMIT)
                return -EINVAL;
            if (word_cas(&pg->type, &old, old + 1))
                return 0;
        } else if (!pgt_count(old) && !(old & PGT_PARTIAL)) {
            if (word_cas(&pg->type, &old, PGT_STATE(type) | 1))
                return first_use(pg, old, type, preemptible);
        } else if (pgt_type(old) != type) {
            return -EINVAL;
        } else if (old & PGT_PARTIAL) {
            if (word_cas(&pg->type, &old,
                         PGT_STATE(type) | (old & PGT_PINNED) | (pgt_count(old) + 1)))
                return resume_up(pg, old, type, preemptible);
        } else {
            rc = wait_busy(type, preemptible);
            if (rc)
                return rc;
            old = READ_ONCE(pg->type);
        }
    }
}

/* The last reference of a table, usable or partial: busy has just happened. */
static int last_put(struct page_info *pg, uint64_t old, bool preemptible)
{
    struct progress p = { .done = PT_ENTRIES };

    if (old & PGT_PARTIAL)
        p = progress_decode(old);
    return work_down(pg, pgt_type(old), &p, 0, old & PGT_PARTIAL, preemptible);
}

/* pin: only if the frame is pinned, -EINVAL otherwise; the bit goes with the reference. */
static int put_type(struct page_info *pg, bool pin, bool preemptible)
{
    uint64_t old = READ_ONCE(pg->type), pinned = pin ? PGT_PINNED : 0;

    for (;;) {
        enum page_type type = pgt_type(old);

        if ((old & pinned) != pinned)
            return -EINVAL;
        if (pgt_count(old) > 1) {
            if (word_cas(&pg->type, &old, (old - 1) & ~pinned))
                return 0;
        } else if (!pgt_is_table(type)) {
            BUG_ON(!pgt_count(old));
            if (word_cas(&pg->type, &old, idle_word(type)))
                return 0;
        } else if (old & (PGT_VALIDATED | PGT_PARTIAL)) {
            BUG_ON(!pgt_count(old));
            if (word_cas(&pg->type, &old, PGT_STATE(type) | (old & PGT_PINNED) | 1))
                return last_put(pg, old, preemptible);
        } else { /* busy: another CPU is undoing the same pin */
            if (wait_busy(type, preemptible))
                return -ERESTART;
            old = READ_ONCE(pg->type);
        }
    }
}

int page_put_type(struct page_info *pg, bool preemptible)
{
    return put_type(pg, false, preemptible);
}

int page_put_pin(struct page_info *pg)
{
    return put_type(pg, true, true);
}

int page_cancel(struct page_info *pg, bool preemptible)
{
    uint64_t old = READ_ONCE(pg->type);

    while ((old & PGT_PARTIAL) && !pgt_count(old)) {
        if (word_cas(&pg->type, &old, PGT_STATE(pgt_type(old)) | 1)) {
            struct progress p = progress_decode(old);

            return work_down(pg, pgt_type(old), &p, 1, true, preemptible);
        }
    }
    return 0;
}

int page_get_and_type(struct page_info *pg, domid_t owner, enum page_type type,
                      bool preemptible)
{
    int rc;

    if (!page_get(pg, owner))
        return -EINVAL;
    rc = page_get_type(pg, type, preemptible);
    if (rc)
        page_put(pg);
    return rc;
}

static noinline int put_and_type_slow(struct page_info *pg, bool preemptible)
{
    int rc = page_put_type(pg, preemptible);

    if (!rc)
        page_put(pg);
    return rc;
}

int page_put_and_type(struct page_info *pg, bool preemptible)
{
    uint64_t old = READ_ONCE(pg->type);

    if (unlikely(pgt_count(old) <= 1 || !word_cas(&pg->type, &old, old - 1)))
        return put_and_type_slow(pg, preemptible);
    page_put(pg);
    return 0;
}

noinline void writable_put_slow(struct page_info *pg)
{
    put_type(pg, false, false);
}

bool page_get_writable(struct page_info *pg, domid_t owner)
{
    if (!page_get(pg, owner))
        return false;
    if (likely(writable_get(pg)))
        return true;
    page_put(pg);
    return false;
}

void page_put_writable(struct page_info *pg)
{
    writable_put(pg);
    page_put(pg);
}

int page_get_table(struct page_info *pg, domid_t owner, enum page_type highest)
{
    uint64_t old;

    if (unlikely(!ref_get(pg, page_ref_word(owner))))
        return -EINVAL;
    old = READ_ONCE(pg->type);
    do {
        if (unlikely(pgt_type(old) - PT_L1 > highest - PT_L1 || !(old & PGT_VALIDATED) ||
                     (old & PGT_COUNT_MASK) >= PGT_COUNT_LIMIT))
            return PT_NONE;
    } while (unlikely(!word_cas(&pg->type, &old, old + 1)));
    return (int)pgt_type(old);
}
