/* SPDX-License-Identifier: MIT */
/*
 * Connections: bytes in, a request at a time, and bytes out. A connection has its turn
 * when it may have something to do; in a turn it sends what it can, takes at most one
 * request, and sends again. While a client leaves too many answers unread, no further
 * request is taken from it.
 */
#include "server.h"

#include <string.h>

#define EVENTS_PER_TURN 16 /* callbacks of a local connection */

/* Room for any answer that is not a list or a value. */
#define SMALL_ANSWER 64u

struct xs_connection *xs_connection_new(struct xs_server *server, domid_t domid)
{
    struct xs_connection *connection = xs_allocate(server, sizeof(*connection));

    if (!connection)
        return NULL;
    *connection = (struct xs_connection){ .server = server, .domid = domid };
    connection->account = xs_account_get(server, domid);
    if (!connection->account) {
        xs_release(server, connection, sizeof(*connection));
        return NULL;
    }
    connection->is_privileged = domid == 0;
    connection->home_length =
        (uint32_t)xs_path_home(domid, connection->home, sizeof(connection->home));
    connection->out_end = &connection->out;
    xs_link_init(&connection->watches);
    xs_link_init(&connection->transactions);
    xs_link_init(&connection->in_turns);
    xs_link_append(&server->connections, &connection->in_server);
    server->stats.connections++;
    return connection;
}

void xs_connection_reset(struct xs_connection *connection)
{
    xs_for_each_link_safe (link, &connection->transactions)
        (void)xs_transaction_end(xs_container(link, struct xs_transaction, in_connection),
                                 false);
    xs_for_each_link_safe (link, &connection->watches)
        xs_watch_remove(xs_container(link, struct xs_watch, in_connection));
    while (connection->out)
        xs_message_done(connection);
    xs_message_free(connection->server, connection->in);
    connection->in = NULL;
    connection->received = 0;
}

static void close_transport(struct xs_connection *connection)
{
    if (connection->transport.ops && connection->transport.ops->close)
        connection->transport.ops->close(connection->transport.context);
    connection->transport.ops = NULL;
}

void xs_connection_set_transport(struct xs_connection *connection,
                                 const struct xs_transport *transport)
{
    close_transport(connection);
    connection->transport = *transport;
    connection->is_broken = false;
    xs_connection_ready(connection);
}

void xs_connection_set_target(struct xs_connection *connection, struct xs_account *target)
{
    struct xs_server *server = connection->server;

    if (target) {
        target->refs++;
        server->targets++;
    }
    if (connection->target) {
        server->targets--;
        xs_account_put(server, connection->target);
    }
    connection->target = target;
}

void xs_connection_free(struct xs_connection *connection)
{
    struct xs_server *server = connection->server;

    xs_connection_reset(connection);
    close_transport(connection);
    xs_turn_leave(connection);
    if (server->serving == connection) {
        connection->is_closed = true;
        return;
    }
    xs_link_remove(&connection->in_server);
    server->stats.connections--;
    xs_connection_set_target(connection, NULL);
    xs_account_put(server, connection->account);
    xs_release(server, connection, sizeof(*connection));
}

void xs_connection_ready(struct xs_connection *connection)
{
    xs_turn_wait(connection);
    xs_turn_charge(connection, XS_WORK_SIGNAL);
}

/* The client is of no more use. */
static void give_up(struct xs_connection *connection, uint32_t error)
{
    const struct xs_transport *transport = &connection->transport;

    if (error && transport->ops->fail)
        transport->ops->fail(transport->context, error);
    connection->is_broken = true;
    if (connection->is_domain)
        xs_connection_reset(connection);
    else
        xs_connection_free(connection);
}

/* --- out --- */
/* What is to be sent next of a message, sent bytes of which have been. */
static size_t next_piece(const struct xs_message *message, uint32_t sent,
                         const char **from)
{
    size_t head = sizeof(message->header) + (message->blob ? 0 : message->header.len);

    if (sent < head) {
        *from = (const char *)&message->header + sent;
        return head - sent;
    }
    if (!message->blob)
        return 0;
    *from = message->blob->data + (sent - head);
    return message->header.len - (sent - head);
}

