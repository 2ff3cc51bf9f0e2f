/* SPDX-License-Identifier: MIT */
/* Control messages of a virtio console device (virtio 1.0, 5.3.6.2). */
#include "virtio_console.h"

#include <mini-os/console.h>
#include <mini-os/string.h>

enum control_event {
    DEVICE_READY = 0,
    PORT_ADD = 1,
    PORT_REMOVE = 2,
    PORT_READY = 3,
    PORT_OPEN = 6,
    PORT_NAME = 7,
};

struct control_message {
    uint32_t port;
    uint16_t event, value;
    char name[]; /* PORT_NAME: what is left of the message */
};

_Static_assert(sizeof(struct control_message) == CONTROL_SEND_BYTES, "no name is sent");

/* The device is not to be used any more. */
static void give_up(struct console *c)
{
    if (!c->is_broken)
        kprintf("%s: the device has broken the rules, and is not used any more\n",
                c->channel.description);
    c->is_broken = true;
    c->is_connected = false;
}

bool console_take(struct console *c, unsigned int queue, unsigned int *n,
                  unsigned int *bytes)
{
    int rc = c->is_broken ? 0 : virtqueue_take(&c->queue[queue], n, bytes);

    if (rc < 0)
        give_up(c);
    return rc > 0;
}

void console_reclaim(struct console *c, unsigned int queue)
{
    unsigned int n, bytes;

    while (console_take(c, queue, &n, &bytes))
        ;
}

static void say(struct console *c, uint32_t port, enum control_event event)
{
    struct virtqueue *queue = &c->queue[CONTROL_OUT];
    struct control_message *message;
    int n;

    console_reclaim(c, CONTROL_OUT);
    n = virtqueue_idle_buffer(queue);
    if (n < 0) {
        give_up(c);
        return;
    }
    message = (struct control_message *)queue->buffer[n];
    *message = (struct control_message){ port, (uint16_t)event, 1 };
    virtqueue_post_full(queue, (unsigned int)n, sizeof(*message));
    virtqueue_kick(queue);
}

static bool has_wanted_name(const struct console *c,
                            const struct control_message *message, unsigned int bytes)
{
    size_t length = strlen(c->wanted);

    bytes -= sizeof(*message);
    return (bytes == length || (bytes > length && !message->name[length])) &&
           !memcmp(message->name, c->wanted, length);
}

/* While the port is being looked for. */
static void hear_searching(struct console *c, const struct control_message *message,
                           unsigned int bytes)
{
    if (message->event == PORT_ADD) {
        say(c, message->port, PORT_READY);
    } else if (message->event == PORT_NAME && has_wanted_name(c, message, bytes)) {
        c->port = message->port;
        queue_wake_all(&c->search);
    }
}

static void hear_port(struct console *c, const struct control_message *message)
{
    if (message->port != c->port)
        return;
    switch (message->event) {
    case PORT_ADD:
        say(c, c->port, PORT_READY);
        say(c, c->port, PORT_OPEN);
        break;
    case PORT_OPEN:
        c->is_connected = message->value;
        break;
    case PORT_REMOVE:
        c->is_connected = false;
        break;
    default:
        break;
    }
}

static void hear(struct console *c, const struct control_message *message,
                 unsigned int bytes)
{
    if (bytes < sizeof(*message))
        return;
    if (c->has_data_queues)
        hear_port(c, message);
    else
        hear_searching(c, message, bytes);
}

void console_control_serve(struct console *c)
{
    struct virtqueue *queue = &c->queue[CONTROL_IN];
    unsigned int n, bytes;
    bool any = false;

    while (console_take(c, CONTROL_IN, &n, &bytes)) {
        hear(c, (struct control_message *)queue->buffer[n], bytes);
        virtqueue_post_empty(queue, n);
        any = true;
    }
    if (any)
        virtqueue_kick(queue);
}

void console_control_begin(struct console *c)
{
    say(c, 0, DEVICE_READY);
}
