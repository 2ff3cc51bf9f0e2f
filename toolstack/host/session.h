/* SPDX-License-Identifier: MIT */
/*
 * A session with a machine.
 *   session.c       the steps: connected, each file, the command, its end
 *   session_loop.c  moves bytes between socket, terminal and the protocol's state machine
 */
#ifndef HOST_SESSION_H
#define HOST_SESSION_H

#include "host.h"

#define SINK_BYTES  (16u << 10)
#define INPUT_BYTES 1024

/* Output on its way to a descriptor that may be slow. */
struct sink {
    int fd;
    bool is_broken; /* nobody reads it: output is dropped */
    int error;      /* errno, if that is why */
    size_t start, n;
    uint8_t bytes[SINK_BYTES];
};

struct session {
    const struct command *command;
    struct ts_remote_client *client;
    int signals;
    int fd;          /* -1: the connection is cut */
    bool is_blocked; /* the socket took less than it was given */
    uint64_t cut_at; /* since when nothing has come over it; 0: it is not */
    uint64_t next_try;
    uint64_t give_up; /* no answer by then: none will come */
    bool is_connected, is_executing, is_over;
    int code;        /* exit code, when it is over */
    bool is_refused; /* no room for a session */
    bool was_interrupted;
    bool is_killed; /* and does not wait for its output to be read */
    unsigned int next_file;
    uint64_t file_offset;
    bool instead_due; /* something is to be sent in the place of the file */
    bool wants_input, input_has_ended;
    size_t input_n; /* typed, and not taken yet */
    uint8_t input[INPUT_BYTES];
    struct sink out, err;
};

/* --- session.c --- */

/* It is over, with this exit code; the first one counts. */
void session_end(struct session *s, int code);
/* Does the next step that is due. */
void session_step(struct session *s);
/* Sends what is to be sent in the place of a file that the machine wants. */
void session_send_instead(struct session *s);
extern const struct ts_remote_client_ops session_client_ops;

/* --- session_loop.c --- */

/* Until it is over. */
void session_loop(struct session *s);
/* To be called now and then by what takes long. False: it is over. */
bool session_keep_up(struct session *s);
size_t session_write(void *context, const void *bytes, size_t n);
/* Takes up to n bytes. */
size_t sink_put(struct sink *sink, const void *bytes, size_t n);

#endif
