/* SPDX-License-Identifier: MIT */
/*
 * What is sent in the place of a kernel that takes long to unpack. A machine is slow at
 * that when it is emulated, and has other guests to run; here there is a whole processor.
 */
#include "host.h"

#include <stdlib.h>

static bool helps(const void *bytes, size_t size)
{
    struct ts_payload payload;
    struct ts_err err;

    return !ts_payload_find(bytes, size, &payload, &err) && ts_repack_helps(&payload);
}

bool instead_make(struct file *file, const struct ts_progress *progress)
{
    struct ts_err err = { 0 };
    void *bytes;

    if (file->instead)
        return true;
    bytes = file_read_all(file, &err);
    if (bytes && helps(bytes, file->size))
        ts_repack(bytes, file->size, progress, &file->instead, &file->instead_size, &err);
    free(bytes);
    return file->instead;
}

void instead_drop(struct file *file)
{
    free(file->instead);
    file->instead = NULL;
    file->is_kernel = false;
}
