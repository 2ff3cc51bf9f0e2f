/* SPDX-License-Identifier: MIT */
/*
 * Between the connection (xenbus.c), the requests (xenstore.c) and the watches (watch.c).
 */
#ifndef MINI_OS_KERNEL_XENBUS_H
#define MINI_OS_KERNEL_XENBUS_H

#include <abi/io/xs_wire.h>
#include <mini-os/xenbus.h>

/* A piece of a request's payload. */
struct xenbus_part {
    const char *bytes;
    size_t len;
};

struct xenbus_answer {
    int rc;
    char *payload; /* to be freed; NULL unless rc is 0. A zero follows the len bytes. */
    size_t len;
};

/* Sends a request and waits for the answer. Returns answer->rc, or the error that kept it
 * from being sent, with *answer as it was. */
int xenbus_call(uint32_t type, uint32_t tx, const struct xenbus_part *parts,
                unsigned int count, struct xenbus_answer *answer);

/* In the receiving thread: path, zero, token, zero. Takes the payload over. */
void xenbus_deliver_event(char *payload, size_t len);

void xenbus_renew_watches(void);

/* The negative errno for a name ("ENOENT"); -EIO for an unknown one. */
int errno_from_name(const char *name);

#endif
