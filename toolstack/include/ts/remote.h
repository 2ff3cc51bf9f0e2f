/* SPDX-License-Identifier: MIT */
/*
 * Commands, files and consoles over one byte channel that may lose, garble or add bytes
 * and may be cut and joined again (a serial line). Both ends are state machines without
 * threads, clocks or files: the program around them moves bytes and calls
 *   ..._bytes()  with what was received, cut anywhere,
 *   ..._run()    after that, when the channel can be written again, after any other call
 *                below, and when the time that it returned has come.
 * Times are milliseconds of any monotonic clock.
 *
 * A client takes one session. It transfers files, those that the other end does not have
 * already, then has one command executed and sees its output and exit code. Sessions share the channel in turns, and each has a window of
 * its own, so one whose client is slow or dead holds up no other. A session outlives a
 * cut channel: what was not acknowledged is sent again. It ends when its client closes
 * it, or has not been heard for limits.idle_ms.
 *
 * One thread at a time; callbacks must not destroy the object that calls them.
 */
#ifndef TS_REMOTE_H
#define TS_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ts/digest.h>
#include <ts/err.h>

#define TS_REMOTE_VERSION  3
#define TS_REMOTE_MAX_NAME 512         /* bytes of a file's name */
#define TS_REMOTE_MAX_ARGS (16u << 10) /* bytes of a command with its final zeros */
#define TS_REMOTE_NEVER    UINT64_MAX

/* What the user at the asking end looks at. */
struct ts_remote_terminal {
    bool is_terminal;       /* a person sees the output */
    uint16_t columns, rows; /* 0: unknown */
};

struct ts_remote_channel {
    void *context;
    /* Takes up to n bytes now, returns how many. */
    size_t (*write)(void *context, const void *bytes, size_t n);
};

/* --- the end that executes --- */

struct ts_remote_server;
struct ts_remote_session;

/* A file that is offered. */
struct ts_remote_file {
    const char *name;
    uint64_t size;
    const uint8_t *digest;
    /* Of a file that was wanted: this one is as good, and comes in its place whenever that
     * one is offered again. NULL: it stands for itself. */
    const uint8_t *stands_for;
};

/* file_begin() has found such a file. */
#define TS_REMOTE_HAVE_IT 1

struct ts_remote_server_ops {
    /* A file is offered. 0: it is to come. TS_REMOTE_HAVE_IT: its content, or what stands
     * for it, is here; it is the session's under this name, and nothing more of it comes.
     * Or a negative XEN_E* with err filled in: the client is told, nothing comes. */
    int (*file_begin)(void *context, struct ts_remote_session *session,
                      const struct ts_remote_file *file, struct ts_err *err);
    /* More of it. An error ends it: file_end() is called with complete false. */
    int (*file_data)(void *context, struct ts_remote_session *session, const void *bytes,
                     size_t n, struct ts_err *err);
    /* All of it has come and its digest is right, or (complete false: the result is not
     * used) nothing more will come. */
    int (*file_end)(void *context, struct ts_remote_session *session, bool complete,
                    struct ts_err *err);
    /* Starts a command; argv is valid during the call. ts_remote_session_exit() ends it,
     * now or later. */
    void (*exec)(void *context, struct ts_remote_session *session, int argc,
                 const char *const *argv);
    /* Input of the command: takes up to n bytes, returns how many. The rest is offered
     * again at the next run. */
    size_t (*input)(void *context, struct ts_remote_session *session, const void *bytes,
                    size_t n);
    void (*input_end)(void *context, struct ts_remote_session *session);
    void (*interrupt)(void *context, struct ts_remote_session *session);
    /* There is room for output (again). */
    void (*output_ready)(void *context, struct ts_remote_session *session);
    /* The session is over, its command finished or not; it must not be used again. */
    void (*closed)(void *context, struct ts_remote_session *session);
};

struct ts_remote_limits {
    unsigned int max_sessions; /* 0: 8 */
    uint64_t max_file;         /* bytes; 0: no limit */
    uint64_t idle_ms;          /* 0: 30000 */
};

/* Returns NULL when out of memory. limits may be NULL; all arguments are copied. */
struct ts_remote_server *ts_remote_server_create(const struct ts_remote_channel *channel,
                                                 const struct ts_remote_server_ops *ops,
                                                 void *context,
                                                 const struct ts_remote_limits *limits);
/* Closes all sessions; clients are not told. */
void ts_remote_server_destroy(struct ts_remote_server *server);

void ts_remote_server_bytes(struct ts_remote_server *server, const void *bytes, size_t n,
                            uint64_t now);
/* Returns when to be called next, TS_REMOTE_NEVER for no certain time. */
uint64_t ts_remote_server_run(struct ts_remote_server *server, uint64_t now);

/* A pointer for the program's own use; NULL at first. */
void ts_remote_session_set_data(struct ts_remote_session *session, void *data);
void *ts_remote_session_data(const struct ts_remote_session *session);

/* Output of the command on stream 1 or 2: returns how many bytes there was room for. */
size_t ts_remote_session_output(struct ts_remote_session *session, unsigned int stream,
                                const void *bytes, size_t n);
