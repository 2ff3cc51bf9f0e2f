/* SPDX-License-Identifier: MIT */
/*
 * hypercall 26, mmuext_op: pins, roots, TLB and cache flushes, the LDT, and the filling
 * of frames that are not mapped. The cases are made from the rows of ops/mmuext.def.
 */
#include "mmu_batch.h"
#include <hv/smp.h>

/* Operations on the caller's own address space only. */
static bool is_own(const struct mmu_party *p)
{
    return p->frames == current->domain;
}

/* --- pins --- */

static int pin(const struct mmu_party *p, const mmuext_op_t *op, enum page_type level)
{
    return p->frames ? page_pin(p->frames, _mfn(op->arg1.mfn), level) : -EINVAL;
}

static int mmuext_pin_l1_table(const struct mmu_party *p, const mmuext_op_t *op)
{
    return pin(p, op, PT_L1);
}

static int mmuext_pin_l2_table(const struct mmu_party *p, const mmuext_op_t *op)
{
    return pin(p, op, PT_L2);
}

static int mmuext_pin_l3_table(const struct mmu_party *p, const mmuext_op_t *op)
{
    return pin(p, op, PT_L3);
}

static int mmuext_pin_l4_table(const struct mmu_party *p, const mmuext_op_t *op)
{
    return pin(p, op, PT_L4);
}

static int mmuext_unpin_table(const struct mmu_party *p, const mmuext_op_t *op)
{
    return p->frames ? page_unpin(p->frames, _mfn(op->arg1.mfn)) : -EINVAL;
}

/* --- roots --- */

static int mmuext_new_baseptr(const struct mmu_party *p, const mmuext_op_t *op)
{
    return is_own(p) ? pv_set_kernel_root(current, _mfn(op->arg1.mfn)) : -EPERM;
}

static int mmuext_new_user_baseptr(const struct mmu_party *p, const mmuext_op_t *op)
{
    return is_own(p) ? pv_set_user_root(current, _mfn(op->arg1.mfn)) : -EPERM;
}

/* --- flushes --- */

static int mmuext_tlb_flush_local(const struct mmu_party *p, const mmuext_op_t *op)
{
    (void)op;
    if (!is_own(p))
        return -EPERM;
    tlb_flush_local();
    return 0;
}

static int mmuext_invlpg_local(const struct mmu_party *p, const mmuext_op_t *op)
{
    if (!is_own(p))
        return -EPERM;
    tlb_flush_va_local(op->arg1.linear_addr);
    return 0;
}

static int flush_vcpus(const struct mmu_party *p, const mmuext_op_t *op, unsigned long va)
{
    if (!is_own(p))
        return -EPERM;
    return mmu_flush_vcpus((unsigned long)op->arg2.vcpumask.p, va) ? -EINVAL : 0;
}

static int mmuext_tlb_flush_multi(const struct mmu_party *p, const mmuext_op_t *op)
{
    return flush_vcpus(p, op, TLB_FLUSH_ALL);
}

static int mmuext_invlpg_multi(const struct mmu_party *p, const mmuext_op_t *op)
{
    return flush_vcpus(p, op, op->arg1.linear_addr & PAGE_MASK);
}

static int flush_domain(const struct mmu_party *p, unsigned long va)
{
    if (!is_own(p))
        return -EPERM;
    mmu_flush_domain(va);
    return 0;
}

static int mmuext_tlb_flush_all(const struct mmu_party *p, const mmuext_op_t *op)
{
    (void)op;
    return flush_domain(p, TLB_FLUSH_ALL);
}

static int mmuext_invlpg_all(const struct mmu_party *p, const mmuext_op_t *op)
{
    return flush_domain(p, op->arg1.linear_addr & PAGE_MASK);
}

static void flush_cache(void *unused)
{
    (void)unused;
    __asm__ volatile("wbinvd" ::: "memory");
}

/* Only who drives devices can need it; others could stall the machine with it. */
static int may_flush_cache(const struct mmu_party *p)
{
    if (!is_own(p))
        return -EPERM;
    return pv_has_device_access(current->domain) ? 0 : -EACCES;
}

