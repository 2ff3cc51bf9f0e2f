/* SPDX-License-Identifier: MIT */
/* What the files of mm/ share with each other only. */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <hv/heap.h>
#include <hv/page.h>

/*
 * Takes 2^order free frames within c; null when there are none. claim of them come out
 * of the caller's claim (heap_claim()), the rest must not touch others'. The frames' words
 * are those of free frames: the caller overwrites every one. *pristine: nobody has used the
 * frames since power-on. As heap_alloc_pages() otherwise.
 */
struct page_info *heap_take(unsigned int order, struct heap_constraint c, uint64_t claim,
                            bool *pristine);

/* Sets n free frames aside; 0 or -ENOMEM. */
int must_check heap_claim(uint64_t n);
/* Gives n claimed frames up for general use. */
void heap_unclaim(uint64_t n);

/*
 * The table from a frame's owner id to its domain. A domain is in it while it can own
 * frames; whoever holds a reference of a frame that it owns may look it up, lock-free.
 */
int must_check owner_add(struct domain *d);
void owner_remove(struct domain *d);
/* Null for an id that is not a domain's. */
struct domain *owner_find(domid_t id);

#endif
