/* SPDX-License-Identifier: MIT */
/* Counted memory, and shared strings of bytes. */
#include "server.h"

#include <stdlib.h>
#include <string.h>

void *xs_allocate(struct xs_server *server, size_t size)
{
    void *memory = server->config.allocate(size);

    server->work++;
    if (memory)
        server->stats.bytes += size;
    return memory;
}

void xs_release(struct xs_server *server, void *memory, size_t size)
{
    server->work++;
    server->stats.bytes -= size;
    server->config.release(memory);
}

struct xs_blob *xs_blob_new(struct xs_server *server, const void *data, uint32_t length)
{
    struct xs_blob *blob = xs_allocate(server, sizeof(*blob) + length);

    if (!blob)
        return NULL;
    blob->refs = 1;
    blob->length = length;
    if (data)
        memcpy(blob->data, data, length);
    return blob;
}

struct xs_blob *xs_blob_get(struct xs_blob *blob)
{
    if (blob)
        blob->refs++;
    return blob;
}

void xs_blob_put(struct xs_server *server, struct xs_blob *blob)
{
    if (blob && !--blob->refs)
        xs_release(server, blob, sizeof(*blob) + blob->length);
}