static int mmuext_flush_cache(const struct mmu_party *p, const mmuext_op_t *op)
{
    int rc = may_flush_cache(p);

    (void)op;
    if (!rc)
        flush_cache(NULL);
    return rc;
}

static int mmuext_flush_cache_global(const struct mmu_party *p, const mmuext_op_t *op)
{
    int rc = may_flush_cache(p);

    (void)op;
    if (!rc)
        smp_call(&cpu_online_map, flush_cache, NULL);
    return rc;
}

/* --- LDT --- */

static int mmuext_set_ldt(const struct mmu_party *p, const mmuext_op_t *op)
{
    if (!is_own(p))
        return -EPERM;
    return pv_set_ldt(current, op->arg1.linear_addr, op->arg2.nr_ents);
}

/* --- frames that need not be mapped --- */

/* A frame to be written, with references as for a writable mapping; null. */
static struct page_info *get_target(const struct mmu_party *p, unsigned long mfn)
{
    struct page_info *pg = mfn_to_page(_mfn(mfn));

    if (mfn >= max_page || !page_get_writable(pg, p->frames_id))
        return NULL;
    return pg;
}

static int mmuext_clear_page(const struct mmu_party *p, const mmuext_op_t *op)
{
    struct page_info *pg = get_target(p, op->arg1.mfn);

    if (!pg)
        return -EINVAL;
    clear_page(page_to_virt(pg));
    page_put_writable(pg);
    return 0;
}

static int mmuext_copy_page(const struct mmu_party *p, const mmuext_op_t *op)
{
    struct page_info *src = mfn_to_page(_mfn(op->arg2.src_mfn)), *dst;

    if (op->arg2.src_mfn >= max_page || !page_get(src, p->frames_id))
        return -EINVAL;
    dst = get_target(p, op->arg1.mfn);
    if (dst) {
        copy_page(page_to_virt(dst), page_to_virt(src));
        page_put_writable(dst);
    }
    page_put(src);
    return dst ? 0 : -EINVAL;
}

/* --- dispatch --- */

static int run_one(const struct mmu_party *p, const mmuext_op_t *op)
{
    switch (op->cmd) {
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    case cmd:                                           \
        return mmuext_##suffix(p, op);
#define OP_ABSENT(cmd, name, error) \
    case cmd:                       \
        return -(error);
#include <abi/ops/mmuext.def>
    default:
        return -ENOSYS;
    }
}

static int run(const struct mmu_party *p, struct mmu_batch *b)
{
    for (; b->done < b->count; b->done++) {
        mmuext_op_t op;
        int rc;

        if (b->done && preempt_wanted())
            return -ERESTART;
        if (guest_read(&op, b->reqs + b->done * sizeof(op), sizeof(op)))
            return -EFAULT;
        rc = run_one(p, &op);
        if (rc)
            return rc;
    }
    return 0;
}

/*
 * 0; -ENOSYS unknown command; -EINVAL, -EPERM, -EACCES, -EBUSY, -ENOMEM of the command;
 * -EFAULT list; -ESRCH, -EPERM foreigndom. *done: commands that took effect.
 */
long hc_mmuext_op(XEN_GUEST_HANDLE(mmuext_op_t) ops, unsigned int count,
                  XEN_GUEST_HANDLE(uint) done, unsigned int foreigndom)
{
    struct mmu_batch b = { .count = count,
                           .foreigndom = foreigndom,
                           .reqs = (unsigned long)ops.p,
                           .out = done };
    struct mmu_party p;
    long result;
    int rc;

    if (unlikely(!mmu_batch_begin(__HYPERVISOR_mmuext_op, &b, &result)))
        return result;
    rc = mmu_party_get((domid_t)foreigndom, &p);
    if (unlikely(rc))
        return rc;
    rc = run(&p, &b);
    mmu_party_put(&p);
    return mmu_batch_end(__HYPERVISOR_mmuext_op, &b, sizeof(mmuext_op_t), rc);
}
