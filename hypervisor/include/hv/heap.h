/* SPDX-License-Identifier: MIT */
/*
 * Memory of the hypervisor. Three sources:
 *  - the buddy heap: naturally aligned runs of 2^order frames, all RAM;
 *  - small objects: size classes cut from heap frames, and whole frames above them;
 *  - the vmap area: mapped runs with an unmapped guard page below each.
 * All may be called with interrupts on or off, from any context but NMI, holding any
 * lock below the VMAP, SLAB or HEAP level.
 */
#ifndef HV_HEAP_H
#define HV_HEAP_H

#include <hv/types.h>
#include <hv/compiler.h>
#include <hv/layout.h>

struct page_info;
struct domain;

#define HEAP_MAX_ORDER 18 /* 1 GiB */

/* Limits on where a run may lie: machine address width in bits, 0 = anywhere. */
struct heap_constraint {
    unsigned int address_bits;
};

/*
 * Takes 2^order free frames. The content is whatever was there: callers that give a
 * frame to a guest scrub it (frames are scrubbed when a guest's are freed). Returns
 * null when there is no such run. No TLB holds an entry for the frames on return.
 */
struct page_info *heap_alloc_pages(unsigned int order, struct heap_constraint c);
/* Gives them back. The frames' reference words must be those of unused frames. */
void heap_free_pages(struct page_info *pg, unsigned int order);

/* Frames free now, and frames the heap was given altogether. */
uint64_t heap_free_count(void);
uint64_t heap_total_count(void);

/* One zeroed frame through the direct map, for hypervisor use; null when out of memory. */
void *hv_alloc_page(void);
void hv_free_page(void *va);
/* 2^order zeroed, physically contiguous frames; null when out of memory. */
void *hv_alloc_pages(unsigned int order);
void hv_free_pages(void *va, unsigned int order);

/* size bytes, zeroed, 16-byte aligned (64 from 64 bytes on); null when out of memory. */
void *hv_zalloc(size_t size);
/* Null is allowed. */
void hv_free(void *p);
#define hv_new(type) ((type *)hv_zalloc(sizeof(type)))
/* n zeroed objects; null when out of memory or when the size overflows. */
void *hv_zalloc_array(size_t n, size_t size);

/* Maps 2^order fresh zeroed frames above a guard page; null when out of memory. */
void *vmap_alloc(unsigned int order);
void vmap_free(void *va, unsigned int order);
/* Maps device memory uncached; null when out of memory. pa and size in bytes. */
volatile void *vmap_device(uint64_t pa, size_t size);

#endif
