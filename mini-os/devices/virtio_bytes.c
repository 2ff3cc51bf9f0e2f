/* SPDX-License-Identifier: MIT */
/*
 * Bytes through a port of a virtio console device. Interrupts for received bytes are off
 * while there are some that nobody has read, those for room to write while nobody waits
 * for it.
 */
#include "virtio_console.h"

#include <mini-os/string.h>

bool console_is_connected(const struct channel *channel)
{
    return console_of(channel)->is_connected;
}

static size_t write_buffer(struct console *c, unsigned int n, const char *bytes,
                           size_t left)
{
    struct virtqueue *queue = &c->queue[DATA_OUT];
    size_t part = left < queue->buffer_bytes ? left : queue->buffer_bytes;

    memcpy(queue->buffer[n], bytes, part);
    virtqueue_post_full(queue, n, (unsigned int)part);
    return part;
}

/* An idle buffer, or -1 with an interrupt to come as soon as there is one. */
static int buffer_to_write(struct console *c)
{
    struct virtqueue *queue = &c->queue[DATA_OUT];
    int n;

    console_reclaim(c, DATA_OUT);
    n = virtqueue_idle_buffer(queue);
    if (n >= 0)
        return n;
    virtqueue_interrupts(queue, true);
    console_reclaim(c, DATA_OUT);
    return virtqueue_idle_buffer(queue);
}

size_t console_write_bytes(struct channel *channel, const void *bytes, size_t n)
{
    struct console *c = console_of(channel);
    struct virtqueue *queue = &c->queue[DATA_OUT];
    size_t done = 0;
    int buffer;

    if (!c->is_connected)
        return 0;
    virtqueue_interrupts(queue, false);
    while (done < n && (buffer = buffer_to_write(c)) >= 0)
        done +=
            write_buffer(c, (unsigned int)buffer, (const char *)bytes + done, n - done);
    if (done)
        virtqueue_kick(queue);
    return done;
}

/* Gives the buffer that was read to its end back, and finds the next one. */
static bool next_received(struct console *c)
{
    struct virtqueue *queue = &c->queue[DATA_IN];

    while (c->read == c->received) {
        if (c->received)
            virtqueue_post_empty(queue, c->reading);
        c->read = c->received = 0;
        if (!console_take(c, DATA_IN, &c->reading, &c->received))
            return false;
        if (!c->received)
            virtqueue_post_empty(queue, c->reading);
    }
    return true;
}

/* The same, with an interrupt to come when there is none. */
static bool has_received(struct console *c)
{
    struct virtqueue *queue = &c->queue[DATA_IN];

    if (next_received(c))
        return true;
    virtqueue_kick(queue);
    virtqueue_interrupts(queue, true);
    return next_received(c);
}

size_t console_read_bytes(struct channel *channel, void *bytes, size_t n)
{
    struct console *c = console_of(channel);
    size_t done = 0, part;

    while (done < n && has_received(c)) {
        part = c->received - c->read;
        if (part > n - done)
            part = n - done;
        memcpy((char *)bytes + done, c->queue[DATA_IN].buffer[c->reading] + c->read,
               part);
        c->read += (unsigned int)part;
        done += part;
    }
    return done;
}
