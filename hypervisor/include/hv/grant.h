/* SPDX-License-Identifier: MIT */
/*
 * Grant tables, version 1. A domain's table has shared entries (its own memory, which it
 * writes), an active entry for each of those that is in use, and the mappings that it
 * holds of others' grants. States and transitions are tabled in grant/entry.c; who holds
 * which reference, in grant/map.c.
 *
 * Lock: GRANT, one per table, held for single steps; never two at once, and not while
 * page tables are changed.
 */
#ifndef HV_GRANT_H
#define HV_GRANT_H

#include <hv/domain.h>

/*
 * Lets `to` map frame of d through entry gref, as if d had granted it: the builder's
 * reserved entries. 0; -EINVAL no such entry, or the frame's number has over 32 bits.
 */
int must_check grant_seed(struct domain *d, unsigned int gref, domid_t to, mfn_t frame,
                          bool readonly);
/*
 * Frame idx of d's shared table, which grows to have it. 0; -EINVAL above d's limit;
 * -ENOMEM.
 */
int must_check grant_table_frame(struct domain *d, unsigned int idx, mfn_t *mfn);
/* Mappings that d holds, and entries of d that are in use. Leak checks. */
unsigned int grant_maptrack_count(struct domain *d);
unsigned int grant_active_count(struct domain *d);
/* Prints both. */
void grant_dump(struct domain *d);
/* Start-up step: debug key 'g'. */
void grant_init(void);

/*
 * Page tables (layer pv), called with no lock held and a reference of the frame.
 *
 * pv_grant_map puts a mapping of frame, another's or d's own, in current's page tables.
 * addr: virtual address, or machine address of the entry with GNTMAP_contains_pte. flags:
 * GNTMAP_*. The entry holds references of its own: one, and a writable type reference if
 * it is RW; what the entry held before is released.
 * 0; -EINVAL no such entry or table, or the frame cannot be had with that access.
 */
int must_check pv_grant_map(struct domain *d, uint64_t addr, uint32_t flags, mfn_t frame);
/*
 * Replaces the mapping of frame at addr by nothing or, if new_addr is not 0, by the entry
 * of that virtual address, which is cleared; drops the entry's references. The caller
 * flushes the TLBs of d's CPUs.
 * 0; -EINVAL: no such entry, it does not map frame, or new_addr with GNTMAP_contains_pte.
 */
int must_check pv_grant_unmap(struct domain *d, uint64_t addr, uint32_t flags,
                              mfn_t frame, uint64_t new_addr);

#endif
