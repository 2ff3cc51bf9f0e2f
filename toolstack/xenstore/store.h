/* SPDX-License-Identifier: MIT */
/*
 * The tree: values, permissions, nodes, views of the whole, and changes to them.
 *
 * A node's children form a treap ordered by name. Nodes are counted references, and only
 * a node that nobody else refers to (and whose ancestors neither) is ever changed: to hold
 * a reference to a root is to have a snapshot, and a change copies the path to it, O(depth
 * + log of siblings), where there are snapshots, and nothing where there are none.
 *
 * A view is a root with the accounts' charges that belong to it. The server has the live
 * one, each transaction its own.
 *
 * Functions that can fail return a negative XEN_E* and have then changed nothing that can
 * be seen.
 */
#ifndef XENSTORE_STORE_H
#define XENSTORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/errno.h>
#include <abi/io/xs_wire.h>
#include <abi/xen.h>
#include <ts/xs_local.h>
#include <ts/xs_server.h>

#include "list.h"

#define XS_ACCESS_OWNER    4u
#define XS_PERMISSIONS_MAX 64u /* entries of a node, for domain 0 too */

/* --- memory.c: everything the daemon has is counted --- */
void *xs_allocate(struct xs_server *server, size_t size); /* NULL when out of memory */
void xs_release(struct xs_server *server, void *memory, size_t size);

/* Bytes that several owners share, and nobody changes. NULL is the empty one. */
struct xs_blob {
    uint32_t refs, length;
    char data[];
};

/* A blob of one reference; data NULL: left to be filled in. NULL when out of memory. */
struct xs_blob *xs_blob_new(struct xs_server *server, const void *data, uint32_t length);
struct xs_blob *xs_blob_get(struct xs_blob *blob);
void xs_blob_put(struct xs_server *server, struct xs_blob *blob);
static inline uint32_t xs_blob_length(const struct xs_blob *blob)
{
    return blob ? blob->length : 0;
}

/* --- account.c: what a domain has --- */
struct xs_account {
    struct xs_link in_bucket;
    struct xs_link entries; /* of permission sets: all that mention the domain */
    struct xs_connection *domain;
    uint32_t refs;
    domid_t domid;
    bool is_forgotten; /* the domain is gone: charges go to domain 0 */
    uint32_t nodes;    /* of the live tree, that it owns */
    uint32_t watches, transactions;
    size_t bytes;         /* of those nodes */
    size_t held;          /* of its watches and open transactions */
    uint32_t found_nodes; /* found_*: xs_server_check's own */
    size_t found_bytes;
};

/* The account of a domain, made when it is not there, with a reference. NULL: no memory. */
struct xs_account *xs_account_get(struct xs_server *server, domid_t domid);
struct xs_account *xs_account_find(struct xs_server *server, domid_t domid); /* or NULL */
void xs_account_put(struct xs_server *server, struct xs_account *account);
/* Takes the domain out of all permissions; its nodes become domain 0's. */
void xs_account_forget(struct xs_server *server, struct xs_account *account);

/* --- perms.c: sets of permissions, equal ones shared --- */
struct xs_entry {
    struct xs_link in_account;
    struct xs_account *account; /* NULL: of a domain that is gone */
    struct xs_perms *set;       /* that it is in */
    uint8_t access;
};

struct xs_perms {
    struct xs_link in_bucket;
    uint32_t refs, hash;
    uint32_t count; /* >= 1; entry 0: owner, and access of all others */
    struct xs_entry entry[];
};

int xs_perms_make(struct xs_server *server, const struct xs_permission *list,
                  unsigned int count, struct xs_perms **out);
/* What a node created by this connection below a node with these permissions gets. */
int xs_perms_inherit(struct xs_connection *connection, struct xs_perms *parent,
                     struct xs_perms **out);
struct xs_perms *xs_perms_get(struct xs_perms *perms);
void xs_perms_put(struct xs_server *server, struct xs_perms *perms);
/* XS_ACCESS_* that the connection has, with XS_ACCESS_OWNER for owner and privileged. */
unsigned int xs_perms_access(const struct xs_connection *connection,
                             const struct xs_perms *perms);
/* Leaves out domains that are gone. Returns the number of entries put to list. */
unsigned int xs_perms_list(const struct xs_perms *perms, struct xs_permission *list,
                           unsigned int size);
/* For xs_account_forget(). */
void xs_perms_forget(struct xs_server *server, struct xs_entry *entry);

/* --- path.c --- */
struct xs_path {
    const char *text; /* absolute; length bytes, which need not end in a 0 */
    uint32_t length;
};

/*
 * Checks text (length bytes) and makes it absolute, in server->path if that needs space:
 * until the next call. special: "@..." is allowed. -XEN_EINVAL.
 */
int xs_path_make(const struct xs_connection *connection, const char *text, size_t length,
                 bool special, struct xs_path *out);
/* Puts "/local/domain/N/", which relative paths of a domain leave out, and returns its
 * length. */
size_t xs_path_home(domid_t domid, char *out, size_t size);
/* Takes the next component; false at the end. *at starts as 0. */
bool xs_path_next(const struct xs_path *path, uint32_t *at, const char **name,
                  uint32_t *length);

/* --- node.c: nodes, and the treap of siblings --- */
struct xs_node {
    uint32_t refs, priority;
    uint64_t key;                 /* the first 8 bytes of name, to compare at once */
    struct xs_node *left, *right; /* siblings of smaller and of greater names */
    struct xs_node *children;
    struct xs_blob *value;
    struct xs_perms *perms;
    union {
        uint64_t generation;       /* of its last change: value, permissions, children */
        struct xs_node *next_dead; /* while being freed */
    };
    uint32_t length;
    char name[];
};

