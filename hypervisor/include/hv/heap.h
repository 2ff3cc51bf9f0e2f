/* SPDX-License-Identifier: MIT */
/*
 * Memory of the hypervisor. Three sources:
 *  - the buddy heap: naturally aligned runs of 2^order frames, all RAM;
 *  - small objects: size classes cut from heap frames, and whole frames above them;
 *  - the vmap area: mapped runs with an unmapped guard page below each.
 * Freeing: any context but NMI. Allocating: likewise, but a frame that a guest had may
 * need a TLB flush on other CPUs, so once guests run only with interrupts on. Locks held
 * are below the VMAP, SLAB or HEAP level, and not irq locks when allocating.
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
 * Gives the heap frames [first, end): at start-up, and when boot modules are done with.
 * Their frame-table entries are zero. Frame 0 and what lies beyond max_page is left out.
 */
void heap_add_range(mfn_t first, mfn_t end);

/*
 * Takes 2^order free frames, with reference words PGR_UNUSED and type words 0. The
 * content is whatever was there: a guest's frames are scrubbed when it is given them.
 * Null when there is no such run. No TLB holds an entry for the frames on return.
 */
struct page_info *heap_alloc_pages(unsigned int order, struct heap_constraint c);
/* Gives them back. Every frame's reference word must be PGR_UNUSED. */
void heap_free_pages(struct page_info *pg, unsigned int order);
/* n frames that a guest had, one after the other: stamped, and flushed from TLBs before
 * they are used again. */
void heap_free_guest_pages(struct page_info *pg, unsigned int n);

/* Frames free now, and frames the heap was given altogether. */
uint64_t heap_free_count(void);
uint64_t heap_total_count(void);
/* Free frames that are set aside for domains (outstanding claims). */
uint64_t heap_claimed_count(void);

/* One zeroed frame through the direct map, for hypervisor use;
 * null when out of memory. */
void *hv_alloc_page(void);
void hv_free_page(void *va);
/* 2^order zeroed, physically contiguous frames; null when out of memory. */
void *hv_alloc_pages(unsigned int order);
void hv_free_pages(void *va, unsigned int order);

/* size bytes, zeroed, 32-byte aligned (64 from 128 bytes on); null when out of memory. */
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
/* Unmaps what vmap_device() has returned. Interrupts on. */
void vmap_device_free(volatile void *va);

#endif
