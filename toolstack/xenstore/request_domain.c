/* SPDX-License-Identifier: MIT */
/* Requests about domains. */
#include "server.h"

#include <string.h>

static int parse_domid(const char *text, domid_t *domid)
{
    uint64_t value;

    if (xs_parse_number(text, DOMID_FIRST_RESERVED - 1, &value))
        return -XEN_EINVAL;
    *domid = (domid_t)value;
    return 0;
}

/* The one string of the request, as a domain. */
static int only_domid(struct xs_request *request, domid_t *domid)
{
    const char *text;
    int rc = xs_request_strings(request, &text, 1);

    return rc ? rc : parse_domid(text, domid);
}

int xs_handle_introduce(struct xs_request *request)
{
    struct xs_server *server = request->connection->server;
    const struct xs_config *config = &server->config;
    struct xs_transport transport;
    const char *strings[3];
    uint64_t gfn, port;
    domid_t domid;
    int rc = xs_request_prefix(request, strings, 3, NULL, NULL);

    if (rc || parse_domid(strings[0], &domid) || !domid ||
        xs_parse_number(strings[1], UINT64_MAX, &gfn) ||
        xs_parse_number(strings[2], UINT32_MAX, &port) || !config->introduce)
        return -XEN_EINVAL;
    rc = config->introduce(config->context, domid, gfn, (uint32_t)port, &transport);
    if (rc)
        return rc;
    rc = xs_server_introduce(server, domid, &transport, NULL);
    if (!rc)
        return xs_reply_ok(request);
    if (transport.ops->close)
        transport.ops->close(transport.context);
    return rc;
}

int xs_handle_release(struct xs_request *request)
{
    domid_t domid;
    int rc = only_domid(request, &domid);

    if (!rc)
        rc = xs_server_release(request->connection->server, domid);
    return rc ? rc : xs_reply_ok(request);
}

int xs_handle_get_domain_path(struct xs_request *request)
{
    domid_t domid;
    char home[32];
    int rc = only_domid(request, &domid);

    if (rc)
        return rc;
    home[xs_path_home(domid, home, sizeof(home)) - 1] = '\0';
    return xs_reply_text(request, home);
}

int xs_handle_is_domain_introduced(struct xs_request *request)
{
    struct xs_server *server = request->connection->server;
    domid_t domid;
    int rc = only_domid(request, &domid);

    if (rc)
        return rc;
    return xs_reply_text(request, !domid || xs_server_find(server, domid) ? "T" : "F");
}

int xs_handle_resume(struct xs_request *request)
{
    struct xs_connection *connection;
    domid_t domid;
    int rc = only_domid(request, &domid);

    if (rc)
        return rc;
    connection = xs_server_find(request->connection->server, domid);
    if (!connection)
        return -XEN_ENOENT;
    connection->is_shut_down = false;
    return xs_reply_ok(request);
}

int xs_handle_set_target(struct xs_request *request)
{
    struct xs_server *server = request->connection->server;
    struct xs_connection *connection, *target;
    const char *strings[2];
    domid_t domid, target_domid;
    int rc = xs_request_strings(request, strings, 2);

    if (rc || parse_domid(strings[0], &domid) || parse_domid(strings[1], &target_domid))
        return -XEN_EINVAL;
    connection = xs_server_find(server, domid);
    target = xs_server_find(server, target_domid);
    if (!connection || !target)
        return -XEN_ENOENT;
    xs_connection_set_target(connection, target->account);
    return xs_reply_ok(request);
}
