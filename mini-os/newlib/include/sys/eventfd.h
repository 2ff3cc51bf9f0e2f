/* SPDX-License-Identifier: MIT */
/*
 * A counter with a descriptor, to end a poll() from elsewhere.
 */
#ifndef _SYS_EVENTFD_H
#define _SYS_EVENTFD_H

#include <fcntl.h>
#include <stdint.h>

#define EFD_NONBLOCK O_NONBLOCK
#define EFD_CLOEXEC  0

typedef uint64_t eventfd_t;

/* A descriptor; read() gives the counter, 8 bytes, and sets it to 0, having waited until
 * it was not 0 (EAGAIN with EFD_NONBLOCK). -1 with EMFILE, ENOMEM, EINVAL (flags). */
int eventfd(unsigned int initial, int flags);

/* Adds to the counter. Also in handlers of events and timeouts, while the descriptor is
 * open. Returns 0, or -1 with EBADF, EINVAL. */
int eventfd_write(int fd, eventfd_t value);

/* Returns 0, or -1 with EBADF, EINVAL, EAGAIN. */
int eventfd_read(int fd, eventfd_t *value);

#endif
