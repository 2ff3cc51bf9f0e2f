/* SPDX-License-Identifier: MIT */
/* Kernel files that may be packed. */
#include <ts/build.h>

#include <string.h>

/* The file's bytes, or those that were packed in it. */
static int image_bytes(struct ts_unpacker *unpacker, const struct ts_payload *payload,
                       const struct ts_progress *progress, struct ts_unpacked **unpacked,
                       struct ts_unpacked *bytes, struct ts_err *err)
{
    int rc;

    *bytes = (struct ts_unpacked){ payload->data, payload->size };
    if (payload->packing == TS_PACKING_NONE)
        return 0;
    rc = ts_unpacked_get(unpacker, payload, progress, unpacked, err);
    if (!rc)
        *bytes = **unpacked;
    return rc;
}

int ts_kernel_open(struct ts_unpacker *unpacker, const void *file, size_t size,
                   const struct ts_progress *progress, struct ts_kernel *kernel,
                   struct ts_err *err)
{
    struct ts_unpacked *unpacked = NULL, bytes;
    struct ts_payload payload;
    int rc;

    memset(kernel, 0, sizeof(*kernel));
    rc = ts_payload_find(file, size, &payload, err);
    if (!rc)
        rc = image_bytes(unpacker, &payload, progress, &unpacked, &bytes, err);
    if (!rc)
        rc = ts_kernel_parse(bytes.data, bytes.size, kernel, err);
    kernel->payload = payload;
    kernel->unpacked = unpacked;
    return rc;
}

void ts_kernel_close(struct ts_kernel *kernel)
{
    ts_unpacked_put(kernel->unpacked);
    kernel->unpacked = NULL;
}
