/* SPDX-License-Identifier: MIT */
/*
 * Transactions. Each starts with a reference to the live root: its snapshot, in which it
 * reads and changes, unseen by others. It remembers what its course depended on:
 *
 *   content of a node     it was read, or written over: any change of it is a conflict
 *   a node's permissions  nodes were created below it: others may do that too
 *
 * At the end, with nothing changed it is done, for what it saw was true at its start. If
 * nobody else has changed the tree, its root becomes the live one. Otherwise what it
 * depended on is compared between snapshot and live tree; with a conflict it fails with
 * EAGAIN, else its changes are done again on a new snapshot, which then becomes live.
 *
 * Old snapshots hold memory: one that the live tree has left too far behind is given up,
 * and the transaction is doomed to EAGAIN.
 */
#include "server.h"

#include <string.h>

/* --- charges for the memory of transactions --- */
static void set_held(struct xs_transaction *transaction, size_t bytes)
{
    struct xs_account *account = transaction->connection->account;

    account->held = account->held - transaction->bytes + bytes;
    transaction->bytes = bytes;
}

void xs_transaction_hold(struct xs_transaction *transaction, size_t before)
{
    size_t now = transaction->view.server->stats.bytes;
    size_t freed = before > now ? before - now : 0;

    if (transaction->is_doomed)
        return;
    if (freed > transaction->bytes - sizeof(*transaction))
        set_held(transaction, sizeof(*transaction));
    else
        set_held(transaction, transaction->bytes + now - before);
}

bool xs_transaction_has_room(const struct xs_transaction *transaction)
{
    const struct xs_connection *connection = transaction->connection;
    const struct xs_account *account = connection->account;

    return connection->is_privileged ||
           account->bytes + account->held < connection->server->config.quota.memory;
}

/* --- start and end --- */
struct xs_transaction *xs_transaction_find(struct xs_connection *connection, uint32_t id)
{
    xs_for_each_link (link, &connection->transactions) {
        struct xs_transaction *t =
            xs_container(link, struct xs_transaction, in_connection);

        if (t->id == id)
            return t;
    }
    return NULL;
}

static uint32_t new_id(struct xs_connection *connection)
{
    do {
        connection->last_transaction++;
    } while (!connection->last_transaction ||
             xs_transaction_find(connection, connection->last_transaction));
    return connection->last_transaction;
}

int xs_transaction_start(struct xs_connection *connection, uint32_t *id)
{
    struct xs_server *server = connection->server;
    struct xs_account *account = connection->account;
    struct xs_transaction *t;

    if (!connection->is_privileged &&
        account->transactions >= server->config.quota.transactions)
        return -XEN_ENOSPC;
    t = xs_allocate(server, sizeof(*t));
    if (!t)
        return -XEN_ENOMEM;
    *t = (struct xs_transaction){ .connection = connection, .bytes = sizeof(*t) };
    t->id = *id = new_id(connection);
    t->started = server->changes;
    t->base = xs_node_get(server->live.root);
    t->view =
        (struct xs_view){ .server = server, .root = xs_node_get(server->live.root) };
    t->changes_end = &t->changes;
    xs_link_append(&connection->transactions, &t->in_connection);
    xs_link_append(&server->ages, &t->in_ages);
    server->snapshots++;
    server->stats.transactions++;
    account->transactions++;
    account->held += sizeof(*t);
    return 0;
}

static void give_up_snapshot(struct xs_transaction *transaction)
{
    struct xs_server *server = transaction->view.server;

    if (xs_link_is_empty(&transaction->in_ages))
        return;
    xs_link_remove(&transaction->in_ages);
    server->snapshots--;
    xs_node_put(server, transaction->base);
    xs_node_put(server, transaction->view.root);
    transaction->base = transaction->view.root = NULL;
}

static void drop_changes(struct xs_transaction *transaction)
{
    struct xs_server *server = transaction->view.server;

    while (transaction->changes) {
        struct xs_change *change = transaction->changes;

        transaction->changes = change->next;
        xs_change_drop(server, change);
        xs_release(server, change, sizeof(*change) + change->path.length);
    }
    transaction->changes_end = &transaction->changes;
}

static void free_transaction(struct xs_transaction *transaction)
{
    struct xs_connection *connection = transaction->connection;
    struct xs_server *server = connection->server;

    give_up_snapshot(transaction);
    xs_charges_drop(&transaction->view);
    drop_changes(transaction);
    xs_transaction_forget_seen(transaction);
    xs_link_remove(&transaction->in_connection);
    connection->account->transactions--;
    set_held(transaction, 0);
    server->stats.transactions--;
    xs_release(server, transaction, sizeof(*transaction));
}

/* Does the changes again on a snapshot of the live tree, which becomes the view. */
static int redo(struct xs_transaction *transaction)
{
    struct xs_server *server = transaction->view.server;
    int rc = 0;

    xs_charges_drop(&transaction->view);
    xs_node_put(server, transaction->view.root);
    transaction->view.root = xs_node_get(server->live.root);
    for (struct xs_change *c = transaction->changes; c && !rc; c = c->next) {
        xs_change_undo(server, c);
        rc = xs_change_apply(&transaction->view, transaction->connection, c);
    }
    return rc;
}

