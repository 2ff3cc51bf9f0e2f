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
static int must_check mmu_party_get(unsigned int foreigndom, struct mmu_party *p);
static void mmu_party_put(const struct mmu_party *p);

int must_check mmu_party_get_foreign(unsigned int foreigndom, struct mmu_party *p);
void mmu_party_put_foreign(const struct mmu_party *p);

static always_inline int mmu_party_get(unsigned int foreigndom, struct mmu_party *p)
{
    if (unlikely(foreigndom != DOMID_SELF))
        return mmu_party_get_foreign(foreigndom, p);
    p->held = false; /* the caller outlives its own call */
    p->frames = p->tables = current->domain;
    p->frames_id = p->tables->id;
    return 0;
}

static always_inline void mmu_party_put(const struct mmu_party *p)
{
    if (unlikely(p->held))
        mmu_party_put_foreign(p);
}

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
 * The level-1 entry for va under the kernel root of v, which is current and in its
 * kernel, through the direct map; its table with a reference and a type reference. Null
 * when there is none or va is the hypervisor's.
 */
uint64_t *mmu_get_slot(const struct vcpu *v, unsigned long va);
/* The entry at machine address maddr, if it is in a level-1 table of d; likewise. */
uint64_t *mmu_get_slot_at(const struct domain *d, uint64_t maddr);

static inline void mmu_put_slot(const uint64_t *slot)
{
    page_put_shared_type(virt_to_page(slot));
}

/* --- mmu_flush.c --- */
/* Flushes va, or with TLB_FLUSH_ALL everything, where the caller's domain may have it. */
void mmu_flush_domain(unsigned long va);
/* The same for the vCPUs in the guest's bitmap at addr. 0; -EFAULT, nothing flushed. */
int mmu_flush_vcpus(unsigned long addr, unsigned long va);

#endif
