/* SPDX-License-Identifier: MIT */
/* Sessions of the server: server.c has the table of them, session.c what one says. */
#ifndef REMOTE_SERVER_H
#define REMOTE_SERVER_H

#include "internal.h"

enum file_state {
    FILE_NONE,
    FILE_COMING,
    FILE_FAILED, /* the client has been told; what is under way is ignored */
};

struct incoming_file {
    enum file_state state;
    bool is_instead;
    uint64_t size, got;
    uint8_t wanted[TS_DIGEST_BYTES];
    struct ts_digest digest;
};

enum command_state { COMMAND_NONE, COMMAND_RUNNING, COMMAND_ENDED, COMMAND_REPORTED };

struct ts_remote_session {
    struct ts_remote_server *server;
    uint64_t opened;  /* when */
    uint64_t doubted; /* when it had been silent for too long; or 0 */
    void *data;
    struct incoming_file file;
    bool wanted_due, result_due; /* of a file */
    struct ts_err result;
    bool raw, raw_due;
    struct ts_remote_terminal terminal;
    enum command_state command;
    int exit_code;
    bool output_short; /* there was no room for all of it */
    size_t args_size;
    char args[TS_REMOTE_MAX_ARGS];
    struct link link;
};

struct ts_remote_server {
    struct wire wire;
    struct ts_remote_server_ops ops;
    void *context;
    struct ts_remote_limits limits;
    bool reset_due; /* a frame for which there is no session wants an answer */
    uint64_t reset_session;
    enum reset_reason reset_reason;
    unsigned int turn;                    /* whose the channel is next */
    struct ts_remote_session *sessions[]; /* limits.max_sessions, with NULLs */
};

struct ts_remote_session *session_create(struct ts_remote_server *server, uint64_t id,
                                         uint64_t now);
/* Ends a file that is coming, tells the program, frees it. */
void session_destroy(struct ts_remote_session *session);
/* Takes what was received and sends what is due, as far as there is room. Returns false
 * if the client does not keep to the protocol. */
bool session_work(struct ts_remote_session *session);

#endif
