/* SPDX-License-Identifier: MIT */
/*
 * A new domain's first page tables, written into its own frames before they are tables:
 * pinning the root validates all of them like any guest's.
 */
#include "builder.h"

#include <stdlib.h>

#define ENTRIES 512
#define LEVELS  4

enum {
    PRESENT = 1 << 0,
    WRITABLE = 1 << 1,
    USER = 1 << 2,
    ACCESSED = 1 << 5,
    DIRTY = 1 << 6,
    TABLE_FLAGS = PRESENT | WRITABLE | USER | ACCESSED | DIRTY,
};

/*
 * All tables, mapped one after another: those of the initial mapping, the root first,
 * then those of a p2m list that lies apart. path[n] is the table of level n for the
 * address that was walked to last.
 */
struct tables {
    struct builder *b;
    xen_pfn_t *mfn;
    uint64_t (*page)[ENTRIES];
    unsigned int count, used;
    unsigned int path[LEVELS + 1];
    uint64_t va;
};

static unsigned int shift_of(unsigned int level)
{
    return TS_PAGE_SHIFT + 9 * (level - 1);
}

static unsigned int index_at(uint64_t va, unsigned int level)
{
    return va >> shift_of(level) & (ENTRIES - 1);
}

/* The table that a present entry names. */
static unsigned int find_table(const struct tables *t, uint64_t entry)
{
    unsigned int i = t->used;

    while (t->mfn[--i] != entry >> TS_PAGE_SHIFT)
        ;
    return i;
}

/* The level 1 table for va; tables on the way are made as needed. */
static uint64_t *walk_to(struct tables *t, uint64_t va)
{
    for (unsigned int level = LEVELS - 1; level >= 1; level--) {
        uint64_t *slot = &t->page[t->path[level + 1]][index_at(va, level + 1)];

        if (!*slot) {
            t->path[level] = t->used++;
            *slot = (uint64_t)t->mfn[t->path[level]] << TS_PAGE_SHIFT | TABLE_FLAGS;
        } else if (va >> shift_of(level + 1) != t->va >> shift_of(level + 1)) {
            t->path[level] = find_table(t, *slot);
        }
    }
    t->va = va;
    return t->page[t->path[1]];
}

static bool is_table(const struct layout *at, uint64_t pfn)
{
    return pfn - at->tables < at->nr_tables;
}

/* Maps n frames in a row, pfn to be seen at va, which do not leave a level 1 table. */
static void map_run(struct tables *t, uint64_t va, uint64_t pfn, uint64_t mfn, uint64_t n)
{
    uint64_t *slot = walk_to(t, va) + index_at(va, 1);

    for (; n; n--, pfn++, mfn++)
        *slot++ = mfn << TS_PAGE_SHIFT |
                  (is_table(&t->b->at, pfn) ? TABLE_FLAGS & ~WRITABLE : TABLE_FLAGS);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void map_range(struct tables *t, uint64_t va, uint64_t pfn, uint64_t n)
{
    while (n) {
        uint64_t run = least(n, ENTRIES - index_at(va, 1)), mfn;

        run = least(run, memory_run(t->b, pfn, &mfn));
        map_run(t, va, pfn, mfn, run);
        va += run << TS_PAGE_SHIFT;
        pfn += run;
        n -= run;
    }
}

static void fill(struct tables *t)
{
    const struct builder *b = t->b;

    t->used = 1;
    t->path[LEVELS] = 0;
    t->va = ~builder_va(b, 0); /* unlike any address to come */
    map_range(t, builder_va(b, 0), 0, b->at.end);
    t->used = (unsigned int)b->at.nr_tables;
    if (b->at.p2m_tables)
        map_range(t, b->kernel->init_p2m, b->at.p2m, b->at.p2m_pages);
}

static void list_tables(struct tables *t)
{
    const struct layout *at = &t->b->at;

    for (unsigned int i = 0; i < t->count; i++)
        t->mfn[i] = memory_mfn(t->b, i < at->nr_tables
                                         ? at->tables + i
                                         : at->p2m + at->p2m_pages + (i - at->nr_tables));
}

int tables_write(struct builder *b)
{
    struct tables t = { .b = b,
                        .count = (unsigned int)(b->at.nr_tables + b->at.p2m_tables) };
    void *address;
    int rc;

    t.mfn = malloc(t.count * sizeof(*t.mfn));
    if (!t.mfn)
        return ts_fail(b->err, -XEN_ENOMEM, "out of memory for a list of page tables");
    list_tables(&t);
    rc = b->hv->ops->frames_map(b->hv, b->request->id, t.mfn, t.count, &address);
    if (!rc) {
        t.page = address;
        fill(&t);
        b->hv->ops->frames_unmap(b->hv, address, t.count);
    } else {
        ts_fail(b->err, rc, "its page tables cannot be mapped: %s", ts_err_text(rc));
    }
    free(t.mfn);
    return rc;
}
