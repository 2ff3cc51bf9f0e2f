/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a packed kernel: the first one says how they are packed, or that they are a
 * bzImage. Nothing is written behind the room there is, and it ends.
 */
#include <stdlib.h>
#include <string.h>

#include <ts/unpack.h>

#define ROOM (16u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
    if (!condition)
        abort();
}

static bool count_steps(void *context, uint64_t done, uint64_t total)
{
    unsigned int *steps = context;

    expect(done <= total && total == ROOM);
    return ++*steps < 10000;
}

static void unpack(const struct ts_payload *payload)
{
    unsigned int steps = 0;
    const struct ts_progress progress = { count_steps, &steps };
    struct ts_err err = { 0 };
    uint8_t *room = malloc(ROOM); /* the sanitizer guards its ends */
    int rc = ts_unpack(payload, room, ROOM, &progress, &err);

    expect(rc != -XEN_EINTR);
    expect(!rc == !err.text[0]);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ts_payload payload;
    struct ts_err err = { 0 };
    uint8_t *copy;

    if (!size)
        return 0;
    copy = malloc(size);
    memcpy(copy, data + 1, size - 1);
    if (data[0] <= TS_PACKING_UNKNOWN && data[0] != TS_PACKING_NONE)
        payload =
            (struct ts_payload){ .packing = data[0], .data = copy, .size = size - 1 };
    else if (ts_payload_find(copy, size - 1, &payload, &err))
        payload.packing = TS_PACKING_NONE;
    if (payload.packing != TS_PACKING_NONE)
        unpack(&payload);
    free(copy);
    return 0;
}
