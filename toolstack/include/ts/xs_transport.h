/* SPDX-License-Identifier: MIT */
/*
 * How the xenstore daemon reaches a client: a stream of bytes each way that never blocks.
 * ts/xs_ring.h is the one for a guest's shared page, ts/xs_buffer.h joins two ends in the
 * same program. A transport's memory belongs to whoever made it; close() is the last call.
 */
#ifndef TS_XS_TRANSPORT_H
#define TS_XS_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

struct xs_transport_ops {
    /*
     * Takes up to size (> 0) bytes that the client sent. Returns how many, 0 when there
     * are none now, or -XEN_EIO: the stream is broken, and of no more use.
     */
    int (*read)(void *context, void *buffer, size_t size);
    /* Sends up to size (> 0) bytes. Returns how many, 0 when full, or -XEN_EIO. */
    int (*write)(void *context, const void *data, size_t size);
    /* Bytes were taken or sent since the last call: wakes the client. */
    void (*notify)(void *context);
    /*
     * The client asks to begin anew: true once, with both streams empty again. NULL: such
     * a client cannot ask.
     */
    int (*reconnect)(void *context);
    /* The daemon gives this client up: XENSTORE_ERROR_*. May be NULL. */
    void (*fail)(void *context, uint32_t error);
    /* The daemon will not use the transport again. May be NULL. */
    void (*close)(void *context);
};

struct xs_transport {
    const struct xs_transport_ops *ops;
    void *context;
};

#endif
