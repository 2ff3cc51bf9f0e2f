/* SPDX-License-Identifier: MIT */
/* A guest's ramdisk made of any bytes: every name and all data that it gives are there. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "../../mini-os/kernel/files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const struct file_ops regular_ops, directory_ops;

static const char *start, *end;
static volatile unsigned char sum;

/* Touches all that the node names; what is out of bounds is the sanitizer's. */
int tree_add(const struct node *node)
{
    assert(node->path >= start && node->path + strlen(node->path) < end);
    for (size_t i = 0; i < node->size; i++)
        sum += node->data[i];
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    start = (const char *)data;
    end = start + size;
    ramdisk_mount(start, size);
    return 0;
}
