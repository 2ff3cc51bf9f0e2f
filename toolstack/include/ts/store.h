/* SPDX-License-Identifier: MIT */
/*
 * The manager's xenstore when the daemon (ts/xs_server.h) runs in the same program:
 * domains' rings are mapped and bound here when they are introduced, and let go when
 * they are released. One thread at a time.
 */
#ifndef TS_STORE_H
#define TS_STORE_H

#include <stdbool.h>

#include <ts/manage.h>

struct ts_store;
struct xs_server;

/* Returns NULL when out of memory. hv and server must live as long. */
struct ts_store *ts_store_create(struct ts_hv *hv, struct xs_server *server);
/* Releases all domains that are still introduced. */
void ts_store_destroy(struct ts_store *store);

/* For struct ts_manager_env, with the store as store_context. */
extern const struct ts_store_ops ts_store_ops;

/* A local port fired. True: it is one of a domain's ring, and xs_server_step() is due. */
bool ts_store_event(struct ts_store *store, evtchn_port_t port);

#endif
