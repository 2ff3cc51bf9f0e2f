/* SPDX-License-Identifier: MIT */
/* Grant tables from inside: the table, its entries, and mappings held of others'. */
#ifndef GRANT_INTERNAL_H
#define GRANT_INTERNAL_H

#include <hv/domain.h>
#include <hv/grant.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <abi/grant_table.h>

#define ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define ENTRIES_PER_CHUNK 64u
#define CHUNKS_PER_FRAME  (ENTRIES_PER_FRAME / ENTRIES_PER_CHUNK)
#define MAPPINGS_PER_PAGE (PAGE_SIZE / sizeof(struct mapping))
#define NO_HANDLE         (~0u)

/* What the hypervisor knows of a shared entry while it is in use. */
struct active {
    mfn_t frame;      /* the one granted; this structure holds a reference of it */
    domid_t user;     /* who uses it */
    uint16_t readers; /* read-only uses */
    uint16_t writers; /* others */
};

/* One grant of another domain that this one has mapped. It does not move while taken. */
struct mapping {
    struct domain *granter; /* with a reference */
    struct active *use;     /* the granter's */
    mfn_t frame;
    uint32_t ref;   /* of the granter's table; free: the next free handle */
    uint16_t flags; /* what is still mapped: GNTMAP_*; free: 0 */
    bool busy;      /* an unmap of it is under way */
};
_Static_assert(sizeof(struct mapping) == 32, "128 to a page");

/* A list of pointers that grows. */
struct pointer_list {
    void **at;
    unsigned int nr, capacity;
};

struct grant_table {
    struct spinlock lock;       /* GRANT: all that follows */
    struct pointer_list frames; /* shared frames: ENTRIES_PER_FRAME entries each */
    struct pointer_list chunks; /* struct active[ENTRIES_PER_CHUNK], or null */
    unsigned int nr_active;     /* entries in use */
    struct pointer_list tracks; /* struct mapping[MAPPINGS_PER_PAGE] */
    unsigned int free_handle;   /* first of the free list, or NO_HANDLE */
    unsigned int nr_mappings;   /* handles not in the free list */
    unsigned int relinquish_at; /* handles below have been released by the teardown */
};

static inline unsigned int table_nr_entries(const struct grant_table *t)
{
    return t->frames.nr * (unsigned int)ENTRIES_PER_FRAME;
}

/* With the lock; ref is below table_nr_entries(). An entry is read and changed whole. */
static inline uint64_t *table_entry(const struct grant_table *t, unsigned int ref)
{
    return (uint64_t *)t->frames.at[ref / ENTRIES_PER_FRAME] + ref % ENTRIES_PER_FRAME;
}

/* With the lock; h is below tracks.nr * MAPPINGS_PER_PAGE. */
static inline struct mapping *mapping_at(const struct grant_table *t, unsigned int h)
{
    return (struct mapping *)t->tracks.at[h / MAPPINGS_PER_PAGE] + h % MAPPINGS_PER_PAGE;
}

/* table.c: grows the shared table to nr frames. 0; -EINVAL limit; -ENOMEM. With the lock.
 */
int must_check table_grow(struct domain *d, unsigned int nr);
/* table.c: appends p. 0 or -ENOMEM. */
int must_check list_append(struct pointer_list *l, void *p);
/* table.c: the domain that a guest named (DOMID_SELF too), with a reference, or null. */
struct domain *grant_find_domain(domid_t id);

/* map.c: ends the uses of the mappings `which` (GNTMAP_*) that a claimed handle stands
 * for; page tables and TLBs are clean of them. */
void mapping_end(const struct mapping *m, unsigned int which);

#endif
