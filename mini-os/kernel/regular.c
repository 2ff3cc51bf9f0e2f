/* SPDX-License-Identifier: MIT */
/*
 * Regular files. One of the ramdisk is read where it lies; it moves to the heap when it is
 * written to.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LEAST_ROOM 64

static ssize_t regular_read(struct file *file, char *buf, size_t len)
{
    size_t size = file->node->size, offset = file->offset;
    size_t left = offset < size ? size - offset : 0;

    if (len > left)
        len = left;
    memcpy(buf, file->node->data + offset, len);
    file->offset += len;
    return len;
}

/* Room on the heap for size bytes, twice as much as before at least. */
static int reserve(struct node *node, size_t size)
{
    size_t room = node->room ? node->room * 2 : LEAST_ROOM;
    char *data;

    if (node->room >= size)
        return 0;
    if (size > PTRDIFF_MAX)
        return -EFBIG;
    room = room < size ? size : room;
    data = realloc(node->room ? node->data : NULL, room);
    if (!data)
        return -ENOSPC;
    if (!node->room && node->size)
        memcpy(data, node->data, node->size);
    node->data = data;
    node->room = room;
    return 0;
}

int node_set_size(struct node *node, size_t size)
{
    int rc = size > node->size ? reserve(node, size) : 0;

    if (rc)
        return rc;
    if (size > node->size)
        memset(node->data + node->size, 0, size - node->size);
    node->size = size;
    node->mtime = time(NULL);
    if (!size && node->room) {
        free(node->data);
        node->data = NULL;
        node->room = 0;
    }
    return 0;
}

static ssize_t regular_write(struct file *file, const char *buf, size_t len)
{
    struct node *node = file->node;
    size_t offset = file->flags & O_APPEND ? node->size : (size_t)file->offset;
    size_t end = offset + len, size = node->size;
    int rc;

    if (!len)
        return 0;
    if (end < offset)
        return -EFBIG;
    rc = reserve(node, end > size ? end : size);
    if (!rc && end > size)
        rc = node_set_size(node, end);
    if (rc)
        return rc;
    memcpy(node->data + offset, buf, len);
    node->mtime = time(NULL);
    file->offset = end;
    return len;
}

const struct file_ops regular_ops = { .read = regular_read, .write = regular_write };
