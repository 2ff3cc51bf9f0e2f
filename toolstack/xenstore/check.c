/* SPDX-License-Identifier: MIT */
/* The invariants of the structures, verified by walking all of them. */
#include "server.h"

#include <string.h>

static bool is_before(const struct xs_node *a, const struct xs_node *b)
{
    uint32_t common = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->name, b->name, common);

    return order ? order < 0 : a->length < b->length;
}

static bool check_links(const struct xs_node *node)
{
    const struct xs_node *left = node->left, *right = node->right;

    if (!node->refs || !node->perms->refs || !node->perms->count)
        return false;
    if (left && (left->priority > node->priority || !is_before(left, node)))
        return false;
    return !right || (right->priority <= node->priority && is_before(node, right));
}

/* Siblings and order, permissions; counts the nodes of each account. */
static bool check_tree(const struct xs_server *server)
{
    uint32_t nodes = 0;
    struct xs_walk walk;

    for (const struct xs_node *n = xs_walk_start(&walk, server->live.root); n;
         n = xs_walk_next(&walk)) {
        if (!check_links(n))
            return false;
        n->perms->entry[0].account->found_nodes++;
        n->perms->entry[0].account->found_bytes += xs_node_bytes(n);
        nodes++;
    }
    return nodes == server->stats.nodes;
}

static bool check_account(const struct xs_server *server, struct xs_account *account)
{
    uint32_t entries = 0;
    bool is_counted =
        account->found_nodes == account->nodes && account->found_bytes == account->bytes;

    account->found_nodes = 0;
    account->found_bytes = 0;
    xs_for_each_link (link, &account->entries) {
        const struct xs_entry *entry = xs_container(link, struct xs_entry, in_account);

        if (entry->account != account)
            return false;
        entries++;
    }
    if (account != server->account0 && account->nodes > 0 && !entries)
        return false;
    return entries <= account->refs && is_counted;
}

static bool check_accounts(const struct xs_server *server)
{
    bool sound = true;
    uint32_t accounts = 0;

    for (unsigned int i = 0; i < XS_ACCOUNT_BUCKETS; i++) {
        xs_for_each_link (link, &server->accounts[i]) {
            if (!check_account(server, xs_container(link, struct xs_account, in_bucket)))
                sound = false;
            accounts++;
        }
    }
    return sound && accounts <= server->stats.accounts;
}

static bool check_queue(const struct xs_connection *connection)
{
    struct xs_message *const *end = &connection->out;
    uint32_t events = 0, replies = 0;

    for (; *end; end = &(*end)->next) {
        if ((*end)->header.type == XS_WATCH_EVENT)
            events += (*end)->capacity;
        else
            replies++;
    }
    return end == connection->out_end && events == connection->events &&
           replies == connection->replies;
}

static bool check_connections(const struct xs_server *server)
{
    uint32_t connections = 0, watches = 0, transactions = 0;

    xs_for_each_link (link, &server->connections) {
        const struct xs_connection *connection =
            xs_container(link, struct xs_connection, in_server);
        uint32_t overflows = 0;

        connections++;
        xs_for_each_link (item, &connection->transactions)
            transactions++;
        xs_for_each_link (item, &connection->watches) {
            watches++;
            overflows += xs_container(item, struct xs_watch, in_connection)->has_overflow;
        }
        if (!check_queue(connection) || overflows != connection->overflows)
            return false;
    }
    return connections == server->stats.connections && watches == server->stats.watches &&
           transactions == server->stats.transactions;
}

bool xs_server_check(const struct xs_server *server)
{
    bool tree = check_tree(server), accounts = check_accounts(server);

    return tree && accounts && check_connections(server);
}
