/* SPDX-License-Identifier: MIT */
/*
 * What the programs here have in common: the transport, a manager with consoles and
 * xenstore, and the event loop. Every guest is made of the file /guest.elf.
 */
#ifndef TESTS_TOOLSTACK_DOMAIN0_H
#define TESTS_TOOLSTACK_DOMAIN0_H

#include <ts/store.h>

extern struct xs_server *server;
extern struct ts_store *store;
extern struct ts_hv *hv;
extern struct ts_consoles *consoles;
extern struct ts_manager *manager;

/* The manager's events go to on_event_seen. False, and a failed check, without /guest.elf. */
bool domain0_start(void (*on_event_seen)(void *context, enum ts_event event,
                                         const struct ts_domain *d, const char *text));
void domain0_stop(void);

/* One round of what is due now. */
void domain0_serve(void);
/* The same; then waits for the next event, but not long. */
void domain0_serve_or_wait(void);
unsigned int nr_guests(void);
void pause_a_little(void);
/* A minute at most; later it is a failed check. */
void serve_until_all_have_ended(void);

#endif
