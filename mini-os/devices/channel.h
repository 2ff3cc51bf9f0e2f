/* SPDX-License-Identifier: MIT */
/*
 * What each kind of channel has. The functions are <mini-os/channel.h>'s; all but close
 * are called with event delivery off.
 */
#ifndef MINI_OS_DEVICES_CHANNEL_H
#define MINI_OS_DEVICES_CHANNEL_H

#include <mini-os/channel.h>

struct channel_ops {
    void (*close)(struct channel *channel);
    bool (*is_connected)(const struct channel *channel);
    size_t (*write)(struct channel *channel, const void *bytes, size_t n);
    size_t (*read)(struct channel *channel, void *bytes, size_t n);
};

/* The first member of each kind's own structure. */
struct channel {
    const struct channel_ops *ops;
    channel_handler_t *handler;
    void *data;
    char description[112];
};

/* Each looks for a channel of its kind. NULL: there is none, or no memory. */
struct channel *virtio_console_open(const char *name, channel_handler_t *handler,
                                    void *data);
struct channel *uart_open(channel_handler_t *handler, void *data);

#endif
