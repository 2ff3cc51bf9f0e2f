/* SPDX-License-Identifier: MIT */
/* Calls of the program itself: a connection without messages. */
#include "server.h"

#include <string.h>

struct xs_local {
    struct xs_connection connection;
};

static struct xs_connection *connection_of(struct xs_local *local)
{
    return &local->connection;
}

struct xs_local *xs_local_open(struct xs_server *server, domid_t domid)
{
    struct xs_connection *connection = xs_connection_new(server, domid);

    if (!connection)
        return NULL;
    connection->is_local = true;
    return xs_container(connection, struct xs_local, connection);
}

void xs_local_close(struct xs_local *local)
{
    xs_connection_free(connection_of(local));
}

static int make_path(struct xs_local *local, const char *text, bool special,
                     struct xs_path *path)
{
    return xs_path_make(connection_of(local), text, strlen(text), special, path);
}

static int look(struct xs_local *local, uint32_t transaction, const char *text,
                const struct xs_node **node)
{
    struct xs_path path;
    int rc = make_path(local, text, false, &path);

    return rc ? rc : xs_store_look(connection_of(local), transaction, &path, node);
}

int xs_local_read(struct xs_local *local, uint32_t transaction, const char *path,
                  void *text, size_t size, size_t *length)
{
    const struct xs_node *node;
    size_t bytes;
    int rc = look(local, transaction, path, &node);

    if (rc)
        return rc;
    bytes = xs_blob_length(node->value);
    if (length)
        *length = bytes;
    if (bytes >= size)
        return -XEN_E2BIG;
    if (bytes)
        memcpy(text, node->value->data, bytes);
    ((char *)text)[bytes] = '\0';
    return 0;
}

int xs_local_write(struct xs_local *local, uint32_t transaction, const char *path,
                   const void *value, size_t length)
{
    struct xs_path name;
    int rc = make_path(local, path, false, &name);

    return rc ? rc
              : xs_store_write(connection_of(local), transaction, &name, value, length);
}

int xs_local_mkdir(struct xs_local *local, uint32_t transaction, const char *path)
{
    struct xs_path name;
    int rc = make_path(local, path, false, &name);

    return rc ? rc
              : xs_store_change(connection_of(local), transaction, &name,
                                XS_CHANGE_MKDIR);
}

int xs_local_remove(struct xs_local *local, uint32_t transaction, const char *path)
{
    const struct xs_node *node;
    struct xs_path name;
    int rc = make_path(local, path, false, &name);

    if (rc)
        return rc;
    rc = xs_store_look(connection_of(local), transaction, &name, &node);
    if (rc == -XEN_ENOENT)
        return rc;
    return xs_store_change(connection_of(local), transaction, &name, XS_CHANGE_REMOVE);
}

int xs_local_list(struct xs_local *local, uint32_t transaction, const char *path,
                  void (*each)(void *context, const char *name), void *context)
{
    char *text = connection_of(local)->server->event; /* no event is being fired now */
    const struct xs_node *node, *child;
    int rc = look(local, transaction, path, &node);

    if (rc)
        return rc;
    for (child = xs_child_after(node, NULL, 0); child;
         child = xs_child_after(node, child->name, child->length)) {
        memcpy(text, child->name, child->length);
        text[child->length] = '\0';
        each(context, text);
    }
    return 0;
}

int xs_local_get_permissions(struct xs_local *local, uint32_t transaction,
                             const char *path, struct xs_permission *permissions,
                             unsigned int size)
{
    struct xs_permission list[XS_PERMISSIONS_MAX];
    const struct xs_node *node;
    unsigned int count;
    int rc = look(local, transaction, path, &node);

    if (rc)
        return rc;
    count = xs_perms_list(node->perms, list, XS_PERMISSIONS_MAX);
    for (unsigned int i = 0; i < count && i < size; i++)
        permissions[i] = list[i];
    return (int)count;
}

int xs_local_set_permissions(struct xs_local *local, uint32_t transaction,
                             const char *path, const struct xs_permission *permissions,
                             unsigned int count)
{
    struct xs_path name;
    int rc = make_path(local, path, true, &name);

    return rc ? rc
              : xs_store_set_permissions(connection_of(local), transaction, &name,
                                         permissions, count);
}

int xs_local_transaction_start(struct xs_local *local, uint32_t *transaction)
{
    return xs_transaction_start(connection_of(local), transaction);
}

int xs_local_transaction_end(struct xs_local *local, uint32_t transaction, bool commit)
{
    struct xs_transaction *in = xs_transaction_find(connection_of(local), transaction);

    return in ? xs_transaction_end(in, commit) : -XEN_ENOENT;
}

int xs_local_watch(struct xs_local *local, const char *path, const char *token,
                   xs_watch_fn fn, void *context)
{
    bool is_relative = path[0] != '/' && path[0] != '@';
    struct xs_path name;
    int rc = make_path(local, path, true, &name);

    if (!rc && name.text[0] == '@' && xs_special_find(&name) < 0)
        rc = -XEN_EINVAL;
    return rc ? rc
              : xs_watch_add(connection_of(local), &name, is_relative, token,
                             strlen(token), fn, context);
}

int xs_local_unwatch(struct xs_local *local, const char *path, const char *token)
{
    struct xs_watch *watch;
    struct xs_path name;
    int rc = make_path(local, path, true, &name);

    if (rc)
        return rc;
    watch = xs_watch_find(connection_of(local), &name, token, strlen(token));
    if (!watch)
        return -XEN_ENOENT;
    xs_watch_remove(watch);
    return 0;
}
