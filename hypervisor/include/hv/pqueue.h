/* SPDX-License-Identifier: MIT */
/*
 * Intrusive priority queue: a leftist tree ordered by a 64-bit key, smallest first. The
 * nodes lie in the queued objects, so that no operation can fail for want of memory;
 * all take at most O(log n) steps. Callers provide the locking.
 */
#ifndef HV_PQUEUE_H
#define HV_PQUEUE_H

#include <hv/compiler.h>
#include <hv/types.h>

struct pqueue_node {
    struct pqueue_node *left, *right, *parent;
    uint64_t key;
    uint32_t rank; /* nodes on the shortest way down to an empty place, with this one */
};

struct pqueue {
    struct pqueue_node *root;
};

/* Queues a node that is in no queue, behind those of the same key that it meets. */
void pqueue_insert(struct pqueue *q, struct pqueue_node *n, uint64_t key);
/* Removes a node that is in q. */
void pqueue_remove(struct pqueue *q, struct pqueue_node *n);

/* The node with the smallest key, or null. */
static inline struct pqueue_node *pqueue_first(const struct pqueue *q)
{
    return q->root;
}

/*
 * The node after n in a walk over all nodes that starts at pqueue_first(): no order but
 * parents before children. Null at the end.
 */
struct pqueue_node *pqueue_walk(const struct pqueue_node *n);

#endif
