/* SPDX-License-Identifier: MIT */
/*
 * A session's link: messages arrive once, in order, or not yet. Each is acknowledged by
 * number; a receiver that sees a gap says so once, and the sender goes back to the first
 * missing one. When nothing is acknowledged for a while the sender asks. A channel keeps
 * its order, so what is not there when the answer is given is lost, and is sent again;
 * what a slow channel has still under way is not. A sender never goes beyond the window
 * that the receiver has announced. Frames from nowhere (numbers that cannot be) change
 * nothing.
 */
#include "internal.h"

#include <string.h>

static uint64_t min_time(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Message numbers wrap around. */
static int32_t distance(uint32_t from, uint32_t to)
{
    return (int32_t)(to - from);
}

static struct link_message *slot(struct link_message *messages, uint32_t number)
{
    return &messages[number % LINK_WINDOW];
}

void link_init(struct link *link, uint64_t id, bool is_client, uint64_t now)
{
    memset(link, 0, sizeof(*link));
    link->id = id;
    link->is_client = is_client;
    link->connected = !is_client;
    link->hello_due = true;
    link->heard = now;
    link->retry_ms = LINK_RETRY_MS;
    link->retry_at = now + LINK_RETRY_MS;
    link->limit = LINK_WINDOW;
}

unsigned int link_room(const struct link *link)
{
    return LINK_WINDOW - (link->queued - link->acked);
}

struct link_message *link_reserve(struct link *link)
{
    return link_room(link) ? slot(link->out, link->queued) : NULL;
}

void link_commit(struct link *link)
{
    link->queued++;
}

const struct link_message *link_peek(const struct link *link)
{
    return link->taken == link->wanted ? NULL : &link->in[link->taken % LINK_WINDOW];
}

void link_take(struct link *link)
{
    /* The sender has stopped if the window was closed: it wants to know. */
    if (link->wanted - link->taken == LINK_WINDOW)
        link->ack_due = true;
    link->taken++;
    link->in_offset = 0;
}

static bool is_waiting(const struct link *link)
{
    return !link->connected || link->queued != link->acked;
}

static void restart_timer(struct link *link, uint64_t now)
{
    link->retry_ms = LINK_RETRY_MS;
    link->retry_at = now + LINK_RETRY_MS;
}

void link_resend(struct link *link, uint64_t now)
{
    link->next = link->acked;
    link->has_asked = false;
    link->hello_due |= link->is_client && !link->connected;
    /* The peer is to do so as well, and to answer. */
    link->gap_due = link->ask_due = link->connected;
    restart_timer(link, now);
}

static void receive_ack(struct link *link, const struct frame *frame, uint64_t now)
{
    uint32_t limit = frame->ack + frame->window;

    if (distance(link->acked, frame->ack) < 0 || distance(frame->ack, link->sent) < 0 ||
        frame->window > LINK_WINDOW)
        return;
    if (frame->ack != link->acked) {
        link->acked = frame->ack;
        if (distance(link->next, link->acked) > 0)
            link->next = link->acked;
        restart_timer(link, now);
    }
    if (distance(link->limit, limit) > 0)
        link->limit = limit;
    if (frame->flags & FRAME_GAP)
        link->next = link->acked;
    if (frame->flags & FRAME_ANSWER && link->has_asked) {
        link->has_asked = false;
        restart_timer(link, now);
        if (distance(link->acked, link->asked) > 0)
            link->next = link->acked;
    }
}

static void receive_data(struct link *link, const struct frame *frame)
{
    int32_t ahead = distance(link->wanted, frame->seq);
    struct link_message *message = slot(link->in, link->wanted);

    link->ack_due = true;
    if (ahead > 0 && link->gap_told != link->wanted + 1) {
        link->gap_due = true;
        link->gap_told = link->wanted + 1;
    }
    if (ahead || link->wanted - link->taken == LINK_WINDOW || !frame->n)
        return;
    memcpy(message->bytes, frame->payload, frame->n);
    message->n = (uint16_t)frame->n;
    link->wanted++;
}

void link_receive(struct link *link, const struct frame *frame, uint64_t now)
{
    link->heard = now;
    switch (frame->type) {
    case FRAME_HELLO:
        link->hello_due |= !link->is_client;
        return;
    case FRAME_WELCOME:
        link->connected = true;
        break;
    case FRAME_DATA:
        receive_data(link, frame);
        break;
    case FRAME_ACK:
        break;
    default:
        return;
    }
    link->answer_due |= (frame->flags & FRAME_ASK) != 0;
    receive_ack(link, frame, now);
}

static bool can_send_data(const struct link *link)
{
    return link->connected && link->next != link->queued &&
           distance(link->next, link->limit) > 0;
}

static void choose_data(struct link *link, struct frame *frame)
{
    const struct link_message *message = slot(link->out, link->next);

    frame->type = FRAME_DATA;
    frame->seq = link->next++;
    if (distance(link->sent, link->next) > 0)
        link->sent = link->next;
    frame->payload = message->bytes;
    frame->n = message->n;
}

/* A question that is repeated stays the first one: its answer may be on its way. */
static void note_question(struct link *link)
{
    if (!link->has_asked)
        link->asked = link->next;
    link->has_asked = true;
}

bool link_transmit(struct link *link, struct frame *frame, uint64_t now)
{
    bool idle = link->sent == link->acked;

    *frame = (struct frame){
        .version = TS_REMOTE_VERSION,
        .session = link->id,
        .ack = link->wanted,
        .window = (uint8_t)(LINK_WINDOW - (link->wanted - link->taken)),
        .flags =
            (uint8_t)((link->gap_due ? FRAME_GAP : 0) | (link->ask_due ? FRAME_ASK : 0) |
                      (link->answer_due ? FRAME_ANSWER : 0)),
    };
    if (link->hello_due) {
        link->hello_due = false;
        frame->type = link->is_client ? FRAME_HELLO : FRAME_WELCOME;
        return true;
    }
    if (can_send_data(link))
        choose_data(link, frame);
    else if (link->ack_due || link->ask_due || link->gap_due || link->answer_due)
        frame->type = FRAME_ACK;
    else
        return false;
    if (frame->type == FRAME_DATA && idle)
        restart_timer(link, now);
    if (link->ask_due)
        note_question(link);
    link->ack_due = link->ask_due = link->gap_due = link->answer_due = false;
    return true;
}

/* Nothing was heard of what is under way. */
static void retry(struct link *link, uint64_t now)
{
    link->hello_due |= link->is_client && !link->connected;
    link->ask_due = link->connected;
    link->retry_ms = min_time(2 * link->retry_ms, LINK_MAX_RETRY_MS);
    link->retry_at = now + link->retry_ms;
}

uint64_t link_tick(struct link *link, uint64_t now)
{
    if (!is_waiting(link) && !link->is_client)
        return TS_REMOTE_NEVER;
    if (now >= link->retry_at) {
        retry(link, now);
        if (!is_waiting(link))
            link->retry_at = now + LINK_KEEPALIVE_MS;
    }
    return link->retry_at;
}
