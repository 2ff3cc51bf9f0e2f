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
 * Page tables (layer pv), called with no lock held and a reference of the frame in `pte`.
 *
 * pv_grant_map puts pte at addr in current's page tables, with references of its own to
 * the frame, which belongs to domain `owner`; what was there is released. addr: a virtual
 * address, or with contains_pte the machine address of the entry itself.
 * 0; -EINVAL no such table or entry, or the frame cannot be had with that access.
 */
int must_check pv_grant_map(uint64_t addr, bool contains_pte, domid_t owner, uint64_t pte);
/*
 * pv_grant_unmap takes it away again: the entry becomes that of virtual address new_addr,
 * which is cleared; or 0 when new_addr is 0. The caller flushes the TLB.
 * 0; -EINVAL the entry at addr does not name pte's frame with pte's access, or new_addr
 * has no entry: nothing has changed.
 */
int must_check pv_grant_unmap(uint64_t addr, bool contains_pte, uint64_t pte,
                              uint64_t new_addr);

#endif
