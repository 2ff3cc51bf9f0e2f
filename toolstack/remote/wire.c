/* SPDX-License-Identifier: MIT */
/* The channel, which may take a frame in pieces. */
#include "internal.h"

bool wire_flush(struct wire *wire)
{
    if (wire->written < wire->n) {
        size_t left = wire->n - wire->written;
        size_t taken =
            wire->channel.write(wire->channel.context, wire->out + wire->written, left);

        wire->written += taken < left ? taken : left;
    }
    return wire->written == wire->n;
}

void wire_send(struct wire *wire, const struct frame *frame)
{
    wire->n = frame_encode(frame, wire->out);
    wire->written = 0;
}
