/* SPDX-License-Identifier: MIT */
/*
 * From a frame's owner id to its domain, without a lock: a table in leaves of one frame,
 * each there while a domain of its range is. A reader holds a reference of a frame of
 * that domain, which keeps the domain, hence the leaf.
 */
#include "internal.h"
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/spinlock.h>
#include <abi/errno.h>

#define LEAF_ENTRIES (PAGE_SIZE / sizeof(struct domain *))
#define NR_LEAVES    DIV_ROUND_UP(DOMID_FIRST_RESERVED, LEAF_ENTRIES)

static struct {
    struct spinlock lock; /* for changes */
    struct domain **leaf[NR_LEAVES];
    uint16_t used[NR_LEAVES];
} owners = { .lock = SPINLOCK_INIT(OWNER) };

int owner_add(struct domain *d)
{
    unsigned int i = d->id / LEAF_ENTRIES;
    struct domain **fresh = hv_alloc_page();

    BUG_ON(i >= NR_LEAVES);
    if (!fresh)
        return -ENOMEM;
    spin_lock(&owners.lock);
    if (!owners.leaf[i]) {
        owners.leaf[i] = fresh;
        fresh = NULL;
    }
    __atomic_store_n(&owners.leaf[i][d->id % LEAF_ENTRIES], d, __ATOMIC_RELEASE);
    owners.used[i]++;
    spin_unlock(&owners.lock);
    hv_free_page(fresh);
    return 0;
}

void owner_remove(struct domain *d)
{
    unsigned int i = d->id / LEAF_ENTRIES;
    struct domain **empty = NULL;

    spin_lock(&owners.lock);
    owners.leaf[i][d->id % LEAF_ENTRIES] = NULL;
    if (!--owners.used[i]) {
        empty = owners.leaf[i];
        owners.leaf[i] = NULL;
    }
    spin_unlock(&owners.lock);
    hv_free_page(empty);
}

struct domain *owner_find(domid_t id)
{
    struct domain **leaf;

    if (id >= DOMID_FIRST_RESERVED)
        return NULL;
    leaf = READ_ONCE(owners.leaf[id / LEAF_ENTRIES]);
    return leaf ? __atomic_load_n(&leaf[id % LEAF_ENTRIES], __ATOMIC_ACQUIRE) : NULL;
}
