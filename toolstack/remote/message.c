/* SPDX-License-Identifier: MIT */
/* Messages: a type, a head of fixed size, and bytes. */
#include "internal.h"

#include <string.h>

int message_send(struct link *link, enum message_type type, const void *head,
                 size_t head_size, const void *bytes, size_t n)
{
    struct link_message *message = link_reserve(link);
    size_t room = FRAME_PAYLOAD - 1 - head_size;

    if (!message)
        return -1;
    if (n > room)
        n = room;
    message->bytes[0] = (uint8_t)type;
    if (head_size)
        memcpy(message->bytes + 1, head, head_size);
    if (n)
        memcpy(message->bytes + 1 + head_size, bytes, n);
    message->n = (uint16_t)(1 + head_size + n);
    link_commit(link);
    return (int)n;
}

size_t message_send_all(struct link *link, enum message_type type, const void *head,
                        size_t head_size, const void *bytes, size_t n)
{
    size_t done = 0;

    while (done < n) {
        int sent = message_send(link, type, head, head_size,
                                (const uint8_t *)bytes + done, n - done);

        if (sent < 0)
            break;
        done += (size_t)sent;
    }
    return done;
}
