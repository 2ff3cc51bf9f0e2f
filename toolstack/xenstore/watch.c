/* SPDX-License-Identifier: MIT */
/*
 * Watches, in a hash table by path. A change at /a/b/c fires watches on /, /a, /a/b and
 * /a/b/c: their hashes come out of one pass over the path. A watcher hears only of nodes
 * that it may read, or whose parent it may read (it could list them).
 */
#include "server.h"

#include <string.h>

static struct xs_link *bucket_of(struct xs_server *server, uint32_t hash)
{
    return &server->watches[(hash ^ hash >> 15) % XS_WATCH_BUCKETS];
}

static size_t size_of(uint32_t path_length, uint32_t token_length)
{
    return sizeof(struct xs_watch) + path_length + token_length;
}

static bool is_of(const struct xs_watch *watch, const struct xs_path *path)
{
    return watch->path.length == path->length &&
           !memcmp(watch->path.text, path->text, path->length);
}

static uint32_t hash_of(const struct xs_server *server, const struct xs_path *path)
{
    return xs_hash((uint32_t)server->config.seed, path->text, path->length);
}

struct xs_watch *xs_watch_find(struct xs_connection *connection,
                               const struct xs_path *path, const char *token,
                               size_t token_length)
{
    uint32_t hash = hash_of(connection->server, path);

    xs_for_each_link (link, bucket_of(connection->server, hash)) {
        struct xs_watch *watch = xs_container(link, struct xs_watch, in_bucket);

        connection->server->work++;
        if (watch->connection == connection && is_of(watch, path) &&
            watch->token_length == token_length &&
            !memcmp(watch->token, token, token_length))
            return watch;
    }
    return NULL;
}

static int check_quota(const struct xs_connection *connection, size_t size)
{
    const struct xs_quota *quota = &connection->server->config.quota;
    const struct xs_account *account = connection->account;

    if (connection->is_privileged)
        return 0;
    if (account->watches >= quota->watches)
        return -XEN_E2BIG;
    return account->bytes + account->held + size > quota->memory ? -XEN_ENOMEM : 0;
}

static void link_watch(struct xs_connection *connection, struct xs_watch *watch)
{
    struct xs_server *server = connection->server;
    struct xs_account *account = connection->account;

    xs_link_append(bucket_of(server, watch->hash), &watch->in_bucket);
    xs_link_append(&connection->watches, &watch->in_connection);
    account->watches++;
    account->held += size_of(watch->path.length, watch->token_length);
    server->stats.watches++;
}

int xs_watch_add(struct xs_connection *connection, const struct xs_path *path,
                 bool is_relative, const char *token, size_t token_length, xs_watch_fn fn,
                 void *context)
{
    struct xs_server *server = connection->server;
    size_t size = size_of(path->length, (uint32_t)token_length);
    struct xs_watch *watch;
    int rc = check_quota(connection, size);

    if (xs_watch_find(connection, path, token, token_length))
        return -XEN_EEXIST;
    if (rc)
        return rc;
    watch = xs_allocate(server, size);
    if (!watch)
        return -XEN_ENOMEM;
    *watch = (struct xs_watch){ .connection = connection, .fn = fn, .context = context };
    watch->path.text = memcpy(watch->text, path->text, path->length);
    watch->path.length = path->length;
    watch->token = memcpy(watch->text + path->length, token, token_length);
    watch->token_length = (uint32_t)token_length;
    watch->hash = hash_of(server, path);
    if (is_relative)
        watch->home = connection->home_length;
    link_watch(connection, watch);
    xs_event_queue(watch, &watch->path);
    return 0;
}

void xs_watch_remove(struct xs_watch *watch)
{
    struct xs_connection *connection = watch->connection;
    size_t size = size_of(watch->path.length, watch->token_length);

    xs_event_purge(watch);
    xs_link_remove(&watch->in_bucket);
    xs_link_remove(&watch->in_connection);
    connection->account->watches--;
    connection->account->held -= size;
    connection->server->stats.watches--;
    xs_release(connection->server, watch, size);
}

static bool may_hear(const struct xs_connection *connection, struct xs_perms *const *near,
                     unsigned int count)
{
    for (unsigned int i = 0; i < count; i++)
        if (near[i] && (xs_perms_access(connection, near[i]) & XS_ACCESS_READ))
            return true;
    return false;
}

/* Fires the watches on prefix, whose hash it is, for a change at path. */
static void fire_at(struct xs_server *server, const struct xs_path *prefix, uint32_t hash,
                    const struct xs_path *path, struct xs_perms *const *near,
                    unsigned int count)
{
    xs_for_each_link (link, bucket_of(server, hash)) {
        struct xs_watch *watch = xs_container(link, struct xs_watch, in_bucket);

        server->work++;
        if (watch->hash == hash && is_of(watch, prefix) &&
            may_hear(watch->connection, near, count))
            xs_event_queue(watch, path);
    }
}

void xs_watch_fire(struct xs_server *server, const struct xs_path *path, bool exact,
                   struct xs_perms *const *near, unsigned int count)
{
    struct xs_path prefix = { path->text, 1 };
    uint32_t hash = (uint32_t)server->config.seed, at = 0;

    while (!exact && prefix.length < path->length) {
        hash = xs_hash(hash, path->text + at, prefix.length - at);
        fire_at(server, &prefix, hash, path, near, count);
        at = prefix.length++;
        while (prefix.length < path->length && path->text[prefix.length] != '/')
            prefix.length++;
    }
    hash = xs_hash(hash, path->text + at, path->length - at);
    fire_at(server, path, hash, path, near, count);
}
