/* SPDX-License-Identifier: MIT */
/*
 * What the page-table hypercalls share. A guest's tables are changed through the
 * page-type machine only (hv/page_type.h); these files decode requests, find tables, and
 * break long work off.
 *
 * Work that is broken off after its effect is visible (a table that lost its last
 * reference and is being taken apart) is noted in v->pv.old_table and finished before
 * the vCPU's next operation on page tables, or when its domain dies.
 */
#ifndef PV_MMU_H
#define PV_MMU_H

#include "internal.h"

/* --- mmu_party.c --- */
/* Whose frames and tables a hypercall is about. */
struct mmu_party {
    struct domain *frames; /* new entries name its frames; null: DOMID_IO or DOMID_XEN */
    struct domain *tables; /* owns the tables to be changed */
    domid_t frames_id;
    bool held; /* with references */
};

/*
 * Resolves a hypercall's foreigndom argument (bits 0-15 frames' owner, 16-31 tables' owner
 * + 1 or 0 for the caller) and takes references. 0; -ESRCH no such domain, or the caller
 * named itself by number; -EPERM.
 */
int must_check mmu_party_get(unsigned int foreigndom, struct mmu_party *p);
void mmu_party_put(const struct mmu_party *p);

/* --- batches: mmu_update and mmuext_op --- */
struct mmu_batch {
    unsigned int nr;          /* of the hypercall */
    unsigned int count, done; /* requests of this call, and how many are through */
    unsigned int before;      /* done before this call was continued */
    unsigned int foreigndom;
    unsigned long reqs;
    XEN_GUEST_HANDLE(uint) out;
};

/*
 * Takes count apart, checks where the list starts (the rest is found out in reading it),
 * and finishes what an earlier call left. True: go on; false: *rc is the hypercall's
 * result.
 */
bool mmu_batch_begin(struct mmu_batch *b, long *rc);
/* Reports the number of requests done and continues, on rc -ERESTART, with the rest,
 * requests being `size` bytes each. */
long mmu_batch_end(const struct mmu_batch *b, unsigned long size, int rc);

/* --- mmu_root.c --- */
/* Notes a table that the caller owes page_put_and_type(). */
void mmu_put_later(struct vcpu *v, struct page_info *table);
/* Finishes what was noted. 0 or -ERESTART. */
int pv_mmu_finish(struct vcpu *v);

static inline bool mmu_has_unfinished(const struct vcpu *v)
{
    return unlikely(v->pv.old_table[0] != NULL);
}

/* --- mmu_walk.c --- */
/*
 * The level-1 table for va under v's kernel root, with a reference and a type reference;
 * null when there is none or va is the hypervisor's.
 */
struct page_info *mmu_get_l1(struct vcpu *v, unsigned long va);

static inline unsigned int mmu_index(unsigned long va, unsigned int level)
{
    return (va >> (PAGE_SHIFT + 9 * (level - 1))) & (PT_ENTRIES - 1);
}

/* --- mmu_flush.c --- */
/* Flushes va, or with TLB_FLUSH_ALL everything, where the caller's domain may have it. */
void mmu_flush_domain(unsigned long va);
/* The same for the vCPUs in the guest's bitmap at addr. 0; -EFAULT, nothing flushed. */
int mmu_flush_vcpus(unsigned long addr, unsigned long va);

#endif
