/* SPDX-License-Identifier: MIT */
/* What the files of mm/ share with each other only. */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <hv/heap.h>
#include <hv/page.h>

/*
 * Takes 2^order free frames within c; null when there are none. claim of them come out
 * of the caller's claim (heap_claim()), the rest must not touch others'. The frames'
 * words are those of free frames: the caller overwrites every one. As heap_alloc_pages()
 * otherwise.
 */
struct page_info *heap_take(unsigned int order, struct heap_constraint c, uint64_t claim);

/* Sets n free frames aside; 0 or -ENOMEM. */
int must_check heap_claim(uint64_t n);
/* Gives n claimed frames up for general use. */
void heap_unclaim(uint64_t n);

/*
 * The table from a frame's owner id to its domain. A domain is in it while it can own
 * frames; whoever holds a reference of a frame that it owns may look it up, lock-free.
 */
int must_check owner_add(struct domain *d); /* 0 or -ENOMEM */
void owner_remove(struct domain *d);
/* Null for an id that is not a domain's. */
struct domain *owner_find(domid_t id);

/* --- page_ref.c --- */

/*
 * Drops d's own reference of pg, if it is still there, and `held` more. True when that
 * was the last one: the frame is then the caller's. Under page_lock.
 */
bool frame_drop_allocated(struct page_info *pg, unsigned int held);
/* n frames of one 2 MiB chunk, without references, leave d's account. True when d has none
 * left: the caller drops the reference that the domain held of itself. Under page_lock. */
bool must_check frames_leave_domain(struct domain *d, struct page_info *pg,
                                    unsigned int n);
/* Makes n frames d's, which are in its set already. It holds a reference of itself while
 * it has any. Under page_lock. */
void frames_join_domain(struct domain *d, struct page_info *pg, uint64_t n);
/* n frames that belong to nobody any more go back to the heap. */
void frames_free(struct page_info *pg, unsigned int n);

#endif
