/* SPDX-License-Identifier: MIT */
/* Grant tables, version 1. Entry states and transitions are tabled in grant/entry.c. */
#ifndef HV_GRANT_H
#define HV_GRANT_H

#include <hv/domain.h>

/* The builder's reserved entries: lets `to` map `pfn/mfn` of d through gref. 0, -EINVAL. */
int must_check grant_seed(struct domain *d, unsigned int gref, domid_t to, mfn_t frame,
                          bool readonly);
/* Frame backing grant-table (or status) frame idx of d for memory_op/acquire_resource. */
int must_check grant_table_frame(struct domain *d, unsigned int idx, mfn_t *mfn);
/* Active maps held by d (maptrack entries), and active grants of d. Leak checks. */
unsigned int grant_maptrack_count(struct domain *d);
unsigned int grant_active_count(struct domain *d);

/*
 * pv/mmu: puts a mapping of `frame`, of which the caller holds a reference (and a writable
 * type reference unless readonly) for as long as the mapping may last, into current's
 * page tables. addr: virtual address, or machine address of the entry with
 * GNTMAP_contains_pte. flags: GNTMAP_*. The entry holds references of its own: one, and a
 * writable type reference if it is RW; what the entry held before is released.
 * 0; -EINVAL no such entry or table (GNTST_general_error).
 */
int must_check pv_grant_map(struct domain *d, uint64_t addr, uint32_t flags, mfn_t frame);
/*
 * Replaces the mapping of frame at addr by nothing or, if new_addr is not 0, by the entry
 * of that virtual address, which is cleared; drops the entry's references. When it was
 * writable and the frame another domain's, the TLBs are flushed; else the caller flushes.
 * 0; -EINVAL: no such entry, it does not map frame, or new_addr with GNTMAP_contains_pte.
 */
int must_check pv_grant_unmap(struct domain *d, uint64_t addr, uint32_t flags, mfn_t frame,
                              uint64_t new_addr);

#endif
