/* SPDX-License-Identifier: MIT */
/*
 * Building a domain. Its pseudo-physical memory, in pages, in this order: image,
 * ramdisk, p2m list, start_info, store ring, console ring, page tables, stack. All of it
 * is in the initial mapping at the image's virt_base, which ends at a multiple of 4 MiB
 * with 512 KiB to spare, or with the memory. An image that wants its p2m list elsewhere
 * (INIT_P2M) has it, and the tables that map it, behind the initial mapping.
 */
#ifndef TS_BUILD_BUILDER_H
#define TS_BUILD_BUILDER_H

#include <ts/build.h>

/* Page numbers (pfn) and numbers of pages. */
struct layout {
    uint64_t image, ramdisk, p2m, start_info, store, console, tables, stack;
    uint64_t p2m_pages, p2m_tables, nr_tables;
    uint64_t end;   /* of the initial mapping */
    uint64_t total; /* pages without which it does not work */
};

/* A run of frames that follow each other in both numberings. */
struct extent {
    uint64_t pfn, mfn, count;
};

/* How many frames are mapped at a time, unless one piece needs more. */
#define VIEW_PAGES 512

struct builder {
    struct ts_hv *hv;
    const struct ts_build_request *request;
    const struct ts_kernel *kernel;
    struct ts_err *err;
    uint64_t nr_pages;
    struct layout at;

    struct extent *extent; /* ascending pfn, all of the memory */
    unsigned int nr_extents, room;

    /* The part of the memory that is mapped: pages [view_pfn, view_pfn + view_pages) */
    uint8_t *view;
    uint64_t view_pfn;
    unsigned int view_pages;
    uint64_t view_end; /* a view ends here, unless one piece needs more */
    xen_pfn_t *mfns;   /* scratch for making a view */
    unsigned int mfns_room;
};

/* Plans a memory of nr_pages. at->total may turn out larger than that. */
void layout_plan(const struct ts_kernel *kernel, size_t ramdisk_size, uint64_t nr_pages,
                 struct layout *at);

static inline uint64_t builder_va(const struct builder *b, uint64_t pfn)
{
    return b->kernel->virt_base + (pfn << TS_PAGE_SHIFT);
}

static inline uint64_t builder_pfn(const struct builder *b, uint64_t va)
{
    return (va - b->kernel->virt_base) >> TS_PAGE_SHIFT;
}

/* --- memory.c. Functions return 0 or a negative XEN_E* with b->err filled in. --- */

/* Gives the domain b->nr_pages of memory. */
int memory_alloc(struct builder *b);
/* pfn must be below b->nr_pages. */
uint64_t memory_mfn(const struct builder *b, uint64_t pfn);
/* *mfn: the frame of pfn. Returns how many frames from there on follow each other. */
uint64_t memory_run(const struct builder *b, uint64_t pfn, uint64_t *mfn);
/* *address: where n pages from pfn on are mapped, until the next call. */
int memory_view(struct builder *b, uint64_t pfn, uint64_t n, void **address);
/* Copies to pages from pfn on, from an offset in bytes. */
int memory_write(struct builder *b, uint64_t pfn, uint64_t offset, const void *from,
                 uint64_t n);
/* Nothing stays mapped. */
void memory_close_view(struct builder *b);
void memory_forget(struct builder *b);

/* --- tables.c --- */

/* Writes the page tables; they are not mapped any more on return. */
int tables_write(struct builder *b);

#endif
