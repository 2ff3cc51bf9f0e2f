/* SPDX-License-Identifier: MIT */
/*
 * build/bin/pavise, the tool on the user's machine:
 *   main      options, and which verb is whose
 *   session   a command executed by a machine's control domain: files, terminal, output
 *   save      the core that a command writes here
 *   collect   takes the cores of domains that are kept for them
 *   create    reads a configuration before it is sent
 *   instead   packs a kernel anew before it is sent
 *   local     verbs that need no machine
 *   up, down, machines   machines in QEMU, each under a supervisor process that is also
 *             its relay
 * Functions that return an exit code (enum ts_exit) have said why when it is not 0.
 */
#ifndef HOST_H
#define HOST_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ts/cli.h>
#include <ts/err.h>
#include <ts/out.h>
#include <ts/remote.h>
#include <ts/unpack.h>

/* --- say.c --- */

/* A line on stderr, "pavise: ..." */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* In JSON, too: the error that has been said, if one was. */
void say_document(int code, const char *verb);
/* Monotonic milliseconds, never 0. */
uint64_t now_ms(void);
void sleep_ms(unsigned int ms);

/* --- endpoint.c --- */

/*
 * Where a machine is: "unix:PATH" or a path, "tcp:HOST:PORT", or the name of a machine
 * that `up` started.
 */
struct endpoint {
    char text[512]; /* as a person would give it */
    bool is_tcp;
    char address[512]; /* path or host */
    char port[32];
};

/* text NULL: $PAVISE_ENDPOINT, else the one machine that is up. Returns an exit code; has
 * said why unless silent. */
int endpoint_find(const char *text, bool silent, struct endpoint *endpoint);
/* A connected socket that does not block, or -1 with err filled in. */
int endpoint_connect(const struct endpoint *endpoint, struct ts_err *err);
/* For Unix sockets with paths of any length: -1 with errno. */
int unix_connect(const char *path);

/* --- files.c --- */

struct file {
    char *path; /* as the user and the configuration call it */
    int fd;
    uint64_t size;
    uint8_t digest[TS_DIGEST_BYTES];
    bool is_kernel; /* something may be sent in its place: instead.c */
    void *instead;  /* NULL: it is itself what is sent */
    size_t instead_size;
};

struct files {
    struct file *file;
    unsigned int n;
};

/*
 * Opens a file to be sent, once however often it is named. Sets *there to false if there
 * is none here: the name is the machine's to know. Returns an exit code, with err filled
 * in when it is not 0.
 */
int files_add(struct files *files, const char *path, bool *there, struct ts_err *err);
void files_close(struct files *files);
/* The file of that path, which was added. NULL: it was not there. */
struct file *files_find(const struct files *files, const char *path);
/* All of it; to be freed. NULL: err is filled in. */
void *file_read_all(const struct file *file, struct ts_err *err);

/* --- create.c --- */

/* Which files go with `create` and these words behind the verb. */
int create_files(int argc, const char *const *argv, struct files *files);

/* --- instead.c --- */

/*
 * Makes what is to be sent in a kernel's place: the same one, packed so that the machine
 * has little work with it. False: the file itself is to be sent, whatever is in it.
 */
bool instead_make(struct file *file, const struct ts_progress *progress);
/* Forgets that, for good. */
void instead_drop(struct file *file);

/* --- save.c --- */

/* The core that a command writes: made beside its place, and put there at the end. */
struct save {
    const char *path; /* NULL: the command writes none */
    char *temporary;
    int fd;
};

/* Returns an exit code, and has said why. */
int save_begin(struct save *save, const char *path);
/* 0 or an errno. */
int save_put(struct save *save, uint64_t offset, const void *bytes, size_t n);
/* code: how the command has ended. Returns that, or why the file is not there. */
int save_end(struct save *save, int code);

/* --- session.c --- */

struct command {
    const struct endpoint *endpoint;
    struct files files;
    struct save *save;      /* NULL: it writes no file */
    struct ts_text *output; /* where its stream 1 goes; NULL: standard output */
    int argc;
    const char *const *argv;
    unsigned int timeout_ms; /* until the machine answers; 0: 10 s */
    bool is_silent;          /* nothing is said when it does not */
};

/* Has it executed, connected to this terminal. Returns its exit code. */
int session_run(const struct command *command);
/* Does a machine answer there within that time? TS_EXIT_OK, _CHANNEL, or _INTERRUPTED. */
int session_probe(const struct endpoint *endpoint, unsigned int timeout_ms);

/* --- terminal.c --- */

struct ts_remote_terminal terminal_size(void);
/* No-op when standard input is no terminal. It is restored at exit. */
void terminal_set_raw(bool raw);
/* After the program was stopped and goes on. */
void terminal_again(void);

/* --- progress.c --- */

/* doing: "sent", ...; done of so many bytes have been. */
void progress_show(const char *path, const char *doing, uint64_t done, uint64_t size);
void progress_clear(void);

/* --- local.c --- */

/* Needs this command no machine, as far as can be told? verb NULL: there is none. */
bool is_local(const char *verb, int argc, const char *const *argv);
int local_run(int argc, const char *const *argv);

/* --- up.c, down.c, machines.c, relay.c: machines, see machine.h --- */

/* "text" or "json"; false: neither (said). */
bool take_format(const char *text, bool *json);

/* argv[0] is the verb. */
int tool_up(int argc, char **argv);
int tool_down(int argc, char **argv);
int tool_machines(int argc, char **argv);
int tool_relay(int argc, char **argv);

/* --- collect.c --- */

/* endpoint: as for endpoint_find() */
int tool_collect(const char *endpoint, int argc, char **argv);
extern const struct option collect_options[];

extern const struct option up_options[], down_options[], machines_options[];

/* --- complete.c --- */

/* The words that may stand where the last of argv begins, a line each, for shells. */
int tool_complete(int argc, char **argv);
#endif
