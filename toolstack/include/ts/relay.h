/* SPDX-License-Identifier: MIT */
/*
 * Shares a machine's byte channel between many clients of the remote protocol, each on a
 * connection of its own. Whole, right frames are passed on, one client's after another's;
 * those from the machine go to whoever has spoken for their session last. No client holds
 * up another: what a client does not read is kept up to TS_RELAY_INBOX bytes and then
 * dropped (the protocol repeats it), and what it sends is not read while TS_RELAY_OUTBOX
 * bytes of it wait. A session whose client has gone is closed at the machine unless
 * another connection goes on with it within TS_RELAY_GRACE_MS.
 *
 * A state machine like those of ts/remote.h: the program around it moves bytes and knows
 * the time. One thread at a time.
 */
#ifndef TS_RELAY_H
#define TS_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_RELAY_MAX_CLIENTS 64
#define TS_RELAY_INBOX       (128u << 10)
#define TS_RELAY_OUTBOX      (64u << 10)
#define TS_RELAY_PART        (16u << 10)
#define TS_RELAY_GRACE_MS    1000

struct ts_relay;
struct ts_relay_client;

/* Returns NULL when out of memory. */
struct ts_relay *ts_relay_create(void);
/* With all its clients. */
void ts_relay_destroy(struct ts_relay *relay);

/* Returns NULL when out of memory, or with TS_RELAY_MAX_CLIENTS. */
struct ts_relay_client *ts_relay_join(struct ts_relay *relay);
/* It is not to be used any more. The machine gets what it has sent still. */
void ts_relay_leave(struct ts_relay_client *client, uint64_t now);

/* What was received. From a client only while it is ts_relay_has_room(), and at
 * most TS_RELAY_PART bytes at a time: frames for which there is no room are dropped. */
void ts_relay_from_machine(struct ts_relay *relay, const void *bytes, size_t n);
void ts_relay_from_client(struct ts_relay_client *client, const void *bytes, size_t n);
bool ts_relay_has_room(const struct ts_relay_client *client);

/* What is to be written: returns how many bytes *bytes points to. */
size_t ts_relay_for_machine(struct ts_relay *relay, const uint8_t **bytes);
size_t ts_relay_for_client(const struct ts_relay_client *client, const uint8_t **bytes);
/* So many of them were. */
void ts_relay_machine_took(struct ts_relay *relay, size_t n);
void ts_relay_client_took(struct ts_relay_client *client, size_t n);

/* The machine's channel was cut and is there again. */
void ts_relay_machine_again(struct ts_relay *relay);

/* Closes sessions whose time is over. Returns when to be called next, UINT64_MAX for no
 * certain time. */
uint64_t ts_relay_run(struct ts_relay *relay, uint64_t now);

#endif
