/* SPDX-License-Identifier: MIT */
/*
 * What is sent in the place of a kernel that takes long to unpack. A machine is slow at
 * that when it is emulated, and has other guests to run; here there is a whole processor.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>

/* They are still what the file's digest was made of, and packed so that it is worth it. */
static bool is_fit(const struct file *file, const void *bytes)
{
    uint8_t digest[TS_DIGEST_BYTES];
    struct ts_payload payload;
    struct ts_err err;

    if (ts_payload_find(bytes, file->size, &payload, &err) || !ts_repack_helps(&payload))
        return false;
    ts_digest_of(bytes, file->size, digest);
    return !memcmp(digest, file->digest, sizeof(digest));
}

bool instead_make(struct file *file, const struct ts_progress *progress)
{
    struct ts_err err = { 0 };
    void *bytes;

    if (file->instead)
        return true;
    bytes = file_read_all(file, &err);
    if (bytes && is_fit(file, bytes))
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
