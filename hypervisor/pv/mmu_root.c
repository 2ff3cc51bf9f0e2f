/* SPDX-License-Identifier: MIT */
/*
 * The roots of a vCPU's address spaces, unfinished work, and what is left of a domain's
 * tables when it dies.
 */
#include "mmu.h"

void mmu_put_later(struct vcpu *v, struct page_info *table)
{
    unsigned int i = v->pv.old_table[0] != NULL;

    BUG_ON(v->pv.old_table[i]);
    v->pv.old_table[i] = table;
}

int pv_mmu_finish(struct vcpu *v)
{
    while (v->pv.old_table[0]) {
        int rc = page_put_and_type(v->pv.old_table[0], true);

        if (rc)
            return rc;
        v->pv.old_table[0] = v->pv.old_table[1];
        v->pv.old_table[1] = NULL;
    }
    return 0;
}

static int drop_root(struct vcpu *v, struct page_info *root)
{
    int rc = root ? page_put_and_type(root, true) : 0;

    if (rc)
        mmu_put_later(v, root);
    return rc;
}

static int get_root(const struct vcpu *v, mfn_t mfn, struct page_info **root)
{
    if (mfn_x(mfn) >= max_page)
        return -EINVAL;
    *root = mfn_to_page(mfn);
    return page_get_and_type(*root, v->domain->id, PT_L4, true);
}

static bool is_root(const struct page_info *root, mfn_t mfn)
{
    return root && mfn_eq(page_to_mfn(root), mfn);
}

static uint64_t root_to_cr3(const struct page_info *root)
{
    return root ? mfn_x(page_to_mfn(root)) << PAGE_SHIFT : 0;
}

/* v's current mode uses this root from now on. */
static void load_root(struct vcpu *v, uint64_t cr3)
{
    v->root_cr3 = cr3;
    if (v == current)
        write_cr3(v->root_cr3);
}

/*
 * The old root is taken apart only after the new one is in use. When that is broken off,
 * the repeated call finds the root in place and has only that to finish.
 */
int pv_set_kernel_root(struct vcpu *v, mfn_t mfn)
{
    struct page_info *old = v->pv.root, *root;
    int rc = pv_mmu_finish(v);

    if (rc)
        return rc;
    if (is_root(old, mfn)) {
        root = old;
        old = NULL;
    } else {
        rc = get_root(v, mfn, &root);
        if (rc)
            return rc;
    }
    v->pv.root = root;
    v->pv.kernel_cr3 = root_to_cr3(root);
    if (v->pv.kernel_mode)
        load_root(v, v->pv.kernel_cr3);
    return drop_root(v, old);
}

int pv_set_user_root(struct vcpu *v, mfn_t mfn)
{
    struct page_info *old = v->pv.user_root, *root = NULL;
    int rc = pv_mmu_finish(v);

    if (rc)
        return rc;
    if (is_root(old, mfn))
        return 0;
    if (mfn_x(mfn)) {
        rc = get_root(v, mfn, &root);
        if (rc)
            return rc;
    }
    v->pv.user_root = root;
    v->pv.user_cr3 = root_to_cr3(root);
    if (root && !v->pv.kernel_mode)
        load_root(v, v->pv.user_cr3);
    return drop_root(v, old);
}

/* v is not running and will not run with these again. 0 or -ERESTART: call again. */
int pv_drop_roots(struct vcpu *v)
{
    struct page_info *root;
    int rc = pv_mmu_finish(v);

    if (rc)
        return rc;
    root = v->pv.user_root;
    v->pv.user_root = NULL;
    v->pv.user_cr3 = 0;
    rc = drop_root(v, root);
    if (rc)
        return rc;
    root = v->pv.root;
    v->pv.root = NULL;
    v->pv.kernel_cr3 = 0;
    return drop_root(v, root);
}

/* How many of n frames come before the first that is pinned or was left half-way. */
static unsigned int count_unwound(const struct page_info *pg, unsigned int n)
{
    unsigned int i = 0;

    while (i < n && !(READ_ONCE(pg[i].type) & (PGT_PINNED | PGT_PARTIAL)))
        i++;
    return i;
}

/*
 * The next frame of d that is pinned or was left half-way, with a reference; null with
 * *done false when a run of other frames has been passed, true at the end.
 */
static struct page_info *next_to_unwind(struct domain *d, bool *done)
{
    struct page_info *pg = NULL;
    unsigned int n, passed;
    mfn_t first;

    spin_lock(&d->page_lock);
    n = frame_set_next_run(&d->frames, _mfn(d->pv->unwound), &first);
    *done = !n;
    if (n) {
        passed = count_unwound(mfn_to_page(first), n);
        pg = mfn_to_page(first) + passed;
        if (passed == n || !page_get(pg, d->id)) {
            pg = NULL;
            passed = min(passed + 1, n);
        }
        d->pv->unwound = mfn_x(first) + passed;
    }
    spin_unlock(&d->page_lock);
    return pg;
}

/*
 * Takes apart what d's vCPUs do not hold: pinned tables and interrupted validations.
 * After that every type count is 0 but for what other domains map. d is dying and all
 * its roots have been dropped. 0 or -ERESTART: call again.
 */
int pv_mm_relinquish(struct domain *d)
{
    bool done = false;

    while (!done) {
        struct page_info *pg = next_to_unwind(d, &done);

        if (pg) {
            int rc = page_unwind(pg);

            page_put(pg);
            if (rc)
                return rc;
            d->pv->unwound++;
        }
        if (!done && preempt_wanted())
            return -ERESTART;
    }
    return 0;
}
