/* SPDX-License-Identifier: MIT */
/*
 * `create`'s words and the configuration they stand for: what a program must know that
 * sends a domain's files to the machine before it has the command executed there.
 */
#ifndef TS_CREATE_H
#define TS_CREATE_H

#include <stdbool.h>
#include <stddef.h>

#include <ts/config.h>
#include <ts/err.h>

#define TS_CREATE_MAX_SETTINGS 64

struct ts_create_words {
    const char *file; /* configuration, or a kernel to be started with defaults */
    const char *settings[TS_CREATE_MAX_SETTINGS]; /* "key=value" */
    unsigned int nr_settings;
    bool paused, console, quiet, dry_run; /* -p -c -q -n */
    bool help;
};

/*
 * Reads the words behind the verb. The texts stay the caller's. Returns 0, or -XEN_EINVAL
 * (unknown option, no file) or -XEN_E2BIG (too many settings) with err filled in.
 */
int ts_create_words(int argc, const char *const *argv, struct ts_create_words *words,
                    struct ts_err *err);

/*
 * The configuration that words stand for; text: the n bytes of words->file. A kernel
 * image stands for one that names it, with the file's name up to the first dot as name.
 * Results as of ts_domain_config_parse(); -XEN_EOPNOTSUPP also for disks and vifs.
 */
int ts_create_config(const struct ts_create_words *words, const void *text, size_t n,
                     struct ts_domain_config *config, struct ts_err *err);

#endif
