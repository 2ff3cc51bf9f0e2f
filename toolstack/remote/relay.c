/* SPDX-License-Identifier: MIT */
/*
 * Who speaks for a session is in one table: an entry is made by a frame from a client,
 * loses its client when that leaves, and goes when either end resets the session or when
 * the relay does so because nobody has come back. What a client has sent before it left,
 * the end of its session last, is passed on.
 */
#include "internal.h"

#include <ts/relay.h>

#include <stdlib.h>
#include <string.h>

#define MAX_SESSIONS    256
#define CLIENT_SESSIONS 4 /* of one client; it opens no further ones */

/* Bytes from start; what is put in follows at start + n. */
struct queue {
    size_t start, n, size;
    uint8_t *bytes;
};

struct ts_relay_client {
    struct ts_relay *relay;
    unsigned int sessions;
    bool has_left; /* what is in `out` goes to the machine still */
    struct frame_reader reader;
    struct queue in, out; /* to the client, from it */
    uint8_t in_bytes[TS_RELAY_INBOX], out_bytes[TS_RELAY_OUTBOX];
};

struct route {
    uint64_t session;
    bool is_used;
    struct ts_relay_client *client; /* NULL: gone; ends at: */
    uint64_t end;
};

struct ts_relay {
    struct frame_reader reader;
    size_t n, written; /* of the frame that is on its way to the machine */
    uint8_t frame[FRAME_ENCODED];
    unsigned int turn;
    uint64_t resets[MAX_SESSIONS]; /* sessions to be closed */
    unsigned int nr_resets;
    struct route routes[MAX_SESSIONS];
    struct ts_relay_client *clients[TS_RELAY_MAX_CLIENTS];
};

/* --- queues --- */

static size_t queue_room(const struct queue *q)
{
    return q->size - q->n;
}

/* All of it or nothing. */
static void queue_put(struct queue *q, const uint8_t *bytes, size_t n)
{
    if (n > queue_room(q))
        return;
    if (q->start + q->n + n > q->size) {
        memmove(q->bytes, q->bytes + q->start, q->n);
        q->start = 0;
    }
    memcpy(q->bytes + q->start + q->n, bytes, n);
    q->n += n;
}

static void queue_drop(struct queue *q, size_t n)
{
    q->start += n;
    q->n -= n;
    if (!q->n)
        q->start = 0;
}

static void queue_put_frame(struct queue *q, const struct frame *frame)
{
    uint8_t bytes[FRAME_ENCODED];

    queue_put(q, bytes, frame_encode(frame, bytes));
}

/* --- routes --- */

static struct route *find_route(struct ts_relay *relay, uint64_t session)
{
    for (unsigned int i = 0; i < MAX_SESSIONS; i++)
        if (relay->routes[i].is_used && relay->routes[i].session == session)
            return &relay->routes[i];
    return NULL;
}

static void set_client(struct route *route, struct ts_relay_client *client)
{
    if (route->client)
        route->client->sessions--;
    route->client = client;
    if (client)
        client->sessions++;
}

static void drop_route(struct route *route)
{
    set_client(route, NULL);
    route->is_used = false;
}

static struct route *new_route(struct ts_relay *relay, uint64_t session)
{
    for (unsigned int i = 0; i < MAX_SESSIONS; i++) {
        struct route *route = &relay->routes[i];

        if (route->is_used)
            continue;
        *route = (struct route){ .session = session, .is_used = true };
        return route;
    }
    return NULL;
}

/* The client speaks for the session from now on; NULL: it has too many already. */
static struct route *take_route(struct ts_relay_client *client, uint64_t session)
{
    struct route *route = find_route(client->relay, session);

    if (route && route->client == client)
        return route;
    if (client->sessions == CLIENT_SESSIONS)
        return NULL;
    if (!route)
        route = new_route(client->relay, session);
    if (route)
        set_client(route, client);
    return route;
}

/* --- clients --- */

struct ts_relay *ts_relay_create(void)
{
    return calloc(1, sizeof(struct ts_relay));
}

void ts_relay_destroy(struct ts_relay *relay)
{
    if (!relay)
        return;
    for (unsigned int i = 0; i < TS_RELAY_MAX_CLIENTS; i++)
        free(relay->clients[i]);
    free(relay);
}

static struct ts_relay_client *new_client(struct ts_relay *relay)
{
    struct ts_relay_client *client = calloc(1, sizeof(*client));

    if (!client)
        return NULL;
    client->relay = relay;
    client->in = (struct queue){ .size = TS_RELAY_INBOX, .bytes = client->in_bytes };
    client->out = (struct queue){ .size = TS_RELAY_OUTBOX, .bytes = client->out_bytes };
    return client;
}

static void forget_client(struct ts_relay_client **place)
{
    free(*place);
    *place = NULL;
}

/* Free, or of a client that has left: it waits no longer. NULL: there is none. */
static struct ts_relay_client **find_place(struct ts_relay *relay)
{
    struct ts_relay_client **leaving = NULL;

    for (unsigned int i = 0; i < TS_RELAY_MAX_CLIENTS; i++) {
        struct ts_relay_client **place = &relay->clients[i];

        if (!*place)
            return place;
        if ((*place)->has_left)
            leaving = place;
    }
    return leaving;
}