/* Bytes, from offset on, of the file that the client's command line says is to be written
 * at its end: returns how many there was room for. The client knows the file's name. */
size_t ts_remote_session_save(struct ts_remote_session *session, uint64_t offset,
                              const void *bytes, size_t n);
/* The command takes typed bytes at once, unechoed and uninterpreted, or in lines again:
 * for the terminal at the other end. Takes its place among the output. */
void ts_remote_session_set_raw(struct ts_remote_session *session, bool raw);
/* As it is now; all zero when the client has not said. */
const struct ts_remote_terminal *ts_remote_session_terminal(
    const struct ts_remote_session *session);
/* The command has finished. No output may follow. */
void ts_remote_session_exit(struct ts_remote_session *session, int code);

/* --- the end that asks --- */

struct ts_remote_client;

enum ts_remote_loss {
    TS_REMOTE_LOST_SESSION, /* the other end does not know it (any more): was restarted */
    TS_REMOTE_LOST_VERSION, /* the other end speaks another version */
    TS_REMOTE_LOST_FULL,    /* the other end has no room for a session */
};

struct ts_remote_client_ops {
    /* The other end has answered for the first time. May be NULL. */
    void (*connected)(void *context);
    /* The other end wants the file that was offered. Returns whether it is to be sent;
     * if not, ts_remote_client_send() or _send_instead() is due, at any time. May be
     * NULL: it is. */
    bool (*file_wanted)(void *context);
    /* The next n bytes of the file being sent: returns how many were there; fewer than n
     * means that it cannot be read further, and ends it. */
    size_t (*file_read)(void *context, void *bytes, size_t n);
    /* May be NULL. */
    void (*file_progress)(void *context, uint64_t sent, uint64_t size);
    /* code 0: it has arrived; else negative XEN_E* and one sentence. */
    void (*file_done)(void *context, int code, const char *text);
    /* Output of the command: takes up to n bytes, returns how many. */
    size_t (*output)(void *context, unsigned int stream, const void *bytes, size_t n);
    /* n bytes, from offset on, of the file that the command writes: none but the one that
     * this end has named. All are taken. */
    void (*save)(void *context, uint64_t offset, const void *bytes, size_t n);
    /* The terminal is to be in raw mode or not. May be NULL. */
    void (*set_raw)(void *context, bool raw);
    /* The command has finished. Nothing comes after this. */
    void (*exit)(void *context, int code);
    /* There is room for input (again). May be NULL. */
    void (*input_ready)(void *context);
    /* The session is lost; only destroying the client makes sense. */
    void (*lost)(void *context, enum ts_remote_loss why);
};

/* session: a random number, unique among clients. Returns NULL when out of memory. */
struct ts_remote_client *ts_remote_client_create(const struct ts_remote_channel *channel,
                                                 uint64_t session,
                                                 const struct ts_remote_client_ops *ops,
                                                 void *context);
void ts_remote_client_destroy(struct ts_remote_client *client);

void ts_remote_client_bytes(struct ts_remote_client *client, const void *bytes, size_t n,
                            uint64_t now);
uint64_t ts_remote_client_run(struct ts_remote_client *client, uint64_t now);

/* The channel was cut and is there again: what was under way is sent at once. */
void ts_remote_client_rejoin(struct ts_remote_client *client, uint64_t now);
/* When the other end was last heard; 0: never. */
uint64_t ts_remote_client_heard(const struct ts_remote_client *client);

/*
 * Offers a file, and sends it if it is not there already; file_done() says how it went.
 * One at a time, and none after exec. Returns 0, -XEN_EBUSY, -XEN_EINVAL (name empty or
 * longer than TS_REMOTE_MAX_NAME).
 */
int ts_remote_client_send_file(struct ts_remote_client *client, const char *name,
                               uint64_t size, const uint8_t digest[TS_DIGEST_BYTES]);
/* After file_wanted() was false: sends the file, or another one in its place, which the
 * other end knows from then on by the file's digest, too. */
void ts_remote_client_send(struct ts_remote_client *client);
void ts_remote_client_send_instead(struct ts_remote_client *client, uint64_t size,
                                   const uint8_t digest[TS_DIGEST_BYTES]);
/* To be told before the command, and when the size has changed. */
void ts_remote_client_set_terminal(struct ts_remote_client *client,
                                   const struct ts_remote_terminal *terminal);
/* Has a command executed, once. Returns 0, -XEN_EBUSY, -XEN_EINVAL (argc < 1),
 * -XEN_E2BIG (TS_REMOTE_MAX_ARGS). */
int ts_remote_client_exec(struct ts_remote_client *client, int argc,
                          const char *const *argv);
/* Input for the command: returns how many bytes there was room for. */
size_t ts_remote_client_input(struct ts_remote_client *client, const void *bytes,
                              size_t n);
void ts_remote_client_input_end(struct ts_remote_client *client);
/* Asks the command to stop, after the input that is under way. */
void ts_remote_client_interrupt(struct ts_remote_client *client);
/* Ends the session at the other end as soon as the channel takes it: run until this has
 * become true. */
void ts_remote_client_close(struct ts_remote_client *client);
bool ts_remote_client_is_closed(const struct ts_remote_client *client);

#endif
