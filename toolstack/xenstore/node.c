/* SPDX-License-Identifier: MIT */
/*
 * Nodes, and the treap of siblings: a search tree by name that is a heap by the nodes'
 * random priorities, so that no order of creation makes it deep.
 */
#include "server.h"

#include <string.h>

/* A name to look for. key: its first 8 bytes as a number that orders as they do. */
struct wanted {
    uint64_t key;
    const char *name;
    uint32_t length;
};

static uint64_t key_of(const char *name, uint32_t length)
{
    uint64_t key = 0;

    if (length >= 8)
        memcpy(&key, name, 8);
    else
        for (uint32_t i = 0; i < length; i++)
            key |= (uint64_t)(unsigned char)name[i] << 8 * i;
    return __builtin_bswap64(key);
}

static inline struct wanted wanted(const char *name, uint32_t length)
{
    return (struct wanted){ key_of(name, length), name, length };
}

static int compare_rest(const struct wanted *w, const struct xs_node *node)
{
    uint32_t common = w->length < node->length ? w->length : node->length;
    int order = common > 8 ? memcmp(w->name + 8, node->name + 8, common - 8) : 0;

    return order ? order : (w->length > node->length) - (w->length < node->length);
}

/* Names have no 0 bytes: those of equal keys, neither longer than 8, are equal. */
static inline int compare(const struct wanted *w, const struct xs_node *node)
{
    if (w->key != node->key)
        return w->key < node->key ? -1 : 1;
    return compare_rest(w, node);
}

static size_t size_of(uint32_t length)
{
    return sizeof(struct xs_node) + length;
}

static struct xs_node *allocate(struct xs_server *server, const char *name,
                                uint32_t length)
{
    struct xs_node *node = xs_allocate(server, size_of(length));

    if (!node)
        return NULL;
    node->refs = 1;
    node->length = length;
    node->key = key_of(name, length);
    memcpy(node->name, name, length);
    return node;
}

struct xs_node *xs_node_new(struct xs_server *server, const char *name, uint32_t length,
                            struct xs_perms *perms)
{
    struct xs_node *node = allocate(server, name, length);

    if (!node)
        return NULL;
    node->priority = xs_random(server);
    node->left = node->right = node->children = NULL;
    node->value = NULL;
    node->perms = xs_perms_get(perms);
    node->generation = ++server->generation;
    return node;
}

size_t xs_node_bytes(const struct xs_node *node)
{
    return size_of(node->length) + xs_blob_length(node->value);
}

/* Drops a reference; a node without any is put on the list of the dead. */
static void bury(struct xs_node *node, struct xs_node **dead)
{
    if (node && !--node->refs) {
        node->next_dead = *dead;
        *dead = node;
    }
}

void xs_node_put(struct xs_server *server, struct xs_node *node)
{
    struct xs_node *dead = NULL;

    bury(node, &dead);
    while (dead) {
        node = dead;
        dead = node->next_dead;
        bury(node->left, &dead);
        bury(node->right, &dead);
        bury(node->children, &dead);
        xs_blob_put(server, node->value);
        xs_perms_put(server, node->perms);
        xs_release(server, node, size_of(node->length));
    }
}

static struct xs_node *get_or_null(struct xs_node *node)
{
    return node ? xs_node_get(node) : NULL;
}

int xs_node_own(struct xs_server *server, struct xs_node **slot)
{
    struct xs_node *old = *slot, *copy;

    if (old->refs == 1)
        return 0;
    copy = allocate(server, old->name, old->length);
    if (!copy)
        return -XEN_ENOMEM;
    copy->priority = old->priority;
    copy->left = get_or_null(old->left);
    copy->right = get_or_null(old->right);
    copy->children = get_or_null(old->children);
    copy->value = xs_blob_get(old->value);
    copy->perms = xs_perms_get(old->perms);
    copy->generation = old->generation;
    old->refs--;
    *slot = copy;
    return 0;
}

struct xs_node *xs_child_find(const struct xs_node *parent, const char *name,
                              uint32_t length)
{
    struct wanted w = wanted(name, length);
    struct xs_node *node = parent->children;

    while (node) {
        int order = compare(&w, node);

        if (!order)
            break;
        node = order < 0 ? node->left : node->right;
    }
    return node;
}

struct xs_node *xs_child_after(const struct xs_node *parent, const char *name,
                               uint32_t length)
{
    struct wanted w = wanted(name, length);
    struct xs_node *node = parent->children, *best = NULL;

    while (node) {
        if (!name || compare(&w, node) < 0) {
            best = node;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best;
}

int xs_child_own(struct xs_server *server, struct xs_node *parent, const char *name,
                 uint32_t length)
{
    struct wanted w = wanted(name, length);
    struct xs_node **slot = &parent->children;

    while (*slot) {
        int order;

        if (xs_node_own(server, slot))
            return -XEN_ENOMEM;
        order = compare(&w, *slot);
        if (!order)
            break;
        slot = order < 0 ? &(*slot)->left : &(*slot)->right;
    }
    return 0;
}

/* Parts the treap at node into those of smaller names and those of greater ones. */
static void split(struct xs_node *node, const struct wanted *w, struct xs_node **smaller,
                  struct xs_node **greater)
{
    while (node) {
        if (compare(w, node) < 0) {
            *greater = node;
            greater = &node->left;
            node = node->left;
        } else {
            *smaller = node;
            smaller = &node->right;
            node = node->right;
        }
    }
    *smaller = *greater = NULL;
}

void xs_child_insert(struct xs_node *parent, struct xs_node *node)
{
    struct wanted w = { node->key, node->name, node->length };
    struct xs_node **slot = &parent->children;

    while (*slot && (*slot)->priority >= node->priority)
        slot = compare(&w, *slot) < 0 ? &(*slot)->left : &(*slot)->right;
    split(*slot, &w, &node->left, &node->right);
    *slot = node;
}

int xs_child_own_removal(struct xs_server *server, struct xs_node *child)
{
    struct xs_node **slot;

    for (slot = &child->left; *slot; slot = &(*slot)->right)
        if (xs_node_own(server, slot))
            return -XEN_ENOMEM;
    for (slot = &child->right; *slot; slot = &(*slot)->left)
        if (xs_node_own(server, slot))
            return -XEN_ENOMEM;
    return 0;
}

void xs_child_remove(struct xs_node *parent, struct xs_node *child)
{
    struct xs_node **slot = &parent->children, *left = child->left, *right = child->right;
    struct wanted w = { child->key, child->name, child->length };

    while (*slot != child)
        slot = compare(&w, *slot) < 0 ? &(*slot)->left : &(*slot)->right;
    while (left && right) {
        if (left->priority >= right->priority) {
            *slot = left;
            slot = &left->right;
            left = left->right;
        } else {
            *slot = right;
            slot = &right->left;
            right = right->left;
        }
    }
    *slot = left ? left : right;
    child->left = child->right = NULL;
}

const struct xs_node *xs_walk_next(struct xs_walk *walk)
{
    const struct xs_node *node = walk->node[walk->depth];
    const struct xs_node *next = xs_child_after(node, NULL, 0);

    if (next)
        return walk->node[++walk->depth] = next;
    while (walk->depth) {
        node = walk->node[walk->depth];
        next = xs_child_after(walk->node[walk->depth - 1], node->name, node->length);
        if (next)
            return walk->node[walk->depth] = next;
        walk->depth--;
    }
    return NULL;
}
