/* SPDX-License-Identifier: MIT */
/*
 * The server's structures above the tree: connections, watches, transactions, messages.
 */
#ifndef XENSTORE_SERVER_H
#define XENSTORE_SERVER_H

#include "store.h"

#define XS_ACCOUNT_BUCKETS     256u
#define XS_PERMS_BUCKETS       512u
#define XS_WATCH_BUCKETS       2048u
#define XS_TRANSACTION_BUCKETS 16u
#define XS_TURN_LISTS          128u
#define XS_TURN_QUANTUM        64u /* two simple requests; a power of two */

/*
 * Work is counted in units of about a hundred instructions: an allocation, a release, a
 * node looked for, a watch looked at. Besides:
 */
#define XS_WORK_SIGNAL 8u  /* the client says that there is something to do */
#define XS_WORK_TURN   16u /* a turn that has moved bytes, and tells the client so */
#define XS_WORK_EVENT  16u /* a watch event: somebody else's turn */
#define XS_WORK_FEW    8u  /* so many small steps are one unit */
#define XS_WORK_BYTES  64u /* so many bytes are one unit */

enum xs_special { XS_SPECIAL_INTRODUCE, XS_SPECIAL_RELEASE, XS_SPECIAL_COUNT };

struct xs_server {
    struct xs_config config;
    struct xs_view live;
    uint64_t generation; /* of the newest change of a node, in any view */
    uint64_t changes;    /* made to the live tree */
    uint64_t random;
    struct xs_account *account0;
    struct xs_perms *special[XS_SPECIAL_COUNT];
    struct xs_link accounts[XS_ACCOUNT_BUCKETS];
    struct xs_link perms[XS_PERMS_BUCKETS];
    struct xs_link watches[XS_WATCH_BUCKETS];
    struct xs_link connections;
    struct xs_link turns[XS_TURN_LISTS]; /* connections to be served, by virtual time */
    uint64_t now;                        /* in virtual time: a multiple of the quantum */
    uint32_t waiting;                    /* connections in turns */
    uint32_t work;                       /* done in this turn */
    struct xs_link ages;                 /* transactions with a snapshot, oldest first */
    struct xs_connection *serving;       /* must not be freed now */
    unsigned int snapshots;              /* length of ages */
    unsigned int targets;                /* connections that have one */
    struct xs_stats stats;
    char path[XENSTORE_ABS_PATH_MAX + 1];  /* of xs_path_make() */
    char event[XENSTORE_ABS_PATH_MAX + 1]; /* path of an event being fired */
};

/* A request, then its answer; or a watch event. Header and data are contiguous. */
struct xs_message {
    struct xs_message *next;
    struct xs_watch *watch; /* of an event */
    struct xs_blob *blob;   /* payload that is not in data */
    uint32_t capacity;
    struct xsd_sockmsg header;
    char data[];
};

struct xs_connection {
    struct xs_server *server;
    struct xs_link in_server, in_turns;
    uint64_t due; /* virtual time of its next turn */
    domid_t domid;
    uint32_t home_length;
    char home[24]; /* "/local/domain/N/" */
    bool is_privileged, is_domain, is_local, is_shut_down;
    bool is_broken; /* out of use until it reconnects */
    bool is_closed; /* to be freed when it is no longer served */
    struct xs_account *account;
    struct xs_account *target; /* whose rights it has as well; or NULL */
    struct xs_transport transport;

    struct xsd_sockmsg header; /* being received */
    uint32_t received;         /* bytes, of header and payload */
    struct xs_message *in;

    struct xs_message *out, **out_end;
    uint32_t sent;      /* bytes of out */
    uint32_t replies;   /* in out */
    uint32_t events;    /* bytes of them in out */
    uint32_t overflows; /* watches whose event has no room in out */

    struct xs_link watches, transactions;
    uint32_t last_transaction;
};

struct xs_watch {
    struct xs_link in_bucket, in_connection;
    struct xs_connection *connection;
    uint32_t hash;
    uint32_t home; /* bytes that its events' paths leave out: relative to home */
    bool has_overflow;
    bool is_special;
    struct xs_path path;
    uint32_t token_length;
    const char *token;
    xs_watch_fn fn; /* of a local connection */
    void *context;
    char text[]; /* path, token */
};

enum xs_access_kind {
    XS_SEEN_CONTENT, /* value, children or permissions: conflicts with any change of it */
    XS_SEEN_PERMS,   /* that it is there, with these permissions */
};

