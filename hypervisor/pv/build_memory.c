/* SPDX-License-Identifier: MIT */
/* Domain 0's memory: where everything lies, the frames behind it, and their filling. */
#include "build_domain0.h"
#include <hv/heap.h>

#define SPAN_2M      (1ull << 21)
#define SPAN_1G      (1ull << 30)
#define SPAN_512G    (1ull << 39)
#define SPARE_BYTES  (512ull << 10)
#define MAP_ALIGN    (4ull << 20)
#define LOW_HALF_END (1ull << 47)

static uint64_t pages(uint64_t bytes)
{
    return DIV_ROUND_UP(bytes, PAGE_SIZE);
}

/* Units of size `span` that [start, end) touches; the range is not empty. */
static uint64_t units(uint64_t start, uint64_t end, uint64_t span)
{
    return (end - 1) / span - start / span + 1;
}

/* Level 1 to 3 tables that map [start, end). */
static uint64_t tables_for(uint64_t start, uint64_t end)
{
    return units(start, end, SPAN_2M) + units(start, end, SPAN_1G) +
           units(start, end, SPAN_512G);
}

/* Where the initial mapping ends if `nr_tables` pages of tables are in it. */
static uint64_t mapping_end(struct builder *b, uint64_t nr_tables)
{
    struct build_layout *at = &b->at;
    uint64_t end;

    at->stack = at->tables + nr_tables;
    end = build_va(b, at->stack + 1) + SPARE_BYTES;
    return ROUND_UP(end, MAP_ALIGN);
}

/* The image lies in one half of the address space; the mapping must not leave it. */
static bool mapping_fits(uint64_t start, uint64_t end)
{
    return end > start && (end <= LOW_HALF_END || start >= LOW_HALF_END);
}

/*
 * The tables lie in the mapping they make, so their number is a fixed point. 0; -ERANGE:
 * the mapping runs over the end of the addresses.
 */
static int plan_tables(struct builder *b)
{
    uint64_t base = b->image->virt_base, need = 0, have, end;

    do {
        have = need;
        end = mapping_end(b, have);
        if (!mapping_fits(base, end))
            return -ERANGE;
        need = 1 + tables_for(base, end);
    } while (need > have);
    b->at.nr_tables = need;
    b->at.end = (end - base) >> PAGE_SHIFT;
    return 0;
}

int build_layout_plan(struct builder *b)
{
    const struct elf_image *img = b->image;
    struct build_layout *at = &b->at;
    uint64_t next = pages(img->end - img->virt_base), total;

    at->ramdisk = next;
    next += pages(b->ramdisk_size);
    at->p2m_pages = pages(b->nr_pages * sizeof(uint64_t));
    at->p2m_apart = img->init_p2m != ELF_ADDR_UNSET;
    at->p2m = next;
    if (!at->p2m_apart)
        next += at->p2m_pages;
    at->start_info = next;
    at->tables = next + 1;
    if (plan_tables(b))
        return -ERANGE;
    total = at->end;
    if (at->p2m_apart) {
        at->p2m = at->end;
        at->p2m_tables =
            tables_for(img->init_p2m, img->init_p2m + (at->p2m_pages << PAGE_SHIFT));
        total += at->p2m_pages + at->p2m_tables;
    }
    return total <= b->nr_pages ? 0 : -ENOMEM;
}

static int add_extent(struct builder *b, uint64_t pfn, uint64_t mfn, uint64_t count)
{
    struct build_extent *last = b->nr_extents ? &b->extent[b->nr_extents - 1] : NULL;

    if (last && last->mfn + last->count == mfn) {
        last->count += count;
        return 0;
    }
    if (b->nr_extents == b->max_extents) {
        unsigned int more = b->max_extents ? b->max_extents * 2 : 64;
        struct build_extent *e = hv_zalloc_array(more, sizeof(*e));

        if (!e)
            return -ENOMEM;
        if (b->extent)
            memcpy(e, b->extent, b->nr_extents * sizeof(*e));
        hv_free(b->extent);
        b->extent = e;
        b->max_extents = more;
    }
    b->extent[b->nr_extents++] = (struct build_extent){ pfn, mfn, count };
    return 0;
}

int build_alloc_memory(struct builder *b)
{
    struct heap_constraint anywhere = { 0 };
    unsigned int order = HEAP_MAX_ORDER;
    uint64_t pfn = 0;

    while (pfn < b->nr_pages) {
        struct page_info *pg;
        uint64_t mfn;
        int rc;

        while (1ull << order > b->nr_pages - pfn)
            order--;
        pg = domain_alloc_boot_pages(b->d, order, &anywhere, &rc);
        if (!pg) {
            if (!order--)
                return -ENOMEM;
            continue;
        }
        mfn = mfn_x(page_to_mfn(pg));
        rc = add_extent(b, pfn, mfn, 1ull << order);
        if (rc)
            return rc;
        for (uint64_t i = 0; i < 1ull << order; i++)
            m2p_table[mfn + i] = pfn + i;
        pfn += 1ull << order;
    }
    return 0;
}

static const struct build_extent *find_extent(const struct builder *b, uint64_t pfn)
{
    unsigned int lo = 0, hi = b->nr_extents;

    while (hi - lo > 1) {
        unsigned int mid = (lo + hi) / 2;

        if (b->extent[mid].pfn <= pfn)
            lo = mid;
        else
            hi = mid;
    }
    return &b->extent[lo];
}

mfn_t build_mfn(const struct builder *b, uint64_t pfn)
{
    const struct build_extent *e = find_extent(b, pfn);

    return _mfn(e->mfn + (pfn - e->pfn));
}

void build_store(struct builder *b, uint64_t to, const void *src, uint64_t n)
{
    while (n) {
        uint64_t pfn = to >> PAGE_SHIFT, in_page = to & ~PAGE_MASK;
        const struct build_extent *e = find_extent(b, pfn);
        uint64_t run = ((e->pfn + e->count - pfn) << PAGE_SHIFT) - in_page;
        uint8_t *dst = (uint8_t *)mfn_to_virt(_mfn(e->mfn + (pfn - e->pfn))) + in_page;

        run = min(run, n);
        if (src) {
            memcpy(dst, src, run);
            src = (const uint8_t *)src + run;
        } else {
            memset(dst, 0, run);
        }
        to += run;
        n -= run;
    }
}
