/* SPDX-License-Identifier: MIT */
/*
 * A virtio console device as a channel: finding the port of a name, and its end.
 *
 * Which port has the name is told by the device only once it runs, and queues are made
 * known before. So it is started twice: the first time with the control queues alone,
 *
 *   we: DEVICE_READY     it: PORT_ADD for each port
 *   we: PORT_READY       it: PORT_NAME
 *
 * and then with the port's own queues too: at its PORT_ADD we say PORT_READY and PORT_OPEN,
 * and its PORT_OPEN tells whether somebody is at the other end.
 */
#include "virtio_console.h"

#include <stdlib.h>

#include <mini-os/console.h>
#include <mini-os/events.h>
#include <mini-os/mm.h>
#include <mini-os/string.h>
#include <mini-os/time.h>

#include "io.h"
#include "pci.h"

#define FEATURE_MULTIPORT (1ull << 1)
#define CONFIG_MAX_PORTS  4
#define NAME_LIMIT_NS     NSEC_PER_SEC

_Static_assert(CONTROL_RECEIVE *CONTROL_RECEIVE_BYTES +
                       CONTROL_SEND * CONTROL_SEND_BYTES <=
                   PAGE_SIZE,
               "one page");

static void on_interrupt(void *data)
{
    struct console *c = data;

    if (!virtio_interrupt(&c->device) || c->is_broken)
        return;
    console_control_serve(c);
    if (!c->has_data_queues)
        return;
    if (virtqueue_has_used(&c->queue[DATA_IN]))
        virtqueue_interrupts(&c->queue[DATA_IN], false);
    if (c->channel.handler)
        c->channel.handler(c->channel.data);
}

static void free_pages_of(struct console *c)
{
    char **page[] = { &c->rings, &c->control };

    for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
        if (*page[i])
            free_page(*page[i]);
    for (unsigned int i = 0; i < ARRAY_SIZE(c->data); i++)
        if (c->data[i])
            free_page(c->data[i]);
}

static bool allocate(struct console *c)
{
    c->rings = alloc_page();
    c->control = alloc_page();
    for (unsigned int i = 0; i < ARRAY_SIZE(c->data); i++) {
        c->data[i] = alloc_page();
        if (!c->data[i])
            return false;
    }
    return c->rings && c->control;
}

static void init_queue(struct console *c, unsigned int which, unsigned int index,
                       unsigned int nr, unsigned int buffer_bytes)
{
    char *ring = c->rings + (size_t)which * VIRTQUEUE_BYTES;

    memset(ring, 0, VIRTQUEUE_BYTES);
    virtqueue_init(&c->queue[which], index, ring, nr, buffer_bytes);
}

static void init_control(struct console *c)
{
    char *at = c->control;

    init_queue(c, CONTROL_IN, 2, CONTROL_RECEIVE, CONTROL_RECEIVE_BYTES);
    init_queue(c, CONTROL_OUT, 3, CONTROL_SEND, CONTROL_SEND_BYTES);
    for (unsigned int n = 0; n < CONTROL_RECEIVE; n++, at += CONTROL_RECEIVE_BYTES)
        c->queue[CONTROL_IN].buffer[n] = at;
    for (unsigned int n = 0; n < CONTROL_SEND; n++, at += CONTROL_SEND_BYTES)
        c->queue[CONTROL_OUT].buffer[n] = at;
}

/* The queues of port 0 are the first two, those of all others follow the control queues. */
static void init_data(struct console *c)
{
    unsigned int index = c->port ? 2 + 2 * c->port : 0;

    init_queue(c, DATA_IN, index, DATA_RECEIVE, PAGE_SIZE);
    init_queue(c, DATA_OUT, index + 1, DATA_SEND, PAGE_SIZE);
    for (unsigned int n = 0; n < DATA_RECEIVE; n++)
        c->queue[DATA_IN].buffer[n] = c->data[n];
    for (unsigned int n = 0; n < DATA_SEND; n++)
        c->queue[DATA_OUT].buffer[n] = c->data[DATA_RECEIVE + n];
    c->has_data_queues = true;
}

