/* SPDX-License-Identifier: MIT */
/* Clients of the xenstore daemon over byte buffers, and memory that can run out. */
#ifndef XS_CLIENT_H
#define XS_CLIENT_H

#include <stdio.h>
#include <stdlib.h>

#include "test.h"
#include <abi/errno.h>
#include <abi/io/xs_wire.h>
#include <ts/xs_buffer.h>
#include <ts/xs_local.h>
#include <ts/xs_server.h>

struct client {
    struct xs_server *server;
    struct xs_connection *connection;
    struct xs_buffer buffer;
    struct xsd_sockmsg header; /* of the last message received */
    uint32_t received;         /* bytes of it */
    char data[XENSTORE_PAYLOAD_MAX + 1];
    uint32_t last_request;
};

/* Allocations until the first that fails; negative: none does. */
static long allocations_left = -1;
static long allocations;

static inline void *test_allocate(size_t size)
{
    if (!allocations_left)
        return NULL;
    if (allocations_left > 0)
        allocations_left--;
    allocations++;
    return malloc(size);
}

static inline void test_release(void *memory)
{
    allocations--;
    free(memory);
}

static inline struct xs_server *test_server(const struct xs_quota *quota)
{
    struct xs_config config = { .seed = 0x123456789,
                                .allocate = test_allocate,
                                .release = test_release };
    struct xs_server *server;

    if (quota)
        config.quota = *quota;
    server = xs_server_create(&config);
    assert_non_null(server);
    return server;
}

static inline void test_server_end(struct xs_server *server)
{
    assert_true(xs_server_check(server));
    xs_server_destroy(server);
    assert_int_equal(allocations, 0);
}

/* domid 0: as a socket of domain 0's. */
static inline void client_start(struct client *client, struct xs_server *server,
                                domid_t domid)
{
    struct xs_transport transport;

    client->server = server;
    client->received = 0;
    xs_buffer_init(&client->buffer);
    transport = xs_buffer_transport(&client->buffer);
    if (domid)
        assert_int_equal(
            xs_server_introduce(server, domid, &transport, &client->connection), 0);
    else
        assert_int_equal(xs_server_connect(server, 0, &transport, &client->connection),
                         0);
}

static inline void run(struct xs_server *server)
{
    for (int n = 0; xs_server_step(server); n++)
        assert_true(n < 100000);
}

/* Takes what is there of the next message. True: it is complete, in header and data. */
static inline bool client_poll(struct client *client)
{
    const uint32_t head = sizeof(client->header);

    while (client->received < head) {
        size_t n =
            xs_buffer_receive(&client->buffer, (char *)&client->header + client->received,
                              head - client->received);

        if (!n)
            return false;
        client->received += (uint32_t)n;
    }
    assert_true(client->header.len <= XENSTORE_PAYLOAD_MAX);
    client->received += (uint32_t)xs_buffer_receive(
        &client->buffer, client->data + client->received - head,
        client->header.len - (client->received - head));
    if (client->received < head + client->header.len)
        return false;
    client->data[client->header.len] = '\0';
    client->received = 0;
    return true;
}

/* The next message, however much work it takes; false: there is none. */
static inline bool client_receive(struct client *client)
{
    for (int n = 0; n < 8; n++) {
        if (client_poll(client))
            return true;
        xs_connection_ready(client->connection);
        run(client->server);
    }
    return false;
}

static inline void client_send(struct client *client, uint32_t type, uint32_t tx,
                               const void *data, uint32_t length)
{
    struct xsd_sockmsg header = { type, ++client->last_request, tx, length };
    const char *at = data;

    assert_int_equal(xs_buffer_send(&client->buffer, &header, sizeof(header)),
                     sizeof(header));
    while (length) {
        size_t n = xs_buffer_send(&client->buffer, at, length);

        at += n;
        length -= (uint32_t)n;
        xs_connection_ready(client->connection);
        run(client->server);
    }
    xs_connection_ready(client->connection);
}

/* Text in which '|' stands for a 0 byte. Returns its length. */
static inline uint32_t unbar(const char *text, char *out)
{
    uint32_t length = 0;

    for (; text[length]; length++)
        out[length] = text[length] == '|' ? '\0' : text[length];
    return length;
}

/* The message received, as text: "!NAME" for an error, '|' for 0 bytes. */
static inline const char *client_text(struct client *client)
{
    static char text[XENSTORE_PAYLOAD_MAX + 2];
    char *out = text;

    if (client->header.type == XS_ERROR)
        *out++ = '!';
    for (uint32_t i = 0; i < client->header.len; i++)
        *out++ = client->data[i] ? client->data[i] : '|';
    if (client->header.type == XS_ERROR)
        out--;
    *out = '\0';
    return text;
}

/* Sends a request and returns its answer as text; events before it are skipped. */
static inline const char *ask_in(struct client *client, uint32_t type, uint32_t tx,
                                 const char *request)
{
    char data[XENSTORE_PAYLOAD_MAX];

    client_send(client, type, tx, data, unbar(request, data));
    run(client->server);
    do
        assert_true(client_receive(client));
    while (client->header.type == XS_WATCH_EVENT);
    assert_int_equal(client->header.req_id, client->last_request);
    assert_int_equal(client->header.tx_id, tx);
    assert_true(client->header.type == type || client->header.type == XS_ERROR);
    return client_text(client);
}

static inline const char *ask(struct client *client, uint32_t type, const char *request)
{
    return ask_in(client, type, 0, request);
}

#endif
