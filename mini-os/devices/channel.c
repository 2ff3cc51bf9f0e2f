/* SPDX-License-Identifier: MIT */
/* The channel: whichever kind there is. */
#include "channel.h"

#include <mini-os/events.h>

#include "io.h"

static struct channel *the_channel;

struct channel *channel_open(const char *name, channel_handler_t *handler, void *data)
{
    if (the_channel || io_enable())
        return NULL;
    the_channel = virtio_console_open(name, handler, data);
    if (!the_channel)
        the_channel = uart_open(handler, data);
    return the_channel;
}

void channel_close(struct channel *channel)
{
    if (!channel)
        return;
    channel->ops->close(channel);
    the_channel = NULL;
}

const char *channel_description(const struct channel *channel)
{
    return channel->description;
}

bool channel_is_connected(const struct channel *channel)
{
    bool events = events_save_disable();
    bool connected = channel->ops->is_connected(channel);

    events_restore(events);
    return connected;
}

size_t channel_write(struct channel *channel, const void *bytes, size_t n)
{
    bool events = events_save_disable();
    size_t taken = channel->ops->write(channel, bytes, n);

    events_restore(events);
    return taken;
}

size_t channel_read(struct channel *channel, void *bytes, size_t n)
{
    bool events = events_save_disable();
    size_t given = channel->ops->read(channel, bytes, n);

    events_restore(events);
    return given;
}
