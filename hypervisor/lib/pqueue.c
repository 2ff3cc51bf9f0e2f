/* SPDX-License-Identifier: MIT */
/*
 * Intrusive priority queue as a leftist tree. Each node's right spine is its shortest
 * path to an empty place, so spines have at most log2(n+1) nodes, and merging two trees
 * walks only spines. Removal from the middle merges the node's children and mends the
 * ranks above; that stops after at most log2(n+1) changes because each mended rank is
 * larger than the one below it.
 */
#include <hv/pqueue.h>

static uint32_t rank_of(const struct pqueue_node *n)
{
    return n ? n->rank : 0;
}

/* Restores the leftist rule at n; true when its rank changed. */
static bool mend(struct pqueue_node *n)
{
    uint32_t rank;

    if (rank_of(n->left) < rank_of(n->right)) {
        struct pqueue_node *t = n->left;

        n->left = n->right;
        n->right = t;
    }
    rank = rank_of(n->right) + 1;
    if (rank == n->rank)
        return false;
    n->rank = rank;
    return true;
}

/*
 * Merges two trees and returns the root. Walks down both right spines, hanging the
 * smaller root where the other's right child was, then mends ranks on the way back up.
 */
static struct pqueue_node *merge(struct pqueue_node *a, struct pqueue_node *b)
{
    struct pqueue_node *root = NULL, *last = NULL;
    struct pqueue_node **place = &root;

    while (a && b) {
        if (b->key < a->key) {
            struct pqueue_node *t = a;

            a = b;
            b = t;
        }
        *place = a;
        a->parent = last;
        last = a;
        place = &a->right;
        a = a->right;
    }
    *place = a ? a : b;
    if (*place)
        (*place)->parent = last;
    for (; last; last = last->parent)
        mend(last);
    return root;
}

/* Mends ranks from n upwards as far as they change. */
static void mend_up(struct pqueue_node *n)
{
    while (n && mend(n))
        n = n->parent;
}

/* A merge with a single node: it goes into the root's right spine, what was there below.
 */
void pqueue_insert(struct pqueue *q, struct pqueue_node *n, uint64_t key)
{
    struct pqueue_node *up = NULL, *down = q->root;

    while (down && down->key <= key) {
        up = down;
        down = down->right;
    }
    n->key = key;
    n->rank = 1;
    n->left = down;
    n->right = NULL;
    n->parent = up;
    if (down)
        down->parent = n;
    if (up)
        up->right = n;
    else
        q->root = n;
    mend_up(up);
}

void pqueue_remove(struct pqueue *q, struct pqueue_node *n)
{
    struct pqueue_node *up = n->parent;
    struct pqueue_node *sub = n->right ? merge(n->left, n->right) : n->left;

    if (sub)
        sub->parent = up;
    if (!up)
        q->root = sub;
    else if (up->left == n)
        up->left = sub;
    else
        up->right = sub;
    mend_up(up);
}

struct pqueue_node *pqueue_walk(const struct pqueue_node *n)
{
    if (n->left)
        return n->left;
    /* A leftist tree has no right child without a left one: n is a leaf. */
    while (n->parent && (n == n->parent->right || !n->parent->right))
        n = n->parent;
    return n->parent ? n->parent->right : NULL;
}
