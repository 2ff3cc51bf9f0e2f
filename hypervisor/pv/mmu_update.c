/* SPDX-License-Identifier: MIT */
/*
 * hypercall 1, mmu_update: a list of changes, each of a table entry, a word of ordinary
 * memory, or an entry of the machine-to-physical table. The frame that was changed last
 * stays referenced until a request names another.
 */
#include "mmu_batch.h"

#define BATCH 16

#define CMD_MASK 7u

/* Not the address of any frame. */
#define NO_FRAME 1ull

struct update {
    struct mmu_party party;
    uint64_t frame;       /* direct-map address of the frame being changed, or NO_FRAME */
    enum page_type level; /* its type, referenced: PT_L1..PT_L4 or PT_WRITABLE */
    struct page_mod mod;
};

/* Lets go of the frame. Work that is left over is noted. */
static always_inline void leave_frame(struct update *u)
{
    struct page_info *pg = virt_to_page((void *)u->frame);

    if (u->frame != NO_FRAME &&
        page_put_and_type(pg, u->level >= PT_L2 && u->level <= PT_L4))
        mmu_put_later(current, pg);
    u->frame = NO_FRAME;
}

/* Takes a reference of pg and its type, PT_WRITABLE unless it is a table; or -EINVAL. */
static always_inline int get_frame(struct page_info *pg, domid_t owner)
{
    int level = page_get_table(pg, owner, PT_L4);

    if (likely(level > PT_NONE))
        return level;
    if (level < 0)
        return level;
    if (!page_get_type(pg, PT_WRITABLE, false))
        return PT_WRITABLE;
    page_put(pg);
    return -EINVAL;
}

/* Takes hold of the frame at mfn. 0; -EINVAL; -ERESTART: the last one left work over. */
static always_inline int enter_frame(struct update *u, mfn_t mfn)
{
    int level;

    leave_frame(u);
    if (mmu_has_unfinished(current))
        return -ERESTART;
    if (mfn_x(mfn) >= max_page)
        return -EINVAL;
    level = get_frame(mfn_to_page(mfn), u->party.tables->id);
    if (level < 0)
        return level;
    u->level = (enum page_type)level;
    u->frame = (uint64_t)mfn_to_virt(mfn);
    return 0;
}

static always_inline int update_entry(struct update *u, uint64_t maddr, uint64_t val,
                                      unsigned int how)
{
    uint64_t *slot = (uint64_t *)(DIRECTMAP_START + maddr);

    if (unlikely(u->frame != ((uintptr_t)slot & PAGE_MASK))) {
        int rc = enter_frame(u, maddr_to_mfn(_maddr(maddr)));

        if (unlikely(rc))
            return rc;
    }
    if (unlikely(u->level != PT_L1)) {
        if (u->level == PT_WRITABLE) {
            WRITE_ONCE(*slot, val);
            return 0;
        }
        if (u->party.frames != u->party.tables)
            return -EINVAL;
    }
    u->mod.how = (uint16_t)how;
    return page_mod_entry(slot, u->level, val, &u->mod);
}

static noinline int update_m2p(const struct mmu_party *p, mfn_t mfn, uint64_t pfn)
{
    struct page_info *pg = mfn_to_page(mfn);

    if (mfn_x(mfn) >= max_page || !page_get(pg, p->frames_id))
        return -EINVAL;
    WRITE_ONCE(m2p_table[mfn_x(mfn)], pfn);
    page_put(pg);
    return 0;
}

static always_inline int update_one(struct update *u, const struct mmu_update *r)
{
    unsigned int cmd = r->ptr & CMD_MASK;

    if (likely(cmd == MMU_NORMAL_PT_UPDATE))
        return update_entry(u, r->ptr, r->val, 0);
    switch (cmd) {
    case MMU_PT_UPDATE_PRESERVE_AD:
        return update_entry(u, r->ptr - cmd, r->val, PAGE_MOD_KEEP_AD);
    case MMU_PT_UPDATE_NO_TRANSLATE:
        return update_entry(u, r->ptr - cmd, r->val, 0);
    case MMU_MACHPHYS_UPDATE:
        return update_m2p(&u->party, maddr_to_mfn(_maddr(r->ptr)), r->val);
    default:
        return -ENOSYS;
    }
}

