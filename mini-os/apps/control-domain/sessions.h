/* SPDX-License-Identifier: MIT */
/*
 * Sessions of remote clients (ts/remote.h): the files that one has sent, and its command,
 * which runs in a thread of its own. All functions are for the thread of remote.c.
 */
#ifndef SESSIONS_H
#define SESSIONS_H

#include <ts/remote.h>

#define SESSIONS_MAX 32

/* What the server's events mean; its context is not used. */
extern const struct ts_remote_server_ops session_ops;

/* Sessions that have sent or ordered something and are not over. */
unsigned int sessions_count(void);

#endif
