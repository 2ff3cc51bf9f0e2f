/* SPDX-License-Identifier: MIT */
/*
 * Accounts: one per domain that is connected or mentioned in permissions. When a domain
 * is gone its account is forgotten: no permission mentions it any more, so that the next
 * domain of that number, with a new account, starts with nothing.
 */
#include "server.h"

static struct xs_link *bucket_of(struct xs_server *server, domid_t domid)
{
    return &server->accounts[domid % XS_ACCOUNT_BUCKETS];
}

struct xs_account *xs_account_find(struct xs_server *server, domid_t domid)
{
    xs_for_each_link (link, bucket_of(server, domid)) {
        struct xs_account *account = xs_container(link, struct xs_account, in_bucket);

        if (account->domid == domid)
            return account;
    }
    return NULL;
}

struct xs_account *xs_account_get(struct xs_server *server, domid_t domid)
{
    struct xs_account *account = xs_account_find(server, domid);

    if (!account) {
        account = xs_allocate(server, sizeof(*account));
        if (!account)
            return NULL;
        *account = (struct xs_account){ .domid = domid };
        xs_link_init(&account->entries);
        xs_link_append(bucket_of(server, domid), &account->in_bucket);
        server->stats.accounts++;
    }
    account->refs++;
    return account;
}

void xs_account_put(struct xs_server *server, struct xs_account *account)
{
    if (--account->refs)
        return;
    xs_link_remove(&account->in_bucket);
    server->stats.accounts--;
    xs_release(server, account, sizeof(*account));
}

void xs_account_forget(struct xs_server *server, struct xs_account *account)
{
    account->refs++;
    account->is_forgotten = true;
    xs_link_remove(&account->in_bucket);
    server->account0->nodes += account->nodes;
    server->account0->bytes += account->bytes;
    account->nodes = 0;
    account->bytes = 0;
    while (!xs_link_is_empty(&account->entries))
        xs_perms_forget(server,
                        xs_container(account->entries.next, struct xs_entry, in_account));
    xs_account_put(server, account);
}
