/* SPDX-License-Identifier: MIT */
/* Views: finding nodes, owning the path to them, and whom they are charged to. */
#include "server.h"

void xs_view_find(const struct xs_view *view, const struct xs_path *path,
                  struct xs_found *found)
{
    uint32_t at = 0, length;
    const char *name;

    *found = (struct xs_found){ .node = view->root };
    while (xs_path_next(path, &at, &name, &length)) {
        view->server->work++;
        found->above = found->node;
        found->node = xs_child_find(found->above, name, length);
        if (!found->node) {
            found->missing = name;
            found->missing_length = length;
            return;
        }
    }
}

int xs_found_access(const struct xs_connection *connection, const struct xs_found *found,
                    unsigned int access)
{
    const struct xs_node *judge = found->node ? found->node : found->above;

    if ((xs_perms_access(connection, judge->perms) & access) != access)
        return -XEN_EACCES;
    return found->node ? 0 : -XEN_ENOENT;
}

struct xs_node *xs_view_own(struct xs_view *view, const struct xs_path *path,
                            struct xs_node *node)
{
    struct xs_server *server = view->server;
    uint32_t at = 0, length;
    const char *name;

    if (view->is_live && !server->snapshots)
        return node;
    if (xs_node_own(server, &view->root))
        return NULL;
    node = view->root;
    while (xs_path_next(path, &at, &name, &length)) {
        if (xs_child_own(server, node, name, length))
            return NULL;
        node = xs_child_find(node, name, length);
    }
    return node;
}

static struct xs_charge *find_charge(const struct xs_view *view,
                                     const struct xs_account *account)
{
    struct xs_charge *charge = view->charges;

    while (charge && charge->account != account)
        charge = charge->next;
    return charge;
}

int xs_charge_prepare(struct xs_view *view, struct xs_account *account)
{
    struct xs_charge *charge;

    if (view->is_live || find_charge(view, account))
        return 0;
    charge = xs_allocate(view->server, sizeof(*charge));
    if (!charge)
        return -XEN_ENOMEM;
    *charge = (struct xs_charge){ .next = view->charges, .account = account };
    account->refs++;
    view->charges = charge;
    return 0;
}

static void charge_account(struct xs_server *server, struct xs_account *account,
                           int64_t nodes, int64_t bytes)
{
    if (account->is_forgotten)
        account = server->account0;
    account->nodes = (uint32_t)(account->nodes + nodes);
    account->bytes = (size_t)((int64_t)account->bytes + bytes);
    server->stats.nodes = (uint32_t)(server->stats.nodes + nodes);
}

void xs_charge(struct xs_view *view, struct xs_account *account, int64_t nodes,
               int64_t bytes)
{
    struct xs_charge *charge;

    if (view->is_live) {
        charge_account(view->server, account, nodes, bytes);
        return;
    }
    charge = find_charge(view, account);
    charge->nodes += nodes;
    charge->bytes += bytes;
}

int xs_charge_check(const struct xs_view *view, const struct xs_connection *connection,
                    const struct xs_account *account, int64_t nodes, int64_t bytes)
{
    const struct xs_quota *quota = &view->server->config.quota;
    const struct xs_charge *charge = find_charge(view, account);

    if (connection->is_privileged || account == view->server->account0)
        return 0;
    if (charge) {
        nodes += charge->nodes;
        bytes += charge->bytes;
    }
    if (nodes > 0 && account->nodes + nodes > quota->nodes)
        return -XEN_ENOSPC;
    if (bytes > 0 && (int64_t)(account->bytes + account->held) + bytes > quota->memory)
        return -XEN_ENOMEM;
    return 0;
}

void xs_charges_settle(struct xs_view *view)
{
    for (struct xs_charge *charge = view->charges; charge; charge = charge->next)
        charge_account(view->server, charge->account, charge->nodes, charge->bytes);
    xs_charges_drop(view);
}

void xs_charges_drop(struct xs_view *view)
{
    while (view->charges) {
        struct xs_charge *charge = view->charges;

        view->charges = charge->next;
        xs_account_put(view->server, charge->account);
        xs_release(view->server, charge, sizeof(*charge));
    }
}
