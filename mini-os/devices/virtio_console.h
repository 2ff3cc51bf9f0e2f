/* SPDX-License-Identifier: MIT */
/*
 * A virtio console device of which one port is used: what its files share. All is used
 * with event delivery off.
 */
#ifndef MINI_OS_DEVICES_VIRTIO_CONSOLE_H
#define MINI_OS_DEVICES_VIRTIO_CONSOLE_H

#include <mini-os/thread.h>

#include "channel.h"
#include "line.h"
#include "virtio.h"

#define NO_PORT UINT32_MAX

/* Buffers. Those of control messages share a page, the others have one each. */
#define CONTROL_RECEIVE       32
#define CONTROL_RECEIVE_BYTES 96
#define CONTROL_SEND          32
#define CONTROL_SEND_BYTES    8
#define DATA_RECEIVE          16
#define DATA_SEND             8

enum { DATA_IN, DATA_OUT, CONTROL_IN, CONTROL_OUT, NR_QUEUES };

struct console {
    struct channel channel;
    struct virtio_device device;
    struct line line;
    struct virtqueue queue[NR_QUEUES];
    char *rings, *control; /* a page each */
    char *data[DATA_RECEIVE + DATA_SEND];
    const char *wanted;       /* name of the port; while it is looked for */
    struct wait_queue search; /* who does that */
    uint32_t port;            /* NO_PORT: not found yet */
    bool has_data_queues;
    bool is_connected, is_broken;
    /* A buffer, how much of it was read, and is in it. Equal: no buffer. */
    unsigned int reading, read, received;
};

static inline struct console *console_of(const struct channel *channel)
{
    return (struct console *)channel;
}

/*
 * Takes a buffer of the queue back: its number, and how much is in it. False: there is
 * none, or the device breaks the rules; then nobody is at the other end any more.
 */
bool console_take(struct console *c, unsigned int queue, unsigned int *n,
                  unsigned int *bytes);

/* Takes back all that was sent. */
void console_reclaim(struct console *c, unsigned int queue);

/* The device shall say which ports it has. */
void console_control_begin(struct console *c);

/* Hears what it has said. */
void console_control_serve(struct console *c);

/* The functions of the channel, but for close. */
bool console_is_connected(const struct channel *channel);
size_t console_write_bytes(struct channel *channel, const void *bytes, size_t n);
size_t console_read_bytes(struct channel *channel, void *bytes, size_t n);

#endif
