/* SPDX-License-Identifier: MIT */
/* A user who gives commands to the toolstack on the models of ts_fake.h. */
#ifndef CLI_USER_H
#define CLI_USER_H

#include <ts/cli.h>

/* What the user has seen since the last command was given, and is like. */
extern struct user {
    char out[1 << 18], err[1 << 12];
    size_t nr_out, nr_err;
    const char *input;  /* what will be typed */
    size_t write_limit; /* bytes that a write takes; 0: all */
    bool interrupted;
    bool input_over;                       /* when all is typed */
    unsigned int waits;                    /* so far */
    void (*on_wait)(uint64_t deadline_ns); /* what happens meanwhile; NULL: nothing, which
                                            * must not be */
    bool is_raw, was_raw;
    bool is_terminal;
    bool has_woken;
    uint8_t saved[4u << 20]; /* the file that the command has written */
    size_t nr_saved;
    size_t disk_limit; /* its bytes; 0: no limit */
    bool is_saving;
} user;

extern struct ts_manager *manager;
extern struct ts_cli *cli;
extern bool machine_ended, machine_rebooted;
/* Of the machine that user_start() makes. */
extern unsigned int user_frames;

/* cmocka's functions around each test: everything fresh; nothing left. */
int user_start(void **state);
int user_stop(void **state);

/* Gives a command, words separated by blanks; returns its exit code. */
int run(const char *line);
/* The same in JSON; the document is kept for the check of its schema: $CLI_JSON_DIR. */
int run_json(const char *line);
/* The same without a look at the document. */
int run_json_only(const char *line);

/* Runs and expects; text NULL: whatever. */
void expect(const char *line, int exit, const char *out, const char *err);
/* Its output has text in it. */
void expect_part(const char *line, const char *part);
/* It fails with one line that has part in it. */
void expect_failure(const char *line, int exit, const char *part);

#endif
