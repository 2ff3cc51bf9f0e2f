/* SPDX-License-Identifier: MIT */
/* Grant tables, version 1. Entry states and transitions are tabled in grant/entry.c. */
#ifndef HV_GRANT_H
#define HV_GRANT_H

#include <hv/domain.h>

/* The builder's reserved entries: lets `to` map `pfn/mfn` of d through gref. 0, -EINVAL. */
int must_check grant_seed(struct domain *d, unsigned int gref, domid_t to, mfn_t frame,
                          bool readonly);
/*
 * A guest changed or removed a PTE with PTE_GNTTAB set other than through
 * unmap: the page-type machine refuses that. This releases what remains mapped at the
 * domain's death; called by its relinquish.
 */
/* Frame backing grant-table (or status) frame idx of d for memory_op/acquire_resource. */
int must_check grant_table_frame(struct domain *d, unsigned int idx, mfn_t *mfn);
/* Active maps held by d (maptrack entries), and active grants of d. Leak checks. */
unsigned int grant_maptrack_count(struct domain *d);
unsigned int grant_active_count(struct domain *d);

/* pv/mmu: installs (or removes) a grant mapping in current's page tables.
 * addr: virtual address, or machine address of the entry when contains_pte.
 * 0; -EINVAL (GNTST_general_error) no such entry or table; the old entry is released. */
int must_check pv_grant_map(struct domain *d, uint64_t addr, bool contains_pte, mfn_t frame,
                            bool readonly, bool application);
/* Replaces the mapping of frame at addr by new_addr's entry (0 = by nothing). 0; -EINVAL. */
int must_check pv_grant_unmap(struct domain *d, uint64_t addr, bool contains_pte,
                              mfn_t frame, uint64_t new_addr);

#endif