struct ts_relay_client *ts_relay_join(struct ts_relay *relay)
{
    struct ts_relay_client **place = find_place(relay);

    if (!place)
        return NULL;
    forget_client(place);
    return *place = new_client(relay);
}

void ts_relay_leave(struct ts_relay_client *client, uint64_t now)
{
    struct ts_relay *relay = client->relay;

    for (unsigned int i = 0; i < MAX_SESSIONS; i++) {
        struct route *route = &relay->routes[i];

        if (!route->is_used || route->client != client)
            continue;
        set_client(route, NULL);
        route->end = now + TS_RELAY_GRACE_MS;
    }
    client->has_left = true;
    for (unsigned int i = 0; i < TS_RELAY_MAX_CLIENTS; i++)
        if (relay->clients[i] == client && !client->out.n)
            forget_client(&relay->clients[i]);
}

/* --- frames --- */

static void pass_to_machine(struct ts_relay_client *client, const struct frame *frame)
{
    struct route *route = take_route(client, frame->session);

    if (!route)
        return;
    queue_put_frame(&client->out, frame);
    if (frame->type == FRAME_RESET)
        drop_route(route);
}

void ts_relay_from_client(struct ts_relay_client *client, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    struct frame frame;
    bool is_complete;

    for (size_t i = 0; i < n;) {
        i += frame_reader_take(&client->reader, at + i, n - i, &frame, &is_complete);
        if (is_complete)
            pass_to_machine(client, &frame);
    }
}

bool ts_relay_has_room(const struct ts_relay_client *client)
{
    return queue_room(&client->out) >= TS_RELAY_OUTBOX / 2;
}

static void pass_to_client(struct ts_relay *relay, const struct frame *frame)
{
    struct route *route = find_route(relay, frame->session);

    if (!route)
        return;
    if (route->client)
        queue_put_frame(&route->client->in, frame);
    if (frame->type == FRAME_RESET)
        drop_route(route);
}

void ts_relay_from_machine(struct ts_relay *relay, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    struct frame frame;
    bool is_complete;

    for (size_t i = 0; i < n;) {
        i += frame_reader_take(&relay->reader, at + i, n - i, &frame, &is_complete);
        if (is_complete)
            pass_to_client(relay, &frame);
    }
}

size_t ts_relay_for_client(const struct ts_relay_client *client, const uint8_t **bytes)
{
    *bytes = client->in.bytes + client->in.start;
    return client->in.n;
}

void ts_relay_client_took(struct ts_relay_client *client, size_t n)
{
    queue_drop(&client->in, n);
}

/* --- turns on the channel to the machine --- */

static void next_reset(struct ts_relay *relay)
{
    static const uint8_t reason = RESET_CLOSED;
    const struct frame frame = { .version = TS_REMOTE_VERSION,
                                 .type = FRAME_RESET,
                                 .session = relay->resets[--relay->nr_resets],
                                 .payload = &reason,
                                 .n = 1 };

    relay->n = frame_encode(&frame, relay->frame);
}

/* Takes the client's oldest frame, from its first zero to its last. */
static bool next_of(struct ts_relay *relay, struct ts_relay_client *client)
{
    const uint8_t *at, *end;

    if (!client || !client->out.n)
        return false;
    at = client->out.bytes + client->out.start;
    end = memchr(at + 1, 0, client->out.n - 1);
    relay->n = (size_t)(end + 1 - at);
    memcpy(relay->frame, at, relay->n);
    queue_drop(&client->out, relay->n);
    return true;
}

static void next_frame(struct ts_relay *relay)
{
    relay->n = relay->written = 0;
    if (relay->nr_resets) {
        next_reset(relay);
        return;
    }
    for (unsigned int i = 0; i < TS_RELAY_MAX_CLIENTS; i++) {
        struct ts_relay_client **place = &relay->clients[relay->turn];
        bool is_found = next_of(relay, *place);

        relay->turn = (relay->turn + 1) % TS_RELAY_MAX_CLIENTS;
        if (*place && (*place)->has_left && !(*place)->out.n)
            forget_client(place);
        if (is_found)
            return;
    }
}

size_t ts_relay_for_machine(struct ts_relay *relay, const uint8_t **bytes)
{
    if (relay->written == relay->n)
        next_frame(relay);
    *bytes = relay->frame + relay->written;
    return relay->n - relay->written;
}

void ts_relay_machine_took(struct ts_relay *relay, size_t n)
{
    relay->written += n;
}

void ts_relay_machine_again(struct ts_relay *relay)
{
    relay->n = relay->written = 0;
    relay->reader.n = 0;
}

uint64_t ts_relay_run(struct ts_relay *relay, uint64_t now)
{
    uint64_t next = UINT64_MAX;

    for (unsigned int i = 0; i < MAX_SESSIONS; i++) {
        struct route *route = &relay->routes[i];

        if (!route->is_used || route->client)
            continue;
        if (now >= route->end && relay->nr_resets < MAX_SESSIONS) {
            relay->resets[relay->nr_resets++] = route->session;
            drop_route(route);
        } else if (route->end < next) {
            next = route->end;
        }
    }
    return next;
}