struct xs_seen {
    struct xs_seen *next;
    uint32_t hash;
    enum xs_access_kind kind;
    struct xs_path path;
    struct xs_change *last_write;
    char text[];
};

struct xs_transaction {
    struct xs_link in_connection, in_ages;
    struct xs_connection *connection;
    uint32_t id;
    bool is_doomed; /* its snapshot was given up: it will end with EAGAIN */
    struct xs_view view;
    struct xs_node *base;
    uint64_t started; /* server->changes then */
    size_t bytes;     /* held by the account for it */
    uint32_t seen_count, removals;
    struct xs_change *changes, **changes_end;
    struct xs_seen *seen[XS_TRANSACTION_BUCKETS];
};

/* --- server.c --- */
uint32_t xs_random(struct xs_server *server);
void xs_log(struct xs_server *server, const char *text);
uint32_t xs_hash(uint32_t seed, const void *bytes, size_t length);
/* Fires @introduceDomain or @releaseDomain. */
void xs_special_fire(struct xs_server *server, enum xs_special special);
/* -1: not a special name. */
int xs_special_find(const struct xs_path *path);

/* --- turns.c: whose turn it is --- */
/* Queues the connection for a turn, if it is not queued yet. */
void xs_turn_wait(struct xs_connection *connection);
void xs_turn_leave(struct xs_connection *connection);
/* Takes out whose turn is next. NULL: nobody waits. */
struct xs_connection *xs_turn_next(struct xs_server *server);
void xs_turn_charge(struct xs_connection *connection, uint32_t work);
/* Nobody waits any more: debts become smaller. */
void xs_turn_idle(struct xs_server *server);

/* --- store.c: the store as clients see it; transaction 0 is none --- */
/* A node, for looking at until the next call. The path's errors, -XEN_ENOENT, _EACCES. */
int xs_store_look(struct xs_connection *connection, uint32_t transaction,
                  const struct xs_path *path, const struct xs_node **node);
int xs_store_write(struct xs_connection *connection, uint32_t transaction,
                   const struct xs_path *path, const void *value, size_t length);
/* XS_CHANGE_MKDIR, XS_CHANGE_REMOVE */
int xs_store_change(struct xs_connection *connection, uint32_t transaction,
                    const struct xs_path *path, enum xs_change_kind kind);
/* Of a node or a special name, as wanted by a client. */
int xs_store_set_permissions(struct xs_connection *connection, uint32_t transaction,
                             const struct xs_path *path, const struct xs_permission *list,
                             unsigned int count);

/* --- transaction.c --- */
/* -XEN_ENOSPC: too many; -XEN_ENOMEM. */
int xs_transaction_start(struct xs_connection *connection, uint32_t *id);
struct xs_transaction *xs_transaction_find(struct xs_connection *connection, uint32_t id);
/* Frees it. -XEN_EAGAIN, -XEN_ENOSPC, -XEN_ENOMEM. */
int xs_transaction_end(struct xs_transaction *transaction, bool commit);
/* The view to look at: the snapshot, or the live one once that was given up. */
struct xs_view *xs_transaction_view(struct xs_transaction *transaction);
/* transaction_seen.c: what it depends on. Remembers that its course depends on path. -XEN_ENOSPC: too much; -XEN_ENOMEM. */
int xs_transaction_see(struct xs_transaction *transaction, const struct xs_path *path,
                       enum xs_access_kind kind, struct xs_seen **out);
/* The live tree is not any more what its course depended on. */
bool xs_transaction_has_conflict(const struct xs_transaction *transaction);
void xs_transaction_forget_seen(struct xs_transaction *transaction);
/* It may hold more memory. */
bool xs_transaction_has_room(const struct xs_transaction *transaction);
/* Applies a copy of change and keeps it; takes over the references that it needs. */
int xs_transaction_change(struct xs_transaction *transaction, struct xs_change *change);
/* Charges what has been allocated since stats.bytes was `before` to the account. */
void xs_transaction_hold(struct xs_transaction *transaction, size_t before);
/* After a live change: gives up snapshots that are too old. */
void xs_transactions_expire(struct xs_server *server);

/* --- watch.c --- */
/* -XEN_EEXIST, -XEN_E2BIG: too many; -XEN_ENOMEM. The first event is fired. */
int xs_watch_add(struct xs_connection *connection, const struct xs_path *path,
                 bool is_relative, const char *token, size_t token_length, xs_watch_fn fn,
                 void *context);
