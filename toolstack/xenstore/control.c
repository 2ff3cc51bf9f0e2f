/* SPDX-License-Identifier: MIT */
/* XS_CONTROL: commands of an operator, one table. */
#include "server.h"

#include <stdio.h>
#include <string.h>

struct command {
    const char *name, *help;
    /* Arguments: strings, one after the other, in length bytes that end in a 0. */
    int (*fn)(struct xs_request *request, const char *args, uint32_t length);
};

static const struct quota_name {
    const char *name;
    size_t offset;
} quota_names[] = {
    { "nodes", offsetof(struct xs_quota, nodes) },
    { "watches", offsetof(struct xs_quota, watches) },
    { "transactions", offsetof(struct xs_quota, transactions) },
    { "transaction-nodes", offsetof(struct xs_quota, transaction_nodes) },
    { "node-size", offsetof(struct xs_quota, node_size) },
    { "permissions", offsetof(struct xs_quota, permissions) },
    { "outstanding", offsetof(struct xs_quota, requests) },
    { "memory", offsetof(struct xs_quota, memory) },
    { "events", offsetof(struct xs_quota, events) },
};
#define NR_QUOTAS (sizeof(quota_names) / sizeof(quota_names[0]))

static uint32_t *quota_at(struct xs_server *server, size_t i)
{
    return (uint32_t *)(void *)((char *)&server->config.quota + quota_names[i].offset);
}

static int do_check(struct xs_request *request, const char *args, uint32_t length)
{
    (void)args;
    if (length)
        return -XEN_EINVAL;
    return xs_reply_text(
        request, xs_server_check(request->connection->server) ? "OK" : "inconsistent");
}

static int do_print(struct xs_request *request, const char *args, uint32_t length)
{
    if (!length || strlen(args) + 1 != length)
        return -XEN_EINVAL;
    xs_log(request->connection->server, args);
    return xs_reply_ok(request);
}

static int list_quotas(struct xs_request *request)
{
    char text[512];
    size_t size = 0;

    for (size_t i = 0; i < NR_QUOTAS; i++)
        size += (size_t)snprintf(
            text + size, sizeof(text) - size, "%s: %lu\n", quota_names[i].name,
            (unsigned long)*quota_at(request->connection->server, i));
    return xs_reply_text(request, text);
}

/* What the domain has. */
static int list_usage(struct xs_request *request, const char *number)
{
    const struct xs_account *account;
    char text[256];
    uint64_t domid;

    if (xs_parse_number(number, DOMID_FIRST_RESERVED - 1, &domid))
        return -XEN_EINVAL;
    account = xs_account_find(request->connection->server, (domid_t)domid);
    if (!account)
        return -XEN_ENOENT;
    snprintf(text, sizeof(text),
             "nodes: %lu\nwatches: %lu\ntransactions: %lu\nmemory: %lu\n",
             (unsigned long)account->nodes, (unsigned long)account->watches,
             (unsigned long)account->transactions,
             (unsigned long)(account->bytes + account->held));
    return xs_reply_text(request, text);
}

static int set_quota(struct xs_request *request, const char *name, const char *number)
{
    uint64_t value;

    if (xs_parse_number(number, UINT32_MAX, &value) || !value)
        return -XEN_EINVAL;
    for (size_t i = 0; i < NR_QUOTAS; i++)
        if (!strcmp(name, quota_names[i].name)) {
            *quota_at(request->connection->server, i) = (uint32_t)value;
            return xs_reply_ok(request);
        }
    return -XEN_EINVAL;
}

/* quota; quota|DOMID; quota|set|NAME|NUMBER */
static int do_quota(struct xs_request *request, const char *args, uint32_t length)
{
    const char *strings[3], *rest;
    uint32_t rest_length;

    if (!length)
        return list_quotas(request);
    request->data += request->length - length;
    request->length = length;
    if (!xs_request_strings(request, strings, 3) && !strcmp(strings[0], "set"))
        return set_quota(request, strings[1], strings[2]);
    if (xs_request_prefix(request, strings, 1, &rest, &rest_length) || rest_length)
        return -XEN_EINVAL;
    return list_usage(request, args);
}

static int do_memreport(struct xs_request *request, const char *args, uint32_t length)
{
    struct xs_stats stats;
    char text[256];

    (void)args;
    if (length)
        return -XEN_EINVAL;
    xs_server_stats(request->connection->server, &stats);
    snprintf(text, sizeof(text),
             "bytes: %lu\nnodes: %lu\nwatches: %lu\ntransactions: %lu\n"
             "connections: %lu\naccounts: %lu\npermission sets: %lu\n",
             (unsigned long)stats.bytes, (unsigned long)stats.nodes,
             (unsigned long)stats.watches, (unsigned long)stats.transactions,
             (unsigned long)stats.connections, (unsigned long)stats.accounts,
             (unsigned long)stats.permission_sets);
    return xs_reply_text(request, text);
}

static int do_help(struct xs_request *request, const char *args, uint32_t length);

static const struct command commands[] = {
    { "check", "", do_check },
    { "help", "", do_help },
    { "memreport", "", do_memreport },
    { "print", "<text>", do_print },
    { "quota", "[<domid>|set <name> <number>]", do_quota },
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int do_help(struct xs_request *request, const char *args, uint32_t length)
{
    char text[512];
    size_t size = 0;

    (void)args, (void)length;
    for (size_t i = 0; i < NR_COMMANDS; i++)
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%s%s\n",
                                 commands[i].name, *commands[i].help ? " " : "",
                                 commands[i].help);
    return xs_reply_text(request, text);
}

int xs_handle_control(struct xs_request *request)
{
    const char *name, *args;
    uint32_t length;
    int rc = xs_request_prefix(request, &name, 1, &args, &length);

    if (rc || (length && args[length - 1]))
        return -XEN_EINVAL;
    for (size_t i = 0; i < NR_COMMANDS; i++)
        if (!strcmp(name, commands[i].name))
            return commands[i].fn(request, args, length);
    return -XEN_EINVAL;
}