static void post_all(struct virtqueue *queue)
{
    for (unsigned int n = 0; n < queue->nr; n++)
        virtqueue_post_empty(queue, n);
    virtqueue_kick(queue);
}

static bool add_queues(struct console *c)
{
    for (unsigned int i = c->has_data_queues ? DATA_IN : CONTROL_IN; i < NR_QUEUES; i++)
        if (!virtio_add_queue(&c->device, &c->queue[i]))
            return false;
    return true;
}

/* Starts the device, with the port's queues once it is known. */
static bool start(struct console *c)
{
    if (!virtio_start(&c->device, FEATURE_MULTIPORT))
        return false;
    init_control(c);
    if (c->port != NO_PORT)
        init_data(c);
    if (!add_queues(c))
        return false;
    virtio_go(&c->device);
    if (c->has_data_queues)
        post_all(&c->queue[DATA_IN]);
    post_all(&c->queue[CONTROL_IN]);
    console_control_begin(c);
    return !c->is_broken;
}

static bool find_port(struct console *c)
{
    uint64_t deadline = time_now() + NAME_LIMIT_NS;
    int rc = 0;

    if (!start(c))
        return false;
    while (c->port == NO_PORT && !c->is_broken && !rc)
        rc = queue_wait(&c->search, deadline);
    return c->port < mmio_read32(c->device.config + CONFIG_MAX_PORTS);
}

/* Event delivery is off but while it waits for the port. */
static bool bring_up(struct console *c)
{
    bool events = events_save_disable();
    bool up = find_port(c) && start(c);

    if (!up)
        virtio_reset(&c->device);
    events_restore(events);
    return up;
}

static void dispose(struct console *c)
{
    line_close(&c->line);
    free_pages_of(c);
    free(c);
}

static void close_console(struct channel *channel)
{
    struct console *c = console_of(channel);

    virtio_reset(&c->device);
    dispose(c);
}

static const struct channel_ops ops = {
    .close = close_console,
    .is_connected = console_is_connected,
    .write = console_write_bytes,
    .read = console_read_bytes,
};

/* By a message if that is possible: a line may be shared, with devices of nobody too. */
static bool open_interrupt(struct console *c)
{
    if (!line_open_message(&c->line, c->device.address, on_interrupt, c)) {
        virtio_use_message(&c->device);
        return true;
    }
    return !line_open(&c->line, virtio_line(&c->device), on_interrupt, c);
}

static void describe(struct console *c)
{
    unsigned int address = c->device.address;

    ksnprintf(c->channel.description, sizeof(c->channel.description),
              "virtio port %s, PCI %02x:%02x.%x, %s %u", c->wanted, address >> 8,
              address >> 3 & 0x1f, address & 7, c->line.is_message ? "message" : "line",
              c->line.pirq);
}

static bool attach(struct console *c, unsigned int address)
{
    if (!virtio_attach(&c->device, address))
        return false;
    virtio_reset(&c->device);
    if (!allocate(c) || !open_interrupt(c))
        return false;
    describe(c);
    return bring_up(c);
}

struct search {
    const char *name;
    channel_handler_t *handler;
    void *data;
    struct channel *found;
};

static bool try_function(unsigned int address, void *data)
{
    struct search *search = data;
    struct console *c;

    if (!virtio_is(address, VIRTIO_ID_CONSOLE) || !(c = calloc(1, sizeof(*c))))
        return false;
    c->channel = (struct channel){ &ops, search->handler, search->data, "" };
    c->wanted = search->name;
    c->port = NO_PORT;
    if (!attach(c, address)) {
        dispose(c);
        return false;
    }
    search->found = &c->channel;
    return true;
}

struct channel *virtio_console_open(const char *name, channel_handler_t *handler,
                                    void *data)
{
    struct search search = { name, handler, data, NULL };

    pci_find(try_function, &search);
    return search.found;
}
