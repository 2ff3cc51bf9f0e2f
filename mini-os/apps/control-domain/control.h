/* SPDX-License-Identifier: MIT */
/*
 * The control domain: a program on mini-os that runs as domain 0, with the toolstack
 * library in it. Several threads share the toolstack, one at a time between
 * control_enter() and control_leave():
 *   main      the prompt, and the command that is typed there (prompt.c)
 *   service   guests' events, domains that have ended (service.c)
 *   command   that of a remote client, one each (sessions.c)
 * and one that never enters it:
 *   remote    the channel to the clients (remote.c)
 */
#ifndef CONTROL_DOMAIN_H
#define CONTROL_DOMAIN_H

#include <mini-os/compiler.h>
#include <mini-os/sync.h>
#include <ts/cli.h>

/* service.c */

/* Sets the toolstack up and starts the thread. False: out of memory, or not privileged. */
bool service_start(void);

/* Waits for a turn in the toolstack, and gives it up. Not while waiting for anything. */
void control_enter(void);
void control_leave(void);

/* ts_cli_run() with a turn. */
int control_run(const struct ts_cli_io *io, int argc, const char *const *argv);
/* ts_cli_complete() with a turn. */
void control_complete(int argc, const char *const *argv,
                      void (*add)(void *to, const char *word), void *to);
bool control_has_guests(void);

unsigned int service_xenstore_nodes(void);

/* prompt.c */

/* Takes commands until the machine ends. */
void prompt_run(void);
/* A line on the machine's console, which leaves the one that is being typed alone. */
void control_say(const char *format, ...) printf_like(1, 2);

/* remote.c */

/* Waits a moment for the channel, so that what is said of it comes before the prompt. */
void remote_start(void);
/* There is something to send. */
void remote_wake(void);

/* files.c: as ts_manager_env and ts_cli_env have them */

int file_load(void *unused, const char *path, const void **data, size_t *size,
              struct ts_err *err);
void file_unload(void *unused, const void *data, size_t size);
void file_hold(void *unused, const char *path);
void file_drop(void *unused, const char *path);
/* As in struct ts_cli_io, for the prompt, which has one command at a time. */
int file_save_begin(void *unused, const char *path, struct ts_err *err);
long file_save(void *unused, uint64_t offset, const void *bytes, size_t n,
               struct ts_err *err);
int file_save_end(void *unused, bool complete, struct ts_err *err);
void files_list(void *unused, const char *prefix, void (*add)(void *to, const char *path),
                void *to);

/* machine.c: likewise */

void machine_usage(void *unused, struct ts_cli_usage *usage);
/* Ends the machine as soon as clients have got their answers; returns at once. */
void machine_end(void *unused, bool reboot);
bool machine_is_ending(void);

/* heap.c: bytes that are allocated */
size_t heap_in_use(void);

/* chance.c: likewise */

void random_bytes(void *unused, void *bytes, size_t n);

#endif