/* A node of one reference; takes a reference of perms. NULL when out of memory. */
struct xs_node *xs_node_new(struct xs_server *server, const char *name, uint32_t length,
                            struct xs_perms *perms);
static inline struct xs_node *xs_node_get(struct xs_node *node)
{
    node->refs++;
    return node;
}
void xs_node_put(struct xs_server *server, struct xs_node *node); /* may be NULL */
/* What the owner of a node is charged. */
size_t xs_node_bytes(const struct xs_node *node);

/* *slot made a node that only *slot refers to. -XEN_ENOMEM. */
int xs_node_own(struct xs_server *server, struct xs_node **slot);
struct xs_node *xs_child_find(const struct xs_node *parent, const char *name,
                              uint32_t length);
/* The first child of a greater name; name NULL: the first of all. NULL: none. */
struct xs_node *xs_child_after(const struct xs_node *parent, const char *name,
                               uint32_t length);
/* Owns the siblings on the way to name in parent, which is owned. -XEN_ENOMEM. */
int xs_child_own(struct xs_server *server, struct xs_node *parent, const char *name,
                 uint32_t length);
/* After xs_child_own() of its name, which must not be there. Takes over the reference. */
void xs_child_insert(struct xs_node *parent, struct xs_node *node);
/* After xs_child_own(): what has to be owned besides before xs_child_remove(). */
int xs_child_own_removal(struct xs_server *server, struct xs_node *child);
/* Unlinks child and hands over the reference. */
void xs_child_remove(struct xs_node *parent, struct xs_node *child);

/* All nodes of a subtree, parents first, without recursion. */
struct xs_walk {
    const struct xs_node *node[XS_PATH_DEPTH_MAX + 1];
    unsigned int depth;
};
static inline const struct xs_node *xs_walk_start(struct xs_walk *walk,
                                                  const struct xs_node *top)
{
    walk->depth = 0;
    return walk->node[0] = top;
}
/* NULL after the last; walk->node[0 .. depth] are the node and its ancestors. */
const struct xs_node *xs_walk_next(struct xs_walk *walk);

/* --- view.c --- */
struct xs_charge {
    struct xs_charge *next;
    struct xs_account *account;
    int64_t nodes, bytes;
};

struct xs_view {
    struct xs_server *server;
    struct xs_node *root;
    bool is_live;
    struct xs_charge *charges; /* not yet in the accounts; none in the live view */
};

struct xs_found {
    struct xs_node *node;  /* NULL: not there */
    struct xs_node *above; /* its parent, or the nearest ancestor; NULL for "/" */
    const char *missing;   /* the first component that is not there */
    uint32_t missing_length;
};

void xs_view_find(const struct xs_view *view, const struct xs_path *path,
                  struct xs_found *found);
/* Whether connection has `access` to what was found, or to the nearest ancestor. 0;
 * -XEN_EACCES; -XEN_ENOENT: not there, and it may know that. */
int xs_found_access(const struct xs_connection *connection, const struct xs_found *found,
                    unsigned int access);
/* Owns the path to a node that is there. NULL when out of memory. */
struct xs_node *xs_view_own(struct xs_view *view, const struct xs_path *path,
                            struct xs_node *node);

/* Makes sure that xs_charge() for account cannot fail. -XEN_ENOMEM. */
int xs_charge_prepare(struct xs_view *view, struct xs_account *account);
void xs_charge(struct xs_view *view, struct xs_account *account, int64_t nodes,
               int64_t bytes);
/* Whether the connection may add that much to account. -XEN_ENOSPC, -XEN_ENOMEM. */
int xs_charge_check(const struct xs_view *view, const struct xs_connection *connection,
                    const struct xs_account *account, int64_t nodes, int64_t bytes);
/* Adds the charges to the accounts: the view becomes live. */
void xs_charges_settle(struct xs_view *view);
void xs_charges_drop(struct xs_view *view);

/* --- change.c: what is done to a view, kept until watches have fired --- */
enum xs_change_kind {
    XS_CHANGE_WRITE,
    XS_CHANGE_MKDIR,
    XS_CHANGE_REMOVE,
    XS_CHANGE_PERMS
};

struct xs_change {
    struct xs_change *next; /* in its transaction */
    enum xs_change_kind kind;
    bool has_effect; /* false: the node was there, or not there, already */
    uint32_t epoch;  /* number of removals before it in its transaction */
    struct xs_path path;
    struct xs_blob *value;    /* WRITE */
    struct xs_perms *perms;   /* PERMS: the new ones */
    struct xs_node *removed;  /* REMOVE */
    struct xs_perms *near[2]; /* of the node (before, for PERMS) and its parent */
};

/*
 * Applies the change with the rights and quotas of connection. -XEN_EACCES, -XEN_ENOENT,
 * -XEN_EINVAL ("/" removed), -XEN_EPERM (owner changed), -XEN_ENOSPC, -XEN_ENOMEM.
 */
int xs_change_apply(struct xs_view *view, struct xs_connection *connection,
                    struct xs_change *change);
/* Watch events of a change that is live now. */
void xs_change_fire(struct xs_server *server, const struct xs_change *change);
/* Gives back what applying it has left in it; it can be applied anew. */
void xs_change_undo(struct xs_server *server, struct xs_change *change);
/* Gives back all that it refers to. */
void xs_change_drop(struct xs_server *server, struct xs_change *change);

#endif
