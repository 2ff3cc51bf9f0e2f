/* SPDX-License-Identifier: MIT */
/* Requests about what a connection has: watches and transactions. */
#include "server.h"

#include <stdio.h>
#include <string.h>

/* Path and token; what comes after them is for newer daemons. */
static int watch_args(struct xs_request *request, struct xs_path *path, bool *is_relative,
                      const char **token)
{
    const char *strings[2];
    int rc = xs_request_prefix(request, strings, 2, NULL, NULL);

    if (rc)
        return rc;
    *is_relative = strings[0][0] != '/' && strings[0][0] != '@';
    *token = strings[1];
    rc = xs_path_make(request->connection, strings[0], strlen(strings[0]), true, path);
    if (!rc && path->text[0] == '@' && xs_special_find(path) < 0)
        rc = -XEN_EINVAL;
    return rc;
}

int xs_handle_watch(struct xs_request *request)
{
    struct xs_path path;
    bool is_relative;
    const char *token;
    int rc = watch_args(request, &path, &is_relative, &token);

    if (!rc)
        rc = xs_watch_add(request->connection, &path, is_relative, token, strlen(token),
                          NULL, NULL);
    return rc ? rc : xs_reply_ok(request);
}

int xs_handle_unwatch(struct xs_request *request)
{
    struct xs_watch *watch;
    struct xs_path path;
    bool is_relative;
    const char *token;
    int rc = watch_args(request, &path, &is_relative, &token);

    if (rc)
        return rc;
    watch = xs_watch_find(request->connection, &path, token, strlen(token));
    if (!watch)
        return -XEN_ENOENT;
    xs_watch_remove(watch);
    return xs_reply_ok(request);
}

int xs_handle_reset_watches(struct xs_request *request)
{
    struct xs_connection *connection = request->connection;

    xs_for_each_link_safe (link, &connection->watches)
        xs_watch_remove(xs_container(link, struct xs_watch, in_connection));
    xs_for_each_link_safe (link, &connection->transactions)
        (void)xs_transaction_end(xs_container(link, struct xs_transaction, in_connection),
                                 false);
    return xs_reply_ok(request);
}

int xs_handle_transaction_start(struct xs_request *request)
{
    uint32_t id;
    char text[16];
    int rc;

    if (request->transaction)
        return -XEN_EBUSY;
    rc = xs_transaction_start(request->connection, &id);
    if (rc)
        return rc;
    snprintf(text, sizeof(text), "%lu", (unsigned long)id);
    return xs_reply_text(request, text);
}

int xs_handle_transaction_end(struct xs_request *request)
{
    struct xs_transaction *transaction =
        xs_transaction_find(request->connection, request->transaction);
    const char *text;
    bool commit;
    int rc = xs_request_strings(request, &text, 1);

    if (rc)
        return rc;
    commit = !strcmp(text, "T");
    if (!commit && strcmp(text, "F") != 0)
        return -XEN_EINVAL;
    if (!transaction)
        return -XEN_ENOENT;
    rc = xs_transaction_end(transaction, commit);
    return rc ? rc : xs_reply_ok(request);
}
