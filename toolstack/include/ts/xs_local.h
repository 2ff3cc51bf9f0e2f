/* SPDX-License-Identifier: MIT */
/*
 * The store for the program that the daemon runs in: plain calls, no messages, as domain 0
 * or in the name of another domain. Paths may be relative to /local/domain/N. Values are
 * bytes. `transaction` 0 is none. Changes are visible when a call returns; watch events
 * and callbacks wait for xs_server_step(), which is to be called after changes too.
 *
 * Errors besides those named at a function: -XEN_EINVAL (path, unknown transaction:
 * -XEN_ENOENT), -XEN_EACCES, -XEN_ENOMEM, -XEN_ENOSPC and -XEN_E2BIG for quotas.
 */
#ifndef TS_XS_LOCAL_H
#define TS_XS_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/xen.h>

struct xs_server;
struct xs_local;

#define XS_ACCESS_NONE  0u
#define XS_ACCESS_READ  1u
#define XS_ACCESS_WRITE 2u

/* The first entry names the owner, and the access of all who are not listed. */
struct xs_permission {
    domid_t domid;
    uint8_t access; /* XS_ACCESS_* */
};

/* NULL when out of memory. domid 0 is privileged. */
struct xs_local *xs_local_open(struct xs_server *server, domid_t domid);
/* Aborts its transactions, removes its watches. May be called from a callback. */
void xs_local_close(struct xs_local *local);

/*
 * Copies the value and a final 0 to text (size bytes). *length (may be NULL): bytes of
 * the value. -XEN_ENOENT; -XEN_E2BIG: more than size - 1 bytes (*length is set).
 */
int xs_local_read(struct xs_local *local, uint32_t transaction, const char *path,
                  void *text, size_t size, size_t *length);
/* Creates the node, and those above it that are missing. */
int xs_local_write(struct xs_local *local, uint32_t transaction, const char *path,
                   const void *value, size_t length);
int xs_local_mkdir(struct xs_local *local, uint32_t transaction, const char *path);
/* With all below it. -XEN_ENOENT when it is not there. */
int xs_local_remove(struct xs_local *local, uint32_t transaction, const char *path);
/* Calls each(context, name) for every child; each must not call this module. -XEN_ENOENT. */
int xs_local_list(struct xs_local *local, uint32_t transaction, const char *path,
                  void (*each)(void *context, const char *name), void *context);
/* Copies up to size entries; returns how many there are, or an error. */
int xs_local_get_permissions(struct xs_local *local, uint32_t transaction,
                             const char *path, struct xs_permission *permissions,
                             unsigned int size);
int xs_local_set_permissions(struct xs_local *local, uint32_t transaction,
                             const char *path, const struct xs_permission *permissions,
                             unsigned int count);

int xs_local_transaction_start(struct xs_local *local, uint32_t *transaction);
/* -XEN_EAGAIN: not committed, others have changed what it looked at: do it again. The
 * transaction is over in any case. */
int xs_local_transaction_end(struct xs_local *local, uint32_t transaction, bool commit);

/* path: what changed. Until xs_local_unwatch() returns, it may be called. */
typedef void (*xs_watch_fn)(void *context, const char *path, const char *token);

/* Fires once at the start. path may be "@introduceDomain" or "@releaseDomain".
 * -XEN_EEXIST: this path and token are being watched by this handle. */
int xs_local_watch(struct xs_local *local, const char *path, const char *token,
                   xs_watch_fn fn, void *context);
/* -XEN_ENOENT */
int xs_local_unwatch(struct xs_local *local, const char *path, const char *token);

#endif
