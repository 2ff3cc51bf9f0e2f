/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables. idle_root is the master level-4 table: its slots
 * HV_FIRST_SLOT..HV_LAST_SLOT do not change after start-up and are copied into every
 * guest root; the tables below them are shared by all roots. Each of 256-260 has its
 * level-3 table from start-up on.
 */
#ifndef HV_PAGING_H
#define HV_PAGING_H

#include <hv/types.h>

extern uint64_t *idle_root; /* through the direct map */
extern uint64_t idle_cr3;   /* its machine address */

/*
 * Address of the level-1 entry that maps va, a hypervisor address that is not covered by
 * a large page; null when a table on the way is missing. Any context.
 */
uint64_t *hv_pte_find(uintptr_t va);
/*
 * Likewise, but makes missing tables out of heap frames; null when out of memory. The
 * caller serialises calls for one region.
 */
uint64_t *hv_pte_make(uintptr_t va);

#endif