struct xs_watch *xs_watch_find(struct xs_connection *connection,
                               const struct xs_path *path, const char *token,
                               size_t token_length);
void xs_watch_remove(struct xs_watch *watch);
/* Fires watches of path, and of its ancestors unless exact. near: sets of permissions of
 * which one must let the watcher read; NULLs are skipped. */
void xs_watch_fire(struct xs_server *server, const struct xs_path *path, bool exact,
                   struct xs_perms *const *near, unsigned int count);

/* --- message.c: queues of a connection --- */
/* capacity: of data, at least. NULL when out of memory. */
struct xs_message *xs_message_new(struct xs_server *server, uint32_t capacity);
void xs_message_free(struct xs_server *server, struct xs_message *message);
void xs_message_queue(struct xs_connection *connection, struct xs_message *message);
/* Takes out the first message of the queue and frees it. */
void xs_message_done(struct xs_connection *connection);
/* Queues an event, or notes that there is no room for it. */
void xs_event_queue(struct xs_watch *watch, const struct xs_path *path);
/* The queue has become short: events that had no room. */
void xs_event_retry(struct xs_connection *connection);
/* Takes a watch's events that are not being sent out of the queue. */
void xs_event_purge(struct xs_watch *watch);

/* --- connection.c --- */
/* A connection of domid, without transport. NULL when out of memory. */
struct xs_connection *xs_connection_new(struct xs_server *server, domid_t domid);
/* Drops watches, transactions and messages. */
void xs_connection_reset(struct xs_connection *connection);
void xs_connection_set_transport(struct xs_connection *connection,
                                 const struct xs_transport *transport);
/* Resets, closes the transport, frees (when it is being served: later). */
void xs_connection_free(struct xs_connection *connection);
/* Gives it the rights of another domain as well, or (NULL) no longer. Takes a reference
 * of its own. */
void xs_connection_set_target(struct xs_connection *connection,
                              struct xs_account *target);
/* One turn. True: there may be more to do. */
bool xs_connection_serve(struct xs_connection *connection);

/* --- request.c --- */
/* Carries out the request in message, which is queued as the answer. */
void xs_request_handle(struct xs_connection *connection, struct xs_message *message);

struct xs_request {
    struct xs_connection *connection;
    struct xs_message *message;
    uint32_t transaction;
    char *data;
    uint32_t length;
};

/* The strings of a request: exactly count of them, each ended by a 0. -XEN_EINVAL. */
int xs_request_strings(struct xs_request *request, const char **strings,
                       unsigned int count);
/* As above, but there may be more after them: *rest, *rest_length (both may be NULL). */
int xs_request_prefix(struct xs_request *request, const char **strings,
                      unsigned int count, const char **rest, uint32_t *rest_length);
/* Parses a whole decimal number up to max. -XEN_EINVAL. */
int xs_parse_number(const char *text, uint64_t max, uint64_t *out);
/* The answers. -XEN_ENOMEM. */
int xs_reply(struct xs_request *request, const void *data, uint32_t length);
int xs_reply_text(struct xs_request *request, const char *text); /* with its 0 */
int xs_reply_ok(struct xs_request *request);
/* Room for an answer of length bytes; args of the request are gone. NULL: no memory. */
char *xs_reply_space(struct xs_request *request, uint32_t length);

/* request_tree.c */
int xs_handle_directory(struct xs_request *request);
int xs_handle_directory_part(struct xs_request *request);
int xs_handle_read(struct xs_request *request);
int xs_handle_get_perms(struct xs_request *request);
int xs_handle_set_perms(struct xs_request *request);
int xs_handle_write(struct xs_request *request);
int xs_handle_mkdir(struct xs_request *request);
int xs_handle_rm(struct xs_request *request);
/* request_session.c */
int xs_handle_watch(struct xs_request *request);
int xs_handle_unwatch(struct xs_request *request);
int xs_handle_reset_watches(struct xs_request *request);
int xs_handle_transaction_start(struct xs_request *request);
int xs_handle_transaction_end(struct xs_request *request);
/* request_domain.c */
int xs_handle_introduce(struct xs_request *request);
int xs_handle_release(struct xs_request *request);
int xs_handle_get_domain_path(struct xs_request *request);
int xs_handle_is_domain_introduced(struct xs_request *request);
int xs_handle_resume(struct xs_request *request);
int xs_handle_set_target(struct xs_request *request);
/* control.c */
int xs_handle_control(struct xs_request *request);

#endif
