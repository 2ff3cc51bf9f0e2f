/* SPDX-License-Identifier: MIT */
/*
 * The store as clients see it: in a transaction or not, with limits on what they give.
 * What an operation leaves allocated in a transaction is charged to the client.
 */
#include "server.h"

int xs_store_look(struct xs_connection *connection, uint32_t transaction,
                  const struct xs_path *path, const struct xs_node **node)
{
    struct xs_server *server = connection->server;
    struct xs_view *view = &server->live;
    struct xs_found found;
    int rc;

    if (transaction) {
        struct xs_transaction *in = xs_transaction_find(connection, transaction);
        size_t before = server->stats.bytes;

        if (!in)
            return -XEN_ENOENT;
        rc = xs_transaction_see(in, path, XS_SEEN_CONTENT, NULL);
        if (rc)
            return rc;
        xs_transaction_hold(in, before);
        view = xs_transaction_view(in);
    }
    xs_view_find(view, path, &found);
    rc = xs_found_access(connection, &found, XS_ACCESS_READ);
    *node = found.node;
    return rc;
}

static int change_live(struct xs_connection *connection, struct xs_change *change)
{
    struct xs_server *server = connection->server;
    int rc = xs_change_apply(&server->live, connection, change);

    if (!rc && change->has_effect) {
        server->changes++;
        xs_change_fire(server, change);
        xs_transactions_expire(server);
    }
    return rc;
}

/* Takes over change's references. before: stats.bytes before they were made. */
static int make_change(struct xs_connection *connection, uint32_t transaction,
                       struct xs_change *change, size_t before)
{
    struct xs_transaction *in = NULL;
    int rc = -XEN_ENOENT;

    if (transaction)
        in = xs_transaction_find(connection, transaction);
    if (in)
        rc = xs_transaction_change(in, change);
    else if (!transaction)
        rc = change_live(connection, change);
    xs_change_drop(connection->server, change);
    if (in)
        xs_transaction_hold(in, before);
    return rc;
}

int xs_store_write(struct xs_connection *connection, uint32_t transaction,
                   const struct xs_path *path, const void *value, size_t length)
{
    struct xs_server *server = connection->server;
    struct xs_change change = { .kind = XS_CHANGE_WRITE, .path = *path };
    size_t before = server->stats.bytes;

    if (length > XENSTORE_PAYLOAD_MAX ||
        (!connection->is_privileged && length > server->config.quota.node_size))
        return -XEN_ENOSPC;
    if (length) {
        change.value = xs_blob_new(server, value, (uint32_t)length);
        if (!change.value)
            return -XEN_ENOMEM;
    }
    return make_change(connection, transaction, &change, before);
}

int xs_store_change(struct xs_connection *connection, uint32_t transaction,
                    const struct xs_path *path, enum xs_change_kind kind)
{
    struct xs_change change = { .kind = kind, .path = *path };

    return make_change(connection, transaction, &change, connection->server->stats.bytes);
}

/* Who hears of domains that come and go is for the privileged to say. */
static int set_special(struct xs_connection *connection, int special,
                       const struct xs_permission *list, unsigned int count)
{
    struct xs_server *server = connection->server;
    struct xs_perms *perms;
    int rc;

    if (special < 0)
        return -XEN_EINVAL;
    if (!connection->is_privileged)
        return -XEN_EACCES;
    rc = xs_perms_make(server, list, count, &perms);
    if (rc)
        return rc;
    xs_perms_put(server, server->special[special]);
    server->special[special] = perms;
    return 0;
}

int xs_store_set_permissions(struct xs_connection *connection, uint32_t transaction,
                             const struct xs_path *path, const struct xs_permission *list,
                             unsigned int count)
{
    struct xs_server *server = connection->server;
    struct xs_change change = { .kind = XS_CHANGE_PERMS, .path = *path };
    size_t before = server->stats.bytes;
    int rc;

    if (!count)
        return -XEN_EINVAL;
    if (count > XS_PERMISSIONS_MAX ||
        (!connection->is_privileged && count > server->config.quota.permissions))
        return -XEN_ENOSPC;
    if (path->text[0] == '@')
        return set_special(connection, xs_special_find(path), list, count);
    rc = xs_perms_make(server, list, count, &change.perms);
    return rc ? rc : make_change(connection, transaction, &change, before);
}
