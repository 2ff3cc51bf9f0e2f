/* SPDX-License-Identifier: MIT */
/*
 * What a transaction's course has depended on, as paths, and whether that is still so. The
 * comparison is of its first snapshot with the live tree: its own changes do not count.
 */
#include "server.h"

#include <string.h>

static struct xs_seen *find_seen(struct xs_transaction *transaction,
                                 const struct xs_path *path, uint32_t hash)
{
    struct xs_seen *seen = transaction->seen[hash % XS_TRANSACTION_BUCKETS];

    while (seen && (seen->hash != hash || seen->path.length != path->length ||
                    memcmp(seen->text, path->text, path->length) != 0))
        seen = seen->next;
    return seen;
}

static int add_seen(struct xs_transaction *transaction, const struct xs_path *path,
                    uint32_t hash, struct xs_seen **out)
{
    struct xs_server *server = transaction->view.server;
    struct xs_seen **bucket = &transaction->seen[hash % XS_TRANSACTION_BUCKETS], *seen;

    if (!transaction->connection->is_privileged &&
        transaction->seen_count >= server->config.quota.transaction_nodes)
        return -XEN_ENOSPC;
    if (!xs_transaction_has_room(transaction))
        return -XEN_ENOMEM;
    seen = xs_allocate(server, sizeof(*seen) + path->length);
    if (!seen)
        return -XEN_ENOMEM;
    *seen = (struct xs_seen){ .next = *bucket, .hash = hash, .kind = XS_SEEN_PERMS };
    memcpy(seen->text, path->text, path->length);
    seen->path = (struct xs_path){ seen->text, path->length };
    *bucket = *out = seen;
    transaction->seen_count++;
    return 0;
}

int xs_transaction_see(struct xs_transaction *transaction, const struct xs_path *path,
                       enum xs_access_kind kind, struct xs_seen **out)
{
    uint32_t seed = (uint32_t)transaction->view.server->config.seed;
    uint32_t hash = xs_hash(seed, path->text, path->length);
    struct xs_seen *seen;
    int rc;

    if (transaction->is_doomed)
        return 0;
    seen = find_seen(transaction, path, hash);
    if (!seen) {
        rc = add_seen(transaction, path, hash, &seen);
        if (rc)
            return rc;
    }
    if (kind == XS_SEEN_CONTENT)
        seen->kind = kind;
    if (out)
        *out = seen;
    return 0;
}

static bool is_unchanged(const struct xs_node *before, const struct xs_node *now,
                         enum xs_access_kind kind)
{
    if (!before || !now)
        return before == now;
    return kind == XS_SEEN_CONTENT ? before->generation == now->generation
                                   : before->perms == now->perms;
}

bool xs_transaction_has_conflict(const struct xs_transaction *transaction)
{
    struct xs_server *server = transaction->view.server;
    struct xs_view base = { .server = server, .root = transaction->base };

    for (unsigned int i = 0; i < XS_TRANSACTION_BUCKETS; i++) {
        for (const struct xs_seen *seen = transaction->seen[i]; seen; seen = seen->next) {
            struct xs_found before, now;

            xs_view_find(&base, &seen->path, &before);
            xs_view_find(&server->live, &seen->path, &now);
            if (!is_unchanged(before.node, now.node, seen->kind))
                return true;
        }
    }
    return false;
}

void xs_transaction_forget_seen(struct xs_transaction *transaction)
{
    struct xs_server *server = transaction->view.server;

    for (unsigned int i = 0; i < XS_TRANSACTION_BUCKETS; i++) {
        while (transaction->seen[i]) {
            struct xs_seen *seen = transaction->seen[i];

            transaction->seen[i] = seen->next;
            xs_release(server, seen, sizeof(*seen) + seen->path.length);
        }
    }
    transaction->seen_count = 0;
}