/* The next n requests into buf, fewer if not all can be read: a list that runs into a
 * hole is done up to there. How many, 0 when not even one. */
static unsigned int fetch(unsigned long at, unsigned int n, struct mmu_update *buf)
{
    if (n > 1 && !guest_read(buf, at, n * sizeof(*buf)))
        return n;
    return guest_read(buf, at, sizeof(*buf)) ? 0 : 1;
}

/* Requests done: all n, or up to the one that fails with *rc or leaves work over. */
static unsigned int run_some(struct update *u, const struct mmu_update *r, unsigned int n,
                             int *rc)
{
    unsigned int i = 0;

    do {
        *rc = update_one(u, &r[i]);
        if (unlikely(*rc))
            return i;
        i++;
        if (unlikely(u->mod.unfinished)) {
            mmu_put_later(current, u->mod.unfinished);
            *rc = -ERESTART;
            return i;
        }
    } while (i < n && !preempt_wanted());
    return i;
}

static int run(struct update *u, struct mmu_batch *b)
{
    struct mmu_update buf[BATCH];
    int rc = 0;

    while (b->done < b->count) {
        unsigned long at = b->reqs + b->done * sizeof(*buf);
        unsigned int n = fetch(at, min(b->count - b->done, (unsigned int)BATCH), buf);

        if (unlikely(!n))
            return -EFAULT;
        b->done += run_some(u, buf, n, &rc);
        if (unlikely(rc))
            break;
        if (b->done < b->count && unlikely(preempt_wanted()))
            return -ERESTART;
    }
    return rc;
}

static noinline long update_list(XEN_GUEST_HANDLE(mmu_update_t) reqs, unsigned int count,
                                 XEN_GUEST_HANDLE(uint) done, unsigned int foreigndom)
{
    struct mmu_batch b = { .count = count,
                           .foreigndom = foreigndom,
                           .reqs = (unsigned long)reqs.p,
                           .out = done };
    struct update u;
    long result;
    int rc;

    if (unlikely(!mmu_batch_begin(__HYPERVISOR_mmu_update, &b, &result)))
        return result;
    rc = mmu_party_get(foreigndom, &u.party);
    if (unlikely(rc))
        return rc;
    u.frame = NO_FRAME;
    page_mod_init(&u.mod, u.party.tables->id, u.party.frames_id, current->domain->id);
    rc = run(&u, &b);
    leave_frame(&u);
    mmu_party_put(&u.party);
    return mmu_batch_end(__HYPERVISOR_mmu_update, &b, sizeof(struct mmu_update), rc);
}

/*
 * The most frequent call: one level-1 entry of the caller's own. *rc: its result. False:
 * it is not that, or something is wrong with it; nothing has been done.
 */
static always_inline bool update_own_leaf(XEN_GUEST_HANDLE(mmu_update_t) reqs, int *rc)
{
    const struct domain *d = current->domain;
    struct mmu_update r;
    struct page_mod m;
    uint64_t *slot;

    if (unlikely(copy_from_guest(&r, reqs, 1)))
        return false;
    slot = mmu_get_slot_at(d, r.ptr); /* none for another command's address */
    if (unlikely(!slot))
        return false;
    page_mod_init(&m, d->id, d->id, d->id);
    *rc = page_mod_leaf(slot, r.val, &m);
    mmu_put_slot(slot);
    return true;
}

/*
 * 0; -ENOSYS unknown command; -EINVAL the frame or the entry is not allowed; -EBUSY,
 * -EPERM as page_mod_entry(); -EFAULT list; -ESRCH, -EPERM foreigndom. *done: requests
 * that took effect, all before the one that failed.
 */
long hc_mmu_update(XEN_GUEST_HANDLE(mmu_update_t) reqs, unsigned int count,
                   XEN_GUEST_HANDLE(uint) done, unsigned int foreigndom)
{
    int rc;

    if (count == 1 && foreigndom == DOMID_SELF && guest_handle_is_null(done) &&
        update_own_leaf(reqs, &rc))
        return rc;
    return update_list(reqs, count, done, foreigndom);
}
