/* SPDX-License-Identifier: MIT */
/*
 * Sets of permissions. Equal sets are one object, found by hash: most nodes of a domain
 * share one or two. Each entry is in the list of its domain's account, so that a domain
 * that goes can be taken out of all sets at once, whatever nodes have them.
 */
#include "server.h"

#include <string.h>

static size_t size_of(unsigned int count)
{
    return sizeof(struct xs_perms) + count * sizeof(struct xs_entry);
}

static uint32_t hash_of(const struct xs_permission *list, unsigned int count)
{
    uint32_t hash = count;

    for (unsigned int i = 0; i < count; i++)
        hash = (hash ^ (list[i].domid | (uint32_t)list[i].access << 16)) * 0x9e3779b1u;
    return hash ^ hash >> 15;
}

static bool is_equal(const struct xs_perms *perms, const struct xs_permission *list,
                     unsigned int count)
{
    if (perms->count != count)
        return false;
    for (unsigned int i = 0; i < count; i++) {
        const struct xs_entry *entry = &perms->entry[i];

        if (entry->account->domid != list[i].domid || entry->access != list[i].access)
            return false;
    }
    return true;
}

/* size: entries that there is memory for; the first perms->count are in use. */
static void perms_free(struct xs_server *server, struct xs_perms *perms,
                       unsigned int size)
{
    for (unsigned int i = 0; i < perms->count; i++) {
        if (!perms->entry[i].account)
            continue;
        xs_link_remove(&perms->entry[i].in_account);
        xs_account_put(server, perms->entry[i].account);
    }
    xs_link_remove(&perms->in_bucket);
    server->stats.permission_sets--;
    xs_release(server, perms, size_of(size));
}

static int make_new(struct xs_server *server, const struct xs_permission *list,
                    unsigned int count, struct xs_perms **out)
{
    struct xs_perms *perms = xs_allocate(server, size_of(count));

    if (!perms)
        return -XEN_ENOMEM;
    perms->refs = 1;
    perms->count = 0;
    xs_link_init(&perms->in_bucket);
    server->stats.permission_sets++;
    for (unsigned int i = 0; i < count; i++) {
        struct xs_entry *entry = &perms->entry[i];

        entry->account = xs_account_get(server, list[i].domid);
        if (!entry->account) {
            perms_free(server, perms, count);
            return -XEN_ENOMEM;
        }
        entry->set = perms;
        entry->access = list[i].access;
        xs_link_append(&entry->account->entries, &entry->in_account);
        perms->count++;
    }
    *out = perms;
    return 0;
}

int xs_perms_make(struct xs_server *server, const struct xs_permission *list,
                  unsigned int count, struct xs_perms **out)
{
    uint32_t hash = hash_of(list, count);
    struct xs_link *bucket = &server->perms[hash % XS_PERMS_BUCKETS];
    int rc;

    xs_for_each_link (link, bucket) {
        struct xs_perms *perms = xs_container(link, struct xs_perms, in_bucket);

        if (perms->hash == hash && is_equal(perms, list, count)) {
            *out = xs_perms_get(perms);
            return 0;
        }
    }
    rc = make_new(server, list, count, out);
    if (!rc) {
        (*out)->hash = hash;
        xs_link_append(bucket, &(*out)->in_bucket);
    }
    return rc;
}

int xs_perms_inherit(struct xs_connection *connection, struct xs_perms *parent,
                     struct xs_perms **out)
{
    struct xs_permission list[XS_PERMISSIONS_MAX];
    unsigned int count;

    if (connection->is_privileged || parent->entry[0].account == connection->account) {
        *out = xs_perms_get(parent);
        return 0;
    }
    count = xs_perms_list(parent, list, XS_PERMISSIONS_MAX);
    list[0].domid = connection->domid;
    return xs_perms_make(connection->server, list, count, out);
}

struct xs_perms *xs_perms_get(struct xs_perms *perms)
{
    perms->refs++;
    return perms;
}

void xs_perms_put(struct xs_server *server, struct xs_perms *perms)
{
    if (perms && !--perms->refs)
        perms_free(server, perms, perms->count);
}

static bool is_subject(const struct xs_connection *connection,
                       const struct xs_account *account)
{
    return account && (account == connection->account || account == connection->target);
}

unsigned int xs_perms_access(const struct xs_connection *connection,
                             const struct xs_perms *perms)
{
    if (connection->is_privileged || is_subject(connection, perms->entry[0].account))
        return XS_ACCESS_READ | XS_ACCESS_WRITE | XS_ACCESS_OWNER;
    for (unsigned int i = 1; i < perms->count; i++)
        if (is_subject(connection, perms->entry[i].account))
            return perms->entry[i].access;
    return perms->entry[0].access;
}

unsigned int xs_perms_list(const struct xs_perms *perms, struct xs_permission *list,
                           unsigned int size)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < perms->count && count < size; i++) {
        const struct xs_entry *entry = &perms->entry[i];

        if (entry->account)
            list[count++] =
                (struct xs_permission){ entry->account->domid, entry->access };
    }
    return count;
}

void xs_perms_forget(struct xs_server *server, struct xs_entry *entry)
{
    struct xs_account *gone = entry->account;
    struct xs_perms *perms = entry->set;

    xs_link_remove(&perms->in_bucket);
    xs_link_remove(&entry->in_account);
    entry->account = NULL;
    if (entry == &perms->entry[0]) {
        entry->account = server->account0;
        server->account0->refs++;
        xs_link_append(&server->account0->entries, &entry->in_account);
    }
    xs_account_put(server, gone);
}
