/* SPDX-License-Identifier: MIT */
/*
 * The control domain: a program on mini-os that runs as domain 0, with the toolstack
 * library in it. Two threads share the toolstack, one at a time under control_lock: the
 * prompt, which does what is typed, and the service thread, which answers the guests'
 * events.
 */
#ifndef CONTROL_DOMAIN_H
#define CONTROL_DOMAIN_H

#include <mini-os/sync.h>
#include <ts/manage.h>

extern struct ts_hv *control_hv;
extern struct ts_consoles *control_consoles;
extern struct ts_manager *control_manager;
/* Held by whoever is in the toolstack; never while waiting for input. */
extern struct mutex control_lock;

/* service.c */

/* Something was changed that guests may be watching. */
void service_wake(void);
/* ts_manager_env.set_timer */
void service_set_timer(void *context, uint64_t deadline_ns);
/* Sets the toolstack up and starts the thread. False: out of memory, or not privileged. */
bool service_start(void);

/* surroundings.c: what ts_manager_env needs of files and chance. */

/* Whole files, in memory of malloc(). */
int file_load(void *context, const char *path, const void **data, size_t *size,
              struct ts_err *err);
void file_unload(void *context, const void *data, size_t size);
void random_bytes(void *context, void *bytes, size_t n);

/* create.c: the words behind "create". 0 or a negative XEN_E* with err filled in. */
int create_command(int count, char **words, struct ts_err *err);

/* list.c: the same for "list" and "info". */
int list_command(int count, char **words, struct ts_err *err);
int info_command(int count, char **words, struct ts_err *err);

/* attach.c */

/*
 * Joins the terminal to a domain's console, with what it has printed so far, until ^]
 * is typed or the domain is gone. start: unpauses it once that is done. The caller has
 * control_lock, which is released meanwhile.
 */
int console_attach(domid_t id, bool start, struct ts_err *err);

/* commands.c: does what a line of words says; changes the line. */
void command_run(char *line);

#endif
