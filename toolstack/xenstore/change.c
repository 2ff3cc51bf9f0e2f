/* SPDX-License-Identifier: MIT */
/*
 * Changes of a view. Each is checked first (rights, quotas, memory), then done by steps
 * that cannot fail. What watches need to know of it is kept in the change, since they
 * fire later: when the request has been answered, or its transaction committed.
 */
#include "server.h"

#include <string.h>

static struct xs_account *owner_of(const struct xs_perms *perms)
{
    return perms->entry[0].account;
}

static void note_perms(struct xs_change *change, struct xs_perms *node,
                       struct xs_perms *parent)
{
    change->has_effect = true;
    change->near[0] = xs_perms_get(node);
    change->near[1] = parent ? xs_perms_get(parent) : NULL;
}

static void touch(struct xs_view *view, struct xs_node *node)
{
    node->generation = ++view->server->generation;
}

/* --- a value for a node that is there --- */
static int replace_value(struct xs_view *view, struct xs_connection *connection,
                         struct xs_change *change, const struct xs_found *found)
{
    struct xs_account *owner = owner_of(found->node->perms);
    int64_t more = (int64_t)xs_blob_length(change->value) -
                   (int64_t)xs_blob_length(found->node->value);
    struct xs_node *node;
    int rc = xs_charge_check(view, connection, owner, 0, more);

    if (!rc)
        rc = xs_charge_prepare(view, owner);
    if (rc)
        return rc;
    node = xs_view_own(view, &change->path, found->node);
    if (!node)
        return -XEN_ENOMEM;
    xs_charge(view, owner, 0, more);
    xs_blob_put(view->server, node->value);
    node->value = xs_blob_get(change->value);
    touch(view, node);
    note_perms(change, node->perms, found->above ? found->above->perms : NULL);
    return 0;
}

/* --- new nodes --- */
struct growth {
    struct xs_node *top, *bottom; /* the new nodes, not yet in the tree */
    unsigned int nodes;
    size_t bytes;
};

/* Makes the nodes for the components of path from found->missing on. */
static int grow(struct xs_view *view, const struct xs_change *change,
                const struct xs_found *found, struct xs_perms *perms,
                struct growth *growth)
{
    uint32_t at = (uint32_t)(found->missing - change->path.text) - 1, length;
    const char *name;

    *growth = (struct growth){ 0 };
    while (xs_path_next(&change->path, &at, &name, &length)) {
        struct xs_node *node = xs_node_new(view->server, name, length, perms);

        if (!node)
            goto drop;
        if (growth->bottom)
            growth->bottom->children = node;
        else
            growth->top = node;
        growth->bottom = node;
        growth->nodes++;
        growth->bytes += xs_node_bytes(node);
    }
    growth->bottom->value = xs_blob_get(change->value);
    growth->bytes += xs_blob_length(change->value);
    return 0;
drop:
    xs_node_put(view->server, growth->top);
    return -XEN_ENOMEM;
}

/* Puts the new nodes below found->above. */
static int graft(struct xs_view *view, const struct xs_change *change,
                 const struct xs_found *found, const struct growth *growth)
{
    struct xs_path above = change->path;
    struct xs_node *parent;

    above.length = (uint32_t)(found->missing - above.text);
    if (above.length > 1)
        above.length--;
    parent = xs_view_own(view, &above, found->above);
    if (!parent ||
        xs_child_own(view->server, parent, found->missing, found->missing_length))
        return -XEN_ENOMEM;
    xs_child_insert(parent, growth->top);
    touch(view, parent);
    return 0;
}

static int create_with(struct xs_view *view, struct xs_connection *connection,
                       struct xs_change *change, const struct xs_found *found,
                       struct xs_perms *perms)
{
    struct xs_account *owner = owner_of(perms);
    struct growth growth;
    int rc = grow(view, change, found, perms, &growth);

    if (rc)
        return rc;
    rc = xs_charge_check(view, connection, owner, growth.nodes, (int64_t)growth.bytes);
    if (!rc)
        rc = xs_charge_prepare(view, owner);
    if (!rc)
        rc = graft(view, change, found, &growth);
    if (rc) {
        xs_node_put(view->server, growth.top);
        return rc;
    }
    xs_charge(view, owner, growth.nodes, (int64_t)growth.bytes);
    note_perms(change, perms, growth.nodes > 1 ? perms : found->above->perms);
    return 0;
}

static int create(struct xs_view *view, struct xs_connection *connection,
                  struct xs_change *change, const struct xs_found *found)
{
    struct xs_perms *perms;
    int rc = xs_perms_inherit(connection, found->above->perms, &perms);

    if (rc)
        return rc;
    rc = create_with(view, connection, change, found, perms);
    xs_perms_put(view->server, perms);
    return rc;
}

static int apply_write(struct xs_view *view, struct xs_connection *connection,
                       struct xs_change *change, const struct xs_found *found)
{
    int rc = xs_found_access(connection, found, XS_ACCESS_WRITE);

    if (rc == -XEN_ENOENT)
        return create(view, connection, change, found);
    if (rc || change->kind == XS_CHANGE_MKDIR)
        return rc;
    return replace_value(view, connection, change, found);
}

/* --- removal --- */
static int prepare_removal(struct xs_view *view, const struct xs_node *top)
{
    struct xs_walk walk;

    if (view->is_live)
        return 0;
    for (const struct xs_node *n = xs_walk_start(&walk, top); n; n = xs_walk_next(&walk))
        if (xs_charge_prepare(view, owner_of(n->perms)))
            return -XEN_ENOMEM;
    return 0;
}

