/* SPDX-License-Identifier: MIT */
/*
 * A transport within one program: two bounded byte queues. The daemon has one end
 * (xs_buffer_transport), a client the other (xs_buffer_send, xs_buffer_receive): a test,
 * or whoever relays a socket.
 */
#ifndef TS_XS_BUFFER_H
#define TS_XS_BUFFER_H

#include <stdbool.h>

#include <ts/xs_transport.h>

#define XS_BUFFER_SIZE 4096u /* a power of two */

struct xs_byte_queue {
    uint32_t head, tail; /* count bytes taken and put, modulo 2^32 */
    char bytes[XS_BUFFER_SIZE];
};

struct xs_buffer {
    struct xs_byte_queue to_daemon, to_client;
    bool hung_up; /* by the client: the daemon's next read fails */
    bool closed;  /* by the daemon */
    unsigned int signals;
};

void xs_buffer_init(struct xs_buffer *buffer);
struct xs_transport xs_buffer_transport(struct xs_buffer *buffer);

/* The client's end: both return how many bytes were moved, at most size. */
size_t xs_buffer_send(struct xs_buffer *buffer, const void *data, size_t size);
size_t xs_buffer_receive(struct xs_buffer *buffer, void *data, size_t size);

#endif
