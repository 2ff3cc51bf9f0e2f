/* SPDX-License-Identifier: MIT */
/*
 * Xenstore, from a domain that has a connection (any but the one that serves it).
 *
 * Calls block the calling thread until the answer is there; any number of threads may
 * call. tx is 0 or a transaction's number. Every function may return the negative errno
 * that the store answered, -ENOMEM, -EINVAL for what is too long, and -ENOTCONN where
 * there is no store, or while the request was under way the connection broke or the domain
 * was suspended. Errnos are those of <errno.h>.
 *
 * A connection that broke is begun anew if the store can do that: transactions are gone
 * then, watches are set again and have a first event again.
 */
#ifndef MINI_OS_XENBUS_H
#define MINI_OS_XENBUS_H

#include <mini-os/compiler.h>
#include <mini-os/sync.h>

/* Whether this domain has a connection. */
bool xenbus_present(void);

/*
 * Reads a node. *value is to be freed and has a zero behind its *len bytes; len may be
 * NULL.
 */
int xenbus_read(uint32_t tx, const char *path, char **value, size_t *len);

int xenbus_write(uint32_t tx, const char *path, const char *value, size_t len);

/* Writes formatted text of at most 255 bytes. */
int xenbus_printf(uint32_t tx, const char *path, const char *fmt, ...) printf_like(3, 4);

int xenbus_mkdir(uint32_t tx, const char *path);
int xenbus_rm(uint32_t tx, const char *path);

/*
 * The names of a node's children: an array of *count strings, one piece of memory to be
 * freed.
 */
int xenbus_ls(uint32_t tx, const char *path, char ***names, unsigned int *count);

/* Permissions as the store writes them ("n5", "r0", ...), one after the other with their
 * zeros: len bytes. */
int xenbus_get_perms(uint32_t tx, const char *path, char **perms, size_t *len);
int xenbus_set_perms(uint32_t tx, const char *path, const char *perms, size_t len);

int xenbus_transaction_start(uint32_t *tx);

/* commit false discards. -EAGAIN: somebody else changed the same nodes; start again. */
int xenbus_transaction_end(uint32_t tx, bool commit);

/* A watch, and its events that nobody has taken yet. */
struct xenbus_watch {
    struct xenbus_watch *next;
    struct xenbus_event *first, *last;
    struct semaphore events;
    const char *path;
    bool to_be_renewed; /* the store has forgotten it */
    char token[24];
};

/* Watches path (kept, not copied) and everything below. The first event comes at once. */
int xenbus_watch(struct xenbus_watch *watch, const char *path);

/*
 * Waits for the watch's next event. Returns the path that changed, to be freed; NULL when
 * the deadline (ns of system time, TIME_NEVER) passed.
 */
char *xenbus_watch_next(struct xenbus_watch *watch, uint64_t deadline);

/* Takes the watch away with its events. No thread may be waiting for it. */
int xenbus_unwatch(struct xenbus_watch *watch);

#endif
