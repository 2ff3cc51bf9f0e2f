/* SPDX-License-Identifier: MIT */
/*
 * What waits to be sent to a client: answers and watch events, in order. The bytes of
 * events are limited; a watch whose event finds no room is marked, and gets one event that
 * names the watched path itself once the client has read all that was waiting.
 */
#include "server.h"

#include <string.h>

static size_t size_of(uint32_t capacity)
{
    return sizeof(struct xs_message) + capacity;
}

struct xs_message *xs_message_new(struct xs_server *server, uint32_t capacity)
{
    struct xs_message *message = xs_allocate(server, size_of(capacity));

    if (!message)
        return NULL;
    *message = (struct xs_message){ .capacity = capacity };
    return message;
}

void xs_message_free(struct xs_server *server, struct xs_message *message)
{
    if (!message)
        return;
    xs_blob_put(server, message->blob);
    xs_release(server, message, size_of(message->capacity));
}

static bool is_event(const struct xs_message *message)
{
    return message->header.type == XS_WATCH_EVENT;
}

void xs_message_queue(struct xs_connection *connection, struct xs_message *message)
{
    message->next = NULL;
    *connection->out_end = message;
    connection->out_end = &message->next;
    if (is_event(message))
        connection->events += message->capacity;
    else
        connection->replies++;
}

/* Takes the message at *slot out of the queue and frees it. */
static void unqueue(struct xs_connection *connection, struct xs_message **slot)
{
    struct xs_message *message = *slot;

    *slot = message->next;
    if (connection->out_end == &message->next)
        connection->out_end = slot;
    if (is_event(message))
        connection->events -= message->capacity;
    else
        connection->replies--;
    xs_message_free(connection->server, message);
}

void xs_message_done(struct xs_connection *connection)
{
    unqueue(connection, &connection->out);
    connection->sent = 0;
    if (!connection->out && connection->overflows)
        xs_event_retry(connection);
}

static uint32_t limit_of(const struct xs_connection *connection)
{
    uint32_t limit = connection->server->config.quota.events;

    return connection->is_privileged ? 64 * limit : limit;
}

/* The path as the watcher knows it; the whole event has to fit into a message. */
static struct xs_path event_path(const struct xs_watch *watch, const struct xs_path *path)
{
    struct xs_path out = *path;

    if (out.length - watch->home + watch->token_length + 2 > XENSTORE_PAYLOAD_MAX)
        out = watch->path;
    out.text += watch->home;
    out.length -= watch->home;
    return out;
}

static bool queue_event(struct xs_watch *watch, const struct xs_path *path)
{
    struct xs_connection *connection = watch->connection;
    struct xs_path name = event_path(watch, path);
    uint32_t length = name.length + 1 + watch->token_length + 1;
    struct xs_message *message;

    if (connection->events + length > limit_of(connection))
        return false;
    message = xs_message_new(connection->server, length);
    if (!message)
        return false;
    message->watch = watch;
    message->header = (struct xsd_sockmsg){ .type = XS_WATCH_EVENT, .len = length };
    memcpy(message->data, name.text, name.length);
    message->data[name.length] = '\0';
    memcpy(message->data + name.length + 1, watch->token, watch->token_length);
    message->data[length - 1] = '\0';
    xs_message_queue(connection, message);
    return true;
}

void xs_event_queue(struct xs_watch *watch, const struct xs_path *path)
{
    struct xs_connection *connection = watch->connection;

    if (!watch->has_overflow && !queue_event(watch, path)) {
        watch->has_overflow = true;
        connection->overflows++;
    }
    connection->server->work += XS_WORK_EVENT + path->length / XS_WORK_BYTES;
    xs_turn_wait(connection);
}

void xs_event_retry(struct xs_connection *connection)
{
    connection->server->work += connection->account->watches / XS_WORK_FEW;
    xs_for_each_link (link, &connection->watches) {
        struct xs_watch *watch = xs_container(link, struct xs_watch, in_connection);

        if (watch->has_overflow && queue_event(watch, &watch->path)) {
            watch->has_overflow = false;
            connection->overflows--;
        }
    }
}

void xs_event_purge(struct xs_watch *watch)
{
    struct xs_connection *connection = watch->connection;
    struct xs_message **slot = &connection->out;
    uint32_t steps = 0;

    if (watch->has_overflow)
        connection->overflows--;
    if (*slot && connection->sent) {
        if ((*slot)->watch == watch)
            (*slot)->watch = NULL;
        slot = &(*slot)->next;
    }
    for (; *slot; steps++) {
        if ((*slot)->watch == watch)
            unqueue(connection, slot);
        else
            slot = &(*slot)->next;
    }
    connection->server->work += steps / XS_WORK_FEW;
}
