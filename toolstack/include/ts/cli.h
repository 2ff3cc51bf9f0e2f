/* SPDX-License-Identifier: MIT */
/*
 * The commands that users give: xl's verbs and options over the manager. The program
 * around it brings the toolstack's objects (struct ts_cli_env) and, for each command, the
 * terminal or channel of whoever gave it (struct ts_cli_io). Commands may run at the same
 * time, each in a thread of its own: a command has the toolstack to itself (the program's
 * lock is held by the caller of ts_cli_run()) except while it is in io->wait().
 */
#ifndef TS_CLI_H
#define TS_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ts/console.h>
#include <ts/err.h>
#include <ts/hv.h>
#include <ts/manage.h>
#include <ts/unpack.h>

/* What a command ends with; pavise(1) has the same list. */
enum ts_exit {
    TS_EXIT_OK = 0,
    TS_EXIT_FAILED = 1,    /* for a reason that is none of the following */
    TS_EXIT_USAGE = 2,     /* unknown verb or option, wrong number of arguments */
    TS_EXIT_NO_DOMAIN = 3, /* there is no such domain, or it is not there any more */
    TS_EXIT_IN_USE = 4,    /* the name is taken, or what is asked for is under way */
    TS_EXIT_CONFIG = 5,    /* mistakes in a configuration */
    TS_EXIT_FILE = 6,      /* a file is missing or cannot be read */
    TS_EXIT_KERNEL = 7,    /* not a kernel that can run */
    TS_EXIT_MEMORY = 8,    /* not enough memory */
    TS_EXIT_TIMEOUT = 9,   /* the domain has not done it in time */
    TS_EXIT_CHANNEL = 10,  /* no machine answers, or it was lost (the host's program) */
    TS_EXIT_INTERRUPTED = 130,
};

/* "usage", "no-domain", ...: what error documents call it. */
const char *ts_exit_name(enum ts_exit exit);

/*
 * Who gave a command. Functions but wait() return at once; texts are bytes without a
 * final zero. All are called by the command's own thread, but wake(), which callbacks of
 * others call too.
 */
struct ts_cli_io {
    void *context;
    /* Output on stream 1 or 2: takes up to n bytes, returns how many; 0 also when nobody
     * is there to see it any more. */
    size_t (*write)(void *context, unsigned int stream, const void *bytes, size_t n);
    /* What was typed: up to n bytes, 0 when there is none now. *ended: none will come. */
    size_t (*read)(void *context, void *bytes, size_t n, bool *ended);
    /* ^C was typed or its like, or the user is gone: the command is to end soon. */
    bool (*is_interrupted)(void *context);
    /*
     * Sleeps until there is something to read, room to write after write() took less,
     * an interrupt, a wake() (also one since the last wait), or system time deadline_ns
     * (0: none). The toolstack's lock is released meanwhile. May return for nothing.
     */
    void (*wait)(void *context, uint64_t deadline_ns);
    void (*wake)(void *context);
    /* Whether typed bytes come at once, unechoed and as they are, rather than in lines. */
    void (*set_raw)(void *context, bool raw);
    /*
     * The name by which ts_manager_env.load knows what this user calls path: a file that
     * was sent along, or one of the machine's own. path itself when that is it. Lives as
     * long as the command. NULL with err filled in: out of memory.
     */
    const char *(*file)(void *context, const char *path, struct ts_err *err);
    /*
     * The file that the command writes (ts_cli_saves()). save_begin() makes it, to be put
     * in place by save_end() if it is complete, and else removed. save() takes up to n
     * bytes at offset and returns how many: less than n when there is no room before the
     * next wait(). What is not written reads as zeros. A negative XEN_E*: with err filled
     * in; save_end() is due even so, but when save_begin() has failed. NULL: this user has
     * no files.
     */
    int (*save_begin)(void *context, const char *path, struct ts_err *err);
    long (*save)(void *context, uint64_t offset, const void *bytes, size_t n,
                 struct ts_err *err);
    int (*save_end)(void *context, bool complete, struct ts_err *err);
    bool is_terminal;           /* a person sees the output */
    unsigned int columns, rows; /* of it; 0: unknown */
};

/* What the program itself has in use: all of it must come back when domains have gone. */
struct ts_cli_usage {
    uint64_t heap_bytes, heap_size;
    unsigned int event_ports, grants, mapped_frames, xenstore_nodes;
};

/* A verb that the program has besides. */
struct ts_cli_verb {
    const char *name, *arguments, *summary;
};

struct ts_cli_env {
    struct ts_hv *hv;
    struct ts_manager *manager;
    struct ts_consoles *consoles;
    struct ts_unpacker *unpacker; /* for `inspect`; NULL: it takes memory of malloc() */
    void *context;                /* of the functions below */
    int (*load)(void *context, const char *path, const void **data, size_t *size,
                struct ts_err *err);
    void (*unload)(void *context, const void *data, size_t size);
    void (*usage)(void *context, struct ts_cli_usage *usage);
    /* Calls add with each of the machine's files whose path begins with prefix. */
    void (*list_files)(void *context, const char *prefix,
                       void (*add)(void *to, const char *path), void *to);
    /* Ends the machine, or starts it again, as soon as the program likes: returns at
     * once, so that whoever asked gets an answer. NULL: cannot be done from here. */
    void (*end_machine)(void *context, bool reboot);
    /* For help, completion and suggestions; ends with a name NULL. May be NULL. */
    const struct ts_cli_verb *more;
};

struct ts_cli;

/*
 * Returns NULL when out of memory. env is copied; what it points to must live as long.
 * Without a machine (env->hv NULL) only `help` and `inspect` do something; the others end
 * with TS_EXIT_CHANNEL.
 */
struct ts_cli *ts_cli_create(const struct ts_cli_env *env);
/* No command may be running. */
void ts_cli_destroy(struct ts_cli *cli);

/* To be called from ts_manager_env.event: commands that wait for domains look again. */
void ts_cli_event(struct ts_cli *cli, enum ts_event event, const struct ts_domain *domain,
                  const char *text);

/*
 * Does what the words say: argv[0] is the verb, or options for all verbs in front of it
 * (--format text|json, -v, -h). Returns an enum ts_exit; when that is not 0, one line on
 * stream 2 has said why.
 */
int ts_cli_run(struct ts_cli *cli, const struct ts_cli_io *io, int argc,
               const char *const *argv);

enum ts_cli_place {
    TS_PLACE_UNKNOWN, /* there is no such verb */
    TS_PLACE_HERE,    /* needs no machine; also what is wrong in its words, and help */
    TS_PLACE_MACHINE,
};

/* Where a command is to be run, for a program that reaches machines from outside. */
enum ts_cli_place ts_cli_place(int argc, const char *const *argv);

/* The file that a command writes for its user, one of its words; NULL: it writes none. */
const char *ts_cli_saves(int argc, const char *const *argv);

/*
 * Completion: calls add with each word that may stand where the last one of argv (which
 * may be empty) begins: verbs, options of the verb, names of domains, files.
 */
void ts_cli_complete(struct ts_cli *cli, int argc, const char *const *argv,
                     void (*add)(void *to, const char *word), void *to);

#endif
