/* SPDX-License-Identifier: MIT */
/*
 * hypercall 1, mmu_update: a list of changes, each of a table entry, a word of ordinary
 * memory, or an entry of the machine-to-physical table. The frame that was changed last
 * stays referenced until a request names another.
 */
#include "mmu.h"

#define BATCH 16

#define CMD_MASK 7u

struct update {
    struct mmu_party party;
    struct page_info *pg; /* the frame being changed, referenced; or null */
    mfn_t mfn;            /* its number */
    enum page_type level; /* its type, referenced: PT_L1..PT_L4 or PT_WRITABLE */
    struct page_mod mod;
};

/* Lets go of the frame. Work that is left over is noted. */
static void leave_frame(struct update *u)
{
    struct page_info *pg = u->pg;

    u->pg = NULL;
    if (pg && page_put_and_type(pg, u->level >= PT_L2 && u->level <= PT_L4))
        mmu_put_later(current, pg);
}

/* Takes hold of the frame at mfn. 0; -EINVAL; -ERESTART: the last one left work over. */
static int enter_frame(struct update *u, mfn_t mfn)
{
    struct page_info *pg = mfn_to_page(mfn);

    leave_frame(u);
    if (mmu_has_unfinished(current))
        return -ERESTART;
    if (mfn_x(mfn) >= max_page ||
        !page_get_table(pg, u->party.tables->id, PT_L4, &u->level))
        return -EINVAL;
    if (u->level == PT_NONE) {
        u->level = PT_WRITABLE;
        if (page_get_type(pg, PT_WRITABLE, false)) {
            page_put(pg);
            return -EINVAL;
        }
    }
    u->pg = pg;
    u->mfn = mfn;
    return 0;
}

static int update_entry(struct update *u, uint64_t maddr, uint64_t val, bool keep_ad)
{
    mfn_t mfn = maddr_to_mfn(_maddr(maddr));
    unsigned int index = (maddr & ~PAGE_MASK) / sizeof(uint64_t);

    if (unlikely(!u->pg || !mfn_eq(u->mfn, mfn))) {
        int rc = enter_frame(u, mfn);

        if (unlikely(rc))
            return rc;
    }
    if (unlikely(u->level == PT_WRITABLE)) {
        WRITE_ONCE(((uint64_t *)page_to_virt(u->pg))[index], val);
        return 0;
    }
    if (u->level != PT_L1 && u->party.frames != u->party.tables)
        return -EINVAL;
    u->mod.keep_ad = keep_ad;
    return page_mod_entry(u->pg, u->level, index, val, &u->mod);
}

static int update_m2p(const struct mmu_party *p, mfn_t mfn, uint64_t pfn)
{
    struct page_info *pg = mfn_to_page(mfn);

    if (mfn_x(mfn) >= max_page || !page_get(pg, p->frames_id))
        return -EINVAL;
    WRITE_ONCE(m2p_table[mfn_x(mfn)], pfn);
    page_put(pg);
    return 0;
}

static int update_one(struct update *u, const struct mmu_update *r)
{
    unsigned int cmd = r->ptr & CMD_MASK;

    switch (cmd) {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_PRESERVE_AD:
    case MMU_PT_UPDATE_NO_TRANSLATE:
        return update_entry(u, r->ptr - cmd, r->val, cmd == MMU_PT_UPDATE_PRESERVE_AD);
    case MMU_MACHPHYS_UPDATE:
        return update_m2p(&u->party, maddr_to_mfn(_maddr(r->ptr)), r->val);
    default:
        return -ENOSYS;
    }
}

/* The next requests into buf; how many, 0 when not even one can be read. A list that
 * runs into a hole is done up to there. */
static unsigned int fetch(const struct mmu_batch *b, struct mmu_update *buf)
{
    unsigned long at = b->reqs + b->done * sizeof(*buf);
    unsigned int n = min(b->count - b->done, (unsigned int)BATCH);

    if (n > 1 && !guest_read(buf, at, n * sizeof(*buf)))
        return n;
    return guest_read(buf, at, sizeof(*buf)) ? 0 : 1;
}

static int run(struct update *u, struct mmu_batch *b)
{
    struct mmu_update buf[BATCH];
    int rc;

    while (b->done < b->count) {
        unsigned int n = fetch(b, buf);

        if (unlikely(!n))
            return -EFAULT;
        for (unsigned int i = 0; i < n; i++) {
            if (b->done && preempt_wanted())
                return -ERESTART;
            rc = update_one(u, &buf[i]);
            if (unlikely(rc))
                return rc;
            b->done++;
            if (unlikely(u->mod.unfinished)) {
                mmu_put_later(current, u->mod.unfinished);
                return b->done < b->count ? -ERESTART : 0;
            }
        }
    }
    return 0;
}

/*
 * 0; -ENOSYS unknown command; -EINVAL the frame or the entry is not allowed; -EBUSY,
 * -EPERM as page_mod_entry(); -EFAULT list; -ESRCH, -EPERM foreigndom. *done: requests
 * that took effect, all before the one that failed.
 */
long hc_mmu_update(XEN_GUEST_HANDLE(mmu_update_t) reqs, unsigned int count,
                   XEN_GUEST_HANDLE(uint) done, unsigned int foreigndom)
{
    struct mmu_batch b = {
        .nr = __HYPERVISOR_mmu_update,
        .count = count,
        .foreigndom = foreigndom,
        .reqs = (unsigned long)reqs.p,
        .out = done,
    };
    struct update u;
    long result;
    int rc;

    if (unlikely(!mmu_batch_begin(&b, &result)))
        return result;
    rc = mmu_party_get(foreigndom, &u.party);
    if (unlikely(rc))
        return rc;
    u.pg = NULL;
    u.mod = (struct page_mod){
        .owner = u.party.tables->id,
        .frames = u.party.frames_id,
        .caller = current->domain->id,
    };
    rc = run(&u, &b);
    leave_frame(&u);
    mmu_party_put(&u.party);
    return mmu_batch_end(&b, sizeof(struct mmu_update), rc);
}