static int commit_view(struct xs_transaction *transaction)
{
    struct xs_server *server = transaction->view.server;
    int rc = 0;

    if (transaction->is_doomed)
        return -XEN_EAGAIN;
    if (!transaction->changes)
        return 0;
    if (server->live.root != transaction->base)
        rc = xs_transaction_has_conflict(transaction) ? -XEN_EAGAIN : redo(transaction);
    if (rc)
        return rc;
    xs_node_put(server, server->live.root);
    server->live.root = xs_node_get(transaction->view.root);
    xs_charges_settle(&transaction->view);
    give_up_snapshot(transaction);
    for (const struct xs_change *c = transaction->changes; c; c = c->next) {
        server->changes++;
        xs_change_fire(server, c);
    }
    return 0;
}

int xs_transaction_end(struct xs_transaction *transaction, bool commit)
{
    struct xs_server *server = transaction->view.server;
    int rc = commit ? commit_view(transaction) : 0;

    free_transaction(transaction);
    xs_transactions_expire(server);
    return rc;
}

static void doom(struct xs_transaction *transaction)
{
    give_up_snapshot(transaction);
    xs_charges_drop(&transaction->view);
    drop_changes(transaction);
    xs_transaction_forget_seen(transaction);
    transaction->is_doomed = true;
    set_held(transaction, sizeof(*transaction));
}

void xs_transactions_expire(struct xs_server *server)
{
    while (!xs_link_is_empty(&server->ages)) {
        struct xs_transaction *oldest =
            xs_container(server->ages.next, struct xs_transaction, in_ages);

        if (server->changes - oldest->started <= server->config.transaction_age)
            return;
        doom(oldest);
    }
}

/* --- within a transaction --- */
struct xs_view *xs_transaction_view(struct xs_transaction *transaction)
{
    return transaction->is_doomed ? &transaction->view.server->live : &transaction->view;
}

/* What the outcome of change depends on. */
static int see_change(struct xs_transaction *transaction, const struct xs_change *change,
                      struct xs_seen **seen)
{
    struct xs_path above = change->path;
    enum xs_access_kind kind = XS_SEEN_CONTENT;
    struct xs_found found;
    int rc;

    xs_view_find(xs_transaction_view(transaction), &change->path, &found);
    if (change->kind == XS_CHANGE_MKDIR && found.node)
        kind = XS_SEEN_PERMS;
    rc = xs_transaction_see(transaction, &change->path, kind, seen);
    if (rc || found.node)
        return rc;
    above.length = (uint32_t)(found.missing - above.text);
    if (above.length > 1)
        above.length--;
    return xs_transaction_see(transaction, &above, XS_SEEN_PERMS, NULL);
}

/* A copy that lasts, with change's references. NULL when out of memory. */
static struct xs_change *keep(struct xs_server *server, struct xs_change *change)
{
    uint32_t length = change->path.length;
    struct xs_change *copy = xs_allocate(server, sizeof(*copy) + length);

    if (!copy)
        return NULL;
    *copy = *change;
    copy->path.text = memcpy(copy + 1, change->path.text, length);
    change->value = NULL;
    change->perms = NULL;
    return copy;
}

/* A write over one's own write is one change, if no removal came in between. */
static bool merge(struct xs_transaction *transaction, struct xs_seen *seen,
                  struct xs_change *change)
{
    struct xs_server *server = transaction->view.server;
    struct xs_change *last = seen->last_write;

    if (change->kind != XS_CHANGE_WRITE || !last || last->epoch != transaction->removals)
        return false;
    xs_change_undo(server, last);
    xs_blob_put(server, last->value);
    last->value = change->value;
    last->has_effect = true;
    last->near[0] = change->near[0];
    last->near[1] = change->near[1];
    change->value = NULL;
    change->near[0] = change->near[1] = NULL;
    return true;
}

static int apply_and_keep(struct xs_transaction *transaction, struct xs_seen *seen,
                          struct xs_change *change)
{
    struct xs_server *server = transaction->view.server;
    struct xs_change *copy = keep(server, change);
    int rc;

    if (!copy)
        return -XEN_ENOMEM;
    rc = xs_change_apply(&transaction->view, transaction->connection, copy);
    if (rc || !copy->has_effect || merge(transaction, seen, copy)) {
        xs_change_drop(server, copy);
        xs_release(server, copy, sizeof(*copy) + copy->path.length);
        return rc;
    }
    copy->epoch = transaction->removals;
    if (copy->kind == XS_CHANGE_WRITE)
        seen->last_write = copy;
    transaction->removals += copy->kind == XS_CHANGE_REMOVE;
    *transaction->changes_end = copy;
    transaction->changes_end = &copy->next;
    return 0;
}

/* Says what a change would be answered, were the snapshot still there. */
static int try_doomed(struct xs_transaction *transaction, const struct xs_change *change)
{
    struct xs_found found;
    int rc;

    xs_view_find(&transaction->view.server->live, &change->path, &found);
    rc = xs_found_access(transaction->connection, &found, XS_ACCESS_WRITE);
    return rc == -XEN_ENOENT && change->kind != XS_CHANGE_PERMS ? 0 : rc;
}

int xs_transaction_change(struct xs_transaction *transaction, struct xs_change *change)
{
    struct xs_seen *seen;
    int rc;

    if (transaction->is_doomed)
        return try_doomed(transaction, change);
    rc = see_change(transaction, change, &seen);
    if (rc)
        return rc;
    if (!xs_transaction_has_room(transaction))
        return -XEN_ENOMEM;
    return apply_and_keep(transaction, seen, change);
}
