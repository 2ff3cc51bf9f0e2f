/* SPDX-License-Identifier: MIT */
/*
 * The domain table: id -> domain. Leaves of one frame, allocated when an id in them is
 * taken and freed with the last; a bit map of taken ids answers "which is free" and
 * "which is next". An id is taken (reserved) before its domain can be found, and stays so
 * until the domain has been destroyed.
 */
#include "internal.h"

#include <hv/heap.h>
#include <hv/lib.h>
#include <abi/errno.h>

#define IDS_PER_LEAF (PAGE_SIZE / sizeof(struct domain *))
#define NR_LEAVES    DIV_ROUND_UP(DOMID_FIRST_RESERVED, IDS_PER_LEAF)

static struct rwlock table_lock = RWLOCK_INIT(DOMLIST);
static struct domain **leaves[NR_LEAVES];
static uint16_t leaf_ids[NR_LEAVES]; /* ids taken in each */
static uint64_t taken[DIV_ROUND_UP(DOMID_FIRST_RESERVED, 64)];
static domid_t last_id;

static bool is_taken(unsigned int id)
{
    return (taken[id / 64] >> (id % 64)) & 1;
}

/* The first taken id >= from, or DOMID_FIRST_RESERVED. */
static unsigned int next_taken(unsigned int from)
{
    while (from < DOMID_FIRST_RESERVED) {
        uint64_t bits = taken[from / 64] >> (from % 64);

        if (bits)
            return from + (unsigned int)__builtin_ctzll(bits);
        from = ROUND_UP(from + 1, 64u);
    }
    return DOMID_FIRST_RESERVED;
}

/* The first free id in [from, to), or DOMID_INVALID. */
static domid_t next_free(unsigned int from, unsigned int to)
{
    for (; from < to; from++)
        if (!is_taken(from))
            return (domid_t)from;
    return DOMID_INVALID;
}

/* Ids are handed out in ascending order, beginning again at 1: one that has become free
 * is not soon used again. */
static domid_t choose_id(void)
{
    domid_t id = next_free(last_id + 1u, DOMID_FIRST_RESERVED);

    if (id == DOMID_INVALID)
        id = next_free(1, last_id + 1u);
    if (id != DOMID_INVALID)
        last_id = id;
    return id;
}

static int take_id(domid_t id)
{
    unsigned int leaf = id / IDS_PER_LEAF;

    if (is_taken(id))
        return -EEXIST;
    if (!leaves[leaf])
        leaves[leaf] = hv_alloc_page();
    if (!leaves[leaf])
        return -ENOMEM;
    leaf_ids[leaf]++;
    taken[id / 64] |= 1ull << (id % 64);
    return 0;
}

int domain_id_reserve(domid_t *id)
{
    int rc = -ENOMEM;

    write_lock(&table_lock);
    if (*id == DOMID_INVALID)
        *id = choose_id();
    if (*id != DOMID_INVALID)
        rc = take_id(*id);
    write_unlock(&table_lock);
    return rc;
}

void domain_id_publish(struct domain *d)
{
    write_lock(&table_lock);
    leaves[d->id / IDS_PER_LEAF][d->id % IDS_PER_LEAF] = d;
    write_unlock(&table_lock);
}

void domain_id_release(domid_t id)
{
    unsigned int leaf = id / IDS_PER_LEAF;
    void *empty = NULL;

    write_lock(&table_lock);
    leaves[leaf][id % IDS_PER_LEAF] = NULL;
    taken[id / 64] &= ~(1ull << (id % 64));
    if (!--leaf_ids[leaf]) {
        empty = leaves[leaf];
        leaves[leaf] = NULL;
    }
    write_unlock(&table_lock);
    if (empty)
        hv_free_page(empty);
}

struct domain *domain_by_held_id(domid_t id)
{
    struct domain **leaf = leaves[id / IDS_PER_LEAF];

    return leaf ? leaf[id % IDS_PER_LEAF] : NULL;
}

/* A reference, unless the last one has gone and d waits for its destruction. */
static bool domain_get_alive(struct domain *d)
{
    uint32_t old = READ_ONCE(d->references);

    do {
        if (!old)
            return false;
    } while (!__atomic_compare_exchange_n(&d->references, &old, old + 1, true,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

/* The table is locked. */
static struct domain *get_locked(unsigned int id)
{
    struct domain **leaf = leaves[id / IDS_PER_LEAF];
    struct domain *d = leaf ? leaf[id % IDS_PER_LEAF] : NULL;

    return d && domain_get_alive(d) ? d : NULL;
}

struct domain *domain_get_by_id(domid_t id)
{
    struct domain *d;

    if (id >= DOMID_FIRST_RESERVED)
        return NULL;
    read_lock(&table_lock);
    d = get_locked(id);
    read_unlock(&table_lock);
    return d;
}

struct domain *domain_get_next(domid_t from)
{
    struct domain *d = NULL;
    unsigned int id;

    read_lock(&table_lock);
    for (id = next_taken(from); !d && id < DOMID_FIRST_RESERVED; id = next_taken(id + 1))
        d = get_locked(id);
    read_unlock(&table_lock);
    return d;
}

int domain_lookup(domid_t id, bool remote, struct domain **out)
{
    struct domain *self = current->domain, *d;

    if (id == DOMID_SELF || id == self->id) {
        domain_get(self);
        *out = self;
        return 0;
    }
    d = domain_get_by_id(id);
    if (!d)
        return -ESRCH;
    if (remote && !self->is_privileged) {
        domain_put(d);
        return -EPERM;
    }
    *out = d;
    return 0;
}
