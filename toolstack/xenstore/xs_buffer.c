/* SPDX-License-Identifier: MIT */
/* The transport over two byte queues in memory. */
#include <ts/xs_buffer.h>

#include <abi/errno.h>
#include <string.h>

static size_t put(struct xs_byte_queue *queue, const char *data, size_t size)
{
    size_t room = XS_BUFFER_SIZE - (queue->tail - queue->head);

    if (size > room)
        size = room;
    for (size_t i = 0; i < size; i++)
        queue->bytes[queue->tail++ % XS_BUFFER_SIZE] = data[i];
    return size;
}

static size_t take(struct xs_byte_queue *queue, char *data, size_t size)
{
    size_t there = queue->tail - queue->head;

    if (size > there)
        size = there;
    for (size_t i = 0; i < size; i++)
        data[i] = queue->bytes[queue->head++ % XS_BUFFER_SIZE];
    return size;
}

static int buffer_read(void *context, void *data, size_t size)
{
    struct xs_buffer *buffer = context;
    int n = (int)take(&buffer->to_daemon, data, size);

    return !n && buffer->hung_up ? -XEN_EIO : n;
}

static int buffer_write(void *context, const void *data, size_t size)
{
    struct xs_buffer *buffer = context;

    return buffer->hung_up ? -XEN_EIO : (int)put(&buffer->to_client, data, size);
}

static void buffer_notify(void *context)
{
    struct xs_buffer *buffer = context;

    buffer->signals++;
}

static void buffer_close(void *context)
{
    struct xs_buffer *buffer = context;

    buffer->closed = true;
}

static const struct xs_transport_ops buffer_ops = {
    .read = buffer_read,
    .write = buffer_write,
    .notify = buffer_notify,
    .close = buffer_close,
};

void xs_buffer_init(struct xs_buffer *buffer)
{
    memset(buffer, 0, sizeof(*buffer));
}

struct xs_transport xs_buffer_transport(struct xs_buffer *buffer)
{
    return (struct xs_transport){ .ops = &buffer_ops, .context = buffer };
}

size_t xs_buffer_send(struct xs_buffer *buffer, const void *data, size_t size)
{
    return put(&buffer->to_daemon, data, size);
}

size_t xs_buffer_receive(struct xs_buffer *buffer, void *data, size_t size)
{
    return take(&buffer->to_client, data, size);
}