/* Returns how many bytes were sent, or -XEN_EIO. */
static int send_some(struct xs_connection *connection)
{
    const struct xs_transport *transport = &connection->transport;
    int total = 0;

    while (connection->out) {
        const char *from;
        size_t size = next_piece(connection->out, connection->sent, &from);
        int n = size ? transport->ops->write(transport->context, from, size) : 0;

        if (n < 0)
            return n;
        if (size && !n)
            break;
        connection->sent += (uint32_t)n;
        total += n;
        if (connection->sent == sizeof(struct xsd_sockmsg) + connection->out->header.len)
            xs_message_done(connection);
    }
    return total;
}

/* --- in --- */
/* Returns 1 when `size` bytes are there, of which `have` were; 0; or -XEN_EIO. */
static int fill(struct xs_connection *connection, char *buffer, uint32_t have,
                uint32_t size)
{
    const struct xs_transport *transport = &connection->transport;

    while (have < size) {
        int n = transport->ops->read(transport->context, buffer + have, size - have);

        if (n <= 0)
            return n;
        have += (uint32_t)n;
        connection->received += (uint32_t)n;
    }
    return 1;
}

/* The header is there: memory for the rest, or XENSTORE_ERROR_*. */
static uint32_t start_message(struct xs_connection *connection)
{
    uint32_t length = connection->header.len;

    if (length > XENSTORE_PAYLOAD_MAX)
        return XENSTORE_ERROR_PROTO;
    connection->in =
        xs_message_new(connection->server, length > SMALL_ANSWER ? length : SMALL_ANSWER);
    if (!connection->in)
        return XENSTORE_ERROR_COMM;
    connection->in->header = connection->header;
    return XENSTORE_ERROR_NONE;
}

static int receive_rest(struct xs_connection *connection, uint32_t *error)
{
    const uint32_t head = sizeof(connection->header);
    int rc = fill(connection, (char *)&connection->header, connection->received, head);

    if (rc <= 0)
        return rc;
    if (!connection->in) {
        *error = start_message(connection);
        if (*error)
            return -XEN_EIO;
    }
    return fill(connection, connection->in->data, connection->received - head,
                connection->header.len);
}

/* Takes up to one request. Returns how many bytes came in, or -XEN_EIO. */
static int receive_some(struct xs_connection *connection, uint32_t *error)
{
    uint32_t before = connection->received;
    struct xs_message *message;
    int rc, total;

    if (connection->replies >= connection->server->config.quota.requests)
        return 0;
    rc = receive_rest(connection, error);
    if (rc < 0)
        return rc;
    total = (int)(connection->received - before);
    if (rc) {
        message = connection->in;
        connection->in = NULL;
        connection->received = 0;
        xs_request_handle(connection, message);
    }
    return total;
}

/* --- turns --- */
static bool serve_local(struct xs_connection *connection)
{
    for (int n = 0; connection->out && n < EVENTS_PER_TURN; n++) {
        struct xs_message *message = connection->out;
        struct xs_watch *watch = message->watch;
        size_t length = strlen(message->data);
        xs_watch_fn fn = watch->fn;

        connection->sent = 1; /* the callback may remove its watch */
        fn(watch->context, message->data, message->data + length + 1);
        if (connection->is_closed)
            return false;
        xs_message_done(connection);
    }
    return connection->out;
}

static bool begin_anew(struct xs_connection *connection)
{
    const struct xs_transport *transport = &connection->transport;

    if (!transport->ops->reconnect || !transport->ops->reconnect(transport->context))
        return false;
    xs_connection_reset(connection);
    connection->is_broken = false;
    transport->ops->notify(transport->context);
    connection->server->work += XS_WORK_TURN;
    return true;
}

static bool serve_stream(struct xs_connection *connection)
{
    const struct xs_transport *transport = &connection->transport;
    uint32_t error = XENSTORE_ERROR_NONE;
    bool is_answered = connection->replies; /* events have been paid for by others */
    int sent, received, more;

    sent = send_some(connection);
    received = sent < 0 ? sent : receive_some(connection, &error);
    more = received < 0 ? received : send_some(connection);
    if (more < 0) {
        give_up(connection, error);
        return false;
    }
    if (sent || received || more)
        transport->ops->notify(transport->context);
    if (received || (sent && is_answered))
        connection->server->work += XS_WORK_TURN;
    return received;
}

bool xs_connection_serve(struct xs_connection *connection)
{
    if (connection->is_local)
        return serve_local(connection);
    if (!connection->transport.ops)
        return false;
    begin_anew(connection);
    return !connection->is_broken && serve_stream(connection);
}