static void discharge(struct xs_view *view, const struct xs_node *top)
{
    struct xs_walk walk;

    for (const struct xs_node *n = xs_walk_start(&walk, top); n;
         n = xs_walk_next(&walk)) {
        xs_charge(view, owner_of(n->perms), -1, -(int64_t)xs_node_bytes(n));
        view->server->work += 3; /* walked over three times, with those for watches */
    }
}

static int remove_node(struct xs_view *view, struct xs_change *change,
                       const struct xs_found *found)
{
    struct xs_path above = change->path;
    const char *name = found->node->name;
    uint32_t length = found->node->length;
    struct xs_node *parent, *node;

    above.length -= length + (above.length > length + 1);
    if (prepare_removal(view, found->node))
        return -XEN_ENOMEM;
    parent = xs_view_own(view, &above, found->above);
    if (!parent || xs_child_own(view->server, parent, name, length))
        return -XEN_ENOMEM;
    node = xs_child_find(parent, name, length);
    if (xs_child_own_removal(view->server, node))
        return -XEN_ENOMEM;
    xs_child_remove(parent, node);
    touch(view, parent);
    discharge(view, node);
    change->removed = node;
    note_perms(change, node->perms, parent->perms);
    return 0;
}

static int apply_remove(struct xs_view *view, struct xs_connection *connection,
                        struct xs_change *change, const struct xs_found *found)
{
    bool is_parent_there;
    int rc = xs_found_access(connection, found, XS_ACCESS_WRITE);

    if (rc == -XEN_ENOENT) {
        is_parent_there = found->missing + found->missing_length ==
                          change->path.text + change->path.length;
        return is_parent_there ? 0 : rc;
    }
    if (rc)
        return rc;
    return found->above ? remove_node(view, change, found) : -XEN_EINVAL;
}

/* --- permissions --- */
static int apply_perms(struct xs_view *view, struct xs_connection *connection,
                       struct xs_change *change, const struct xs_found *found)
{
    struct xs_account *old, *new = owner_of(change->perms);
    struct xs_node *node;
    int64_t bytes;
    int rc = xs_found_access(connection, found, XS_ACCESS_WRITE | XS_ACCESS_OWNER);

    if (rc)
        return rc;
    old = owner_of(found->node->perms);
    if (!connection->is_privileged && old != new)
        return -XEN_EPERM;
    if (xs_charge_prepare(view, old) || xs_charge_prepare(view, new))
        return -XEN_ENOMEM;
    node = xs_view_own(view, &change->path, found->node);
    if (!node)
        return -XEN_ENOMEM;
    bytes = (int64_t)xs_node_bytes(node);
    xs_charge(view, old, -1, -bytes);
    xs_charge(view, new, 1, bytes);
    note_perms(change, node->perms, found->above ? found->above->perms : NULL);
    xs_perms_put(view->server, node->perms);
    node->perms = xs_perms_get(change->perms);
    touch(view, node);
    return 0;
}

int xs_change_apply(struct xs_view *view, struct xs_connection *connection,
                    struct xs_change *change)
{
    struct xs_found found;

    xs_view_find(view, &change->path, &found);
    switch (change->kind) {
    case XS_CHANGE_WRITE:
    case XS_CHANGE_MKDIR:
        return apply_write(view, connection, change, &found);
    case XS_CHANGE_REMOVE:
        return apply_remove(view, connection, change, &found);
    case XS_CHANGE_PERMS:
        return apply_perms(view, connection, change, &found);
    }
    return -XEN_EINVAL;
}

/* The nodes that went along with a removed one: watches on exactly them. */
static void fire_below(struct xs_server *server, const struct xs_change *change)
{
    struct xs_path path = { server->event, 0 };
    uint32_t end[XS_PATH_DEPTH_MAX + 1] = { change->path.length };
    const struct xs_node *node;
    struct xs_walk walk;

    memcpy(server->event, change->path.text, change->path.length);
    xs_walk_start(&walk, change->removed);
    while ((node = xs_walk_next(&walk))) {
        uint32_t start = end[walk.depth - 1];
        struct xs_perms *near[] = { node->perms, walk.node[walk.depth - 1]->perms };

        server->event[start] = '/';
        memcpy(server->event + start + 1, node->name, node->length);
        path.length = end[walk.depth] = start + 1 + node->length;
        xs_watch_fire(server, &path, true, near, 2);
    }
}

void xs_change_fire(struct xs_server *server, const struct xs_change *change)
{
    struct xs_perms *near[] = { change->near[0], change->near[1], change->perms };

    if (!change->has_effect || !server->stats.watches)
        return;
    xs_watch_fire(server, &change->path, false, near, 3);
    if (change->removed)
        fire_below(server, change);
}

void xs_change_undo(struct xs_server *server, struct xs_change *change)
{
    xs_node_put(server, change->removed);
    xs_perms_put(server, change->near[0]);
    xs_perms_put(server, change->near[1]);
    change->removed = NULL;
    change->near[0] = change->near[1] = NULL;
    change->has_effect = false;
}

void xs_change_drop(struct xs_server *server, struct xs_change *change)
{
    xs_change_undo(server, change);
    xs_blob_put(server, change->value);
    xs_perms_put(server, change->perms);
    change->value = NULL;
    change->perms = NULL;
}
