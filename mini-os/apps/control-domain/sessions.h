/* SPDX-License-Identifier: MIT */
/*
 * Sessions of remote clients (ts/remote.h): the files that one has sent (sessions.c), and
 * its command, which runs in a thread of its own (commands.c).
 */
#ifndef SESSIONS_H
#define SESSIONS_H

#include <mini-os/thread.h>
#include <ts/remote.h>

#define SESSIONS_MAX 32

struct image;

struct sent_file {
    struct sent_file *next;
    struct image *image;
    const char *path; /* as the client calls it */
    char name[];      /* as the toolstack does; the path is behind it */
};

struct command {
    char **words; /* argv and what it points to; NULL before */
    int argc;
    struct ts_remote_terminal terminal;
    bool runs, woken, is_interrupted, is_raw, is_told, input_ended;
    struct wait_queue waiting; /* its thread */
    unsigned char input[2048]; /* [start, end) has not been read */
    size_t input_start, input_end;
};

/*
 * Made by the first file or command. Over when the client has gone or, if its command
 * still runs then, when that has seen it and ended.
 */
struct session {
    struct session *next;             /* that waits for a thread */
    struct ts_remote_session *remote; /* NULL: the client has gone */
    struct sent_file *files, *coming;
    size_t files_cost;
    unsigned int nr_files; /* offered */
    struct command command;
};

/* What the server's events mean; its context is not used. For the thread of remote.c. */
extern const struct ts_remote_server_ops session_ops;

/* Sessions that are not over. */
unsigned int sessions_count(void);
void session_free(struct session *session);
/* The toolstack's name of a file that the session has sent; path itself when it has not. */
const char *session_file(const struct session *session, const char *path);

/* commands.c */

/* Makes a thread that waits for commands. False: no memory. */
bool commands_init(void);
/* False: no memory; nothing happens then. */
bool command_start(struct session *session, int argc, const char *const *argv);
/* Its thread looks around. In any context. */
void command_wake(struct command *command);
/* Takes input: returns how many bytes. */
size_t command_input(struct command *command, const void *bytes, size_t n);

#endif
