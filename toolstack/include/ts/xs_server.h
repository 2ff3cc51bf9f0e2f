/* SPDX-License-Identifier: MIT */
/*
 * The xenstore daemon as a library: the tree, its permissions and quotas, transactions,
 * watches, and the connections of the domains that use it. It makes no system calls: the
 * program around it brings transports (ts/xs_transport.h), says when one may be read or
 * written, and calls xs_server_step() until there is nothing more to do. ts/xs_local.h
 * has the calls with which that program itself uses the store.
 *
 * One thread at a time may be in here. Nothing blocks. Connections have turns, of one
 * request each, by what they cost: whoever has caused more work than the others that wait
 * misses turns until they have had as much. A turn is not interrupted: the longest one of
 * an unprivileged domain is the end of a transaction with all the nodes it may look at, or
 * the removal of all that it owns. What a client can make the daemon keep is
 * bounded by its quotas: a client that stops reading is not served until it reads again,
 * and its watch events beyond a limit are merged, one per watch.
 *
 * Errors are negative XEN_E* (<abi/errno.h>). Domain 0 is privileged: no permissions, no
 * quotas but the protocol's own limits.
 */
#ifndef TS_XS_SERVER_H
#define TS_XS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/xen.h>
#include <ts/xs_transport.h>

#define XS_PATH_DEPTH_MAX 128 /* components of any path */

struct xs_server;
struct xs_connection;

/* What one unprivileged domain may have. 0 in a field of the configuration: the default. */
struct xs_quota {
    uint32_t nodes;             /* 1000: owned by it */
    uint32_t watches;           /* 128 */
    uint32_t transactions;      /* 10: open at once */
    uint32_t transaction_nodes; /* 256: looked at in one transaction */
    uint32_t node_size;         /* 2048: bytes of a value */
    uint32_t permissions;       /* 5: entries of a node */
    uint32_t requests;          /* 20: answered but not yet read */
    uint32_t memory;            /* 1 MiB: nodes, watches and transactions together */
    uint32_t events;            /* 16 KiB: watch events not yet read */
};

struct xs_config {
    struct xs_quota quota;
    /* Changes of the tree that a transaction may span; beyond, it ends with EAGAIN.
     * Bounds the memory that old versions of the tree can hold. 0: 8192. */
    uint32_t transaction_age;
    uint64_t seed; /* any number that guests cannot guess */
    /* Memory; both NULL: malloc() and free(). */
    void *(*allocate)(size_t size);
    void (*release)(void *memory);
    /*
     * XS_INTRODUCE came in over a connection: fills in the transport of the domain's page
     * and event channel. 0 or a negative error, which is the answer. NULL: EINVAL.
     */
    int (*introduce)(void *context, domid_t domid, uint64_t gfn, uint32_t port,
                     struct xs_transport *transport);
    /* XS_CONTROL print, and what an operator should know. May be NULL. */
    void (*log)(void *context, const char *text);
    void *context;
};

/* Exact: all but the server itself is 0 again after what was made has been undone. */
struct xs_stats {
    size_t bytes; /* allocated now */
    uint32_t nodes, watches, transactions, connections, accounts, permission_sets;
    uint64_t requests; /* answered so far */
};

/* A store with the node "/" alone, owned by domain 0. NULL when out of memory. */
struct xs_server *xs_server_create(const struct xs_config *config);

/* Closes all transports; local handles (ts/xs_local.h) must have been closed. */
void xs_server_destroy(struct xs_server *server);

/*
 * Takes up service of a domain; @introduceDomain fires. For a domain that is being served
 * the transport is exchanged: what it had of watches and transactions is dropped.
 * *connection (may be NULL) is valid until released. Returns 0 or -XEN_ENOMEM (the
 * transport is then not closed).
 */
int xs_server_introduce(struct xs_server *server, domid_t domid,
                        const struct xs_transport *transport,
                        struct xs_connection **connection);

/*
 * The domain is gone: ends its service, if there is one, and takes it out of all
 * permissions, so that a later domain of the same number inherits nothing; its nodes
 * become domain 0's. @releaseDomain fires. Returns 0, -XEN_ENOENT when it was not
 * introduced (permissions are cleaned all the same), -XEN_EINVAL for domain 0.
 */
int xs_server_release(struct xs_server *server, domid_t domid);

/* The domain has shut down but is there still: @releaseDomain fires, once until resumed.
 * Returns 0, or -XEN_ENOENT. */
int xs_server_shutdown(struct xs_server *server, domid_t domid);

/* A client other than a domain's ring (a socket): acts for domid. Ends with the first
 * failure of its transport or xs_server_disconnect(). -XEN_ENOMEM. */
int xs_server_connect(struct xs_server *server, domid_t domid,
                      const struct xs_transport *transport,
                      struct xs_connection **connection);
void xs_server_disconnect(struct xs_connection *connection);

/* NULL when the domain is not being served. */
struct xs_connection *xs_server_find(struct xs_server *server, domid_t domid);

/* There may be something to read, or room to write. Any number of times. */
void xs_connection_ready(struct xs_connection *connection);

/* Does a bounded amount of work (a few small requests or a large one). True: call again. */
bool xs_server_step(struct xs_server *server);

void xs_server_stats(const struct xs_server *server, struct xs_stats *stats);

/* Verifies the invariants of all structures. True: sound. For tests; walks everything. */
bool xs_server_check(const struct xs_server *server);

#endif
