/* SPDX-License-Identifier: MIT */
/*
 * A channel of bytes between domain 0 and the machine around it: a port of a virtio
 * console device or, where there is none, the second serial line (16550A, COM2).
 *
 * Bytes that are read come in order and once, but the other end may go away at any time:
 * what it had not taken then is lost. Reading and writing never block; they, and asking,
 * may be done in any context on vCPU 0, open and close in threads.
 */
#ifndef MINI_OS_CHANNEL_H
#define MINI_OS_CHANNEL_H

#include <mini-os/compiler.h>

struct channel;

/*
 * Called as an event's handler after any of these: there are bytes to read after
 * channel_read() gave less than it was asked for, or was not called yet; there is room to
 * write after channel_write() took less than it was offered; the other end came or went.
 * May be called without cause.
 */
typedef void channel_handler_t(void *data);

/*
 * Opens the virtio console port of that name (its length is below 64), or else the second
 * serial line. Waits a second at most, for a device that does not answer. One channel can
 * be open at a time. Returns NULL: there is none, or no memory for it.
 */
struct channel *channel_open(const char *name, channel_handler_t *handler, void *data);

/* No handler is called any more. NULL is allowed. */
void channel_close(struct channel *channel);

/* Which it is, in words for the user; valid until it is closed. */
const char *channel_description(const struct channel *channel);

/* Is somebody at the other end? A serial line cannot tell: always. */
bool channel_is_connected(const struct channel *channel);

/* Takes up to n bytes, returns how many; none while nobody is connected. */
size_t channel_write(struct channel *channel, const void *bytes, size_t n);

/* Gives up to n bytes, returns how many; what was received before the other end went, too. */
size_t channel_read(struct channel *channel, void *bytes, size_t n);

#endif
