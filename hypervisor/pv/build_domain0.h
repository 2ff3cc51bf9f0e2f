/* SPDX-License-Identifier: MIT */
/* Building domain 0: what the steps share. Used at start-up only. */
#ifndef PV_BUILD_DOMAIN0_H
#define PV_BUILD_DOMAIN0_H

#include "elf_image.h"
#include "internal.h"

/* A run of frames that the domain was given: pfn, pfn+1, ... are mfn, mfn+1, ... */
struct build_extent {
    uint64_t pfn, mfn, count;
};

/*
 * The initial memory: pseudo-physical 0 lies at virt_base, and everything up to end_pfn
 * is mapped there. In order, each page aligned:
 *   image | ramdisk | p2m list | start_info | page tables | stack | spare
 * A kernel with the INIT_P2M note gets its p2m list (and the tables that map it) after
 * end_pfn, mapped at the address it asks for.
 */
struct build_layout {
    uint64_t ramdisk, p2m, start_info, tables, stack, end; /* pfns */
    uint64_t nr_tables; /* for the initial mapping, and the p2m's if mapped apart */
    uint64_t p2m_pages;
    bool p2m_apart;
    uint64_t p2m_tables; /* of nr_tables: those that map the p2m only */
};

struct builder {
    struct domain *d;
    const struct elf_image *image;
    uint64_t nr_pages;
    const uint8_t *ramdisk;
    uint64_t ramdisk_size;
    struct build_layout at;
    struct build_extent *extent;
    unsigned int nr_extents, max_extents;
    uint64_t next_table; /* pfn of the next unused page-table page */
};

/*
 * Fills b->at from image, ramdisk size and nr_pages. 0; -ENOMEM: more than nr_pages;
 * -ERANGE: more than the addresses from the image's on.
 */
int must_check build_layout_plan(struct builder *b);

/* Allocates nr_pages frames and records them. 0; -ENOMEM. */
int must_check build_alloc_memory(struct builder *b);
mfn_t build_mfn(const struct builder *b, uint64_t pfn);
/* Copies (src null: zeroes) n bytes to the domain's memory at byte offset `to`
 * from pfn 0. */
void build_store(struct builder *b, uint64_t to, const void *src, uint64_t n);

/* Writes the page tables. Returns the root's mfn. */
mfn_t build_page_tables(struct builder *b);

static inline uint64_t build_va(const struct builder *b, uint64_t pfn)
{
    return b->image->virt_base + (pfn << PAGE_SHIFT);
}

#endif
