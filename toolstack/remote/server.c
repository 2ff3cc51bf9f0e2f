/* SPDX-License-Identifier: MIT */
/* The end that executes: its sessions, and their turns on the channel. */
#include "server.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_SESSIONS 8
#define DEFAULT_IDLE_MS  30000
#define UNUSED_MS        1000 /* a client has something to say by then */
#define DOUBT_MS         1000 /* of listening, before a silent client is given up */

struct ts_remote_server *ts_remote_server_create(const struct ts_remote_channel *channel,
                                                 const struct ts_remote_server_ops *ops,
                                                 void *context,
                                                 const struct ts_remote_limits *limits)
{
    struct ts_remote_limits l = limits ? *limits : (struct ts_remote_limits){ 0 };
    struct ts_remote_server *server;

    if (!l.max_sessions)
        l.max_sessions = DEFAULT_SESSIONS;
    if (!l.idle_ms)
        l.idle_ms = DEFAULT_IDLE_MS;
    server = calloc(1, sizeof(*server) + l.max_sessions * sizeof(server->sessions[0]));
    if (!server)
        return NULL;
    server->wire.channel = *channel;
    server->ops = *ops;
    server->context = context;
    server->limits = l;
    return server;
}

static void close_session(struct ts_remote_session **place)
{
    struct ts_remote_session *session = *place;

    *place = NULL;
    session_destroy(session);
}

void ts_remote_server_destroy(struct ts_remote_server *server)
{
    if (!server)
        return;
    for (unsigned int i = 0; i < server->limits.max_sessions; i++)
        if (server->sessions[i])
            close_session(&server->sessions[i]);
    free(server);
}

static void answer_reset(struct ts_remote_server *server, uint64_t session,
                         enum reset_reason reason)
{
    server->reset_due = true;
    server->reset_session = session;
    server->reset_reason = reason;
}

static struct ts_remote_session **find_session(struct ts_remote_server *server,
                                               uint64_t id)
{
    for (unsigned int i = 0; i < server->limits.max_sessions; i++)
        if (server->sessions[i] && server->sessions[i]->link.id == id)
            return &server->sessions[i];
    return NULL;
}

/* It was opened a while ago and nothing has come for it. */
static bool is_unused(const struct ts_remote_session *session, uint64_t now)
{
    return !session->link.wanted && now - session->opened >= UNUSED_MS;
}

/* A place for a session, if need be that of an unused one; NULL when all are in use. */
static struct ts_remote_session **find_place(struct ts_remote_server *server,
                                             uint64_t now)
{
    for (unsigned int i = 0; i < server->limits.max_sessions; i++)
        if (!server->sessions[i])
            return &server->sessions[i];
    for (unsigned int i = 0; i < server->limits.max_sessions; i++) {
        if (is_unused(server->sessions[i], now)) {
            close_session(&server->sessions[i]);
            return &server->sessions[i];
        }
    }
    return NULL;
}

static void open_session(struct ts_remote_server *server, uint64_t id, uint64_t now)
{
    struct ts_remote_session **place = find_place(server, now);

    if (place)
        *place = session_create(server, id, now);
    if (!place || !*place)
        answer_reset(server, id, RESET_FULL);
}

static void receive(struct ts_remote_server *server, const struct frame *frame,
                    uint64_t now)
{
    struct ts_remote_session **place = find_session(server, frame->session);

    if (frame->type == FRAME_RESET) {
        if (place)
            close_session(place);
    } else if (frame->version != TS_REMOTE_VERSION) {
        answer_reset(server, frame->session, RESET_VERSION);
    } else if (place) {
        link_receive(&(*place)->link, frame, now);
    } else if (frame->type == FRAME_HELLO) {
        open_session(server, frame->session, now);
    } else {
        answer_reset(server, frame->session, RESET_UNKNOWN);
    }
}

void ts_remote_server_bytes(struct ts_remote_server *server, const void *bytes, size_t n,
                            uint64_t now)
{
    const uint8_t *at = bytes;
    struct frame frame;
    bool is_complete;

    for (size_t i = 0; i < n;) {
        i += frame_reader_take(&server->wire.reader, at + i, n - i, &frame, &is_complete);
        if (is_complete)
            receive(server, &frame, now);
    }
}

static bool choose_frame(struct ts_remote_server *server, struct frame *frame,
                         uint64_t now, uint8_t *reason)
{
    if (server->reset_due) {
        server->reset_due = false;
        *reason = (uint8_t)server->reset_reason;
        *frame = (struct frame){ .version = TS_REMOTE_VERSION,
                                 .type = FRAME_RESET,
                                 .session = server->reset_session,
                                 .payload = reason,
                                 .n = 1 };
        return true;
    }
    for (unsigned int i = 0; i < server->limits.max_sessions; i++) {
        struct ts_remote_session *session = server->sessions[server->turn];

        server->turn = (server->turn + 1) % server->limits.max_sessions;
        if (session && link_transmit(&session->link, frame, now))
            return true;
    }
    return false;
}

static void transmit(struct ts_remote_server *server, uint64_t now)
{
    struct frame frame;
    uint8_t reason;

    while (wire_flush(&server->wire) && choose_frame(server, &frame, now, &reason))
        wire_send(&server->wire, &frame);
}

/*
 * Has the client been silent for too long? A server that was kept from listening, by other
 * work or a busy host, finds what has been said meanwhile when it gets to it: so nobody is
 * given up before some time of listening has gone by. *next: when to ask again, if not.
 */
static bool is_silent(struct ts_remote_session *session, uint64_t now, uint64_t *next)
{
    uint64_t end = session->link.heard + session->server->limits.idle_ms;

    if (now < end) {
        session->doubted = 0;
        *next = end;
    } else if (!session->doubted || now - session->doubted > 2 * DOUBT_MS) {
        session->doubted = now;
        *next = now + DOUBT_MS;
    } else {
        *next = session->doubted + DOUBT_MS;
    }
    return now >= *next;
}

/* Returns when the session needs to be looked at next; it may be gone then. */
static uint64_t work(struct ts_remote_server *server, struct ts_remote_session **place,
                     uint64_t now)
{
    struct ts_remote_session *session = *place;
    uint64_t end, tick;

    if (is_silent(session, now, &end)) {
        close_session(place);
        return TS_REMOTE_NEVER;
    }
    if (!session_work(session)) {
        answer_reset(server, session->link.id, RESET_UNKNOWN);
        close_session(place);
        return TS_REMOTE_NEVER;
    }
    tick = link_tick(&session->link, now);
    return tick < end ? tick : end;
}

uint64_t ts_remote_server_run(struct ts_remote_server *server, uint64_t now)
{
    uint64_t next = TS_REMOTE_NEVER;

    for (unsigned int i = 0; i < server->limits.max_sessions; i++) {
        uint64_t at = TS_REMOTE_NEVER;

        if (server->sessions[i])
            at = work(server, &server->sessions[i], now);
        if (at < next)
            next = at;
    }
    transmit(server, now);
    return next;
}
