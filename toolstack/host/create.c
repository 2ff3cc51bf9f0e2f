/* SPDX-License-Identifier: MIT */
/*
 * Before `create` goes to a machine: mistakes in the configuration are reported from here,
 * and the files that are here go along. Names that are not are the machine's own.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include <ts/create.h>

static int fail(int code, const struct ts_err *err)
{
    say("%s", err->text);
    return code;
}

static int config_exit(int rc)
{
    return rc == -XEN_ENOMEM ? TS_EXIT_MEMORY : TS_EXIT_CONFIG;
}

/* The files that a configuration names. */
static int add_named(const struct ts_domain_config *config, struct files *files)
{
    bool there;
    int code = files_add(files, config->domain.kernel, &there);

    if (!code && config->domain.ramdisk)
        code = files_add(files, config->domain.ramdisk, &there);
    return code;
}

static int read_config(const struct ts_create_words *words, struct files *files)
{
    const struct file *file = &files->file[files->n - 1];
    struct ts_domain_config config;
    struct ts_err err = { 0 };
    void *text = file_read_all(file);
    int rc;

    if (!text)
        return TS_EXIT_FILE;
    rc = ts_create_config(words, text, file->size, &config, &err);
    free(text);
    if (rc)
        return fail(config_exit(rc), &err);
    rc = add_named(&config, files);
    ts_domain_config_free(&config);
    return rc;
}

int create_files(int argc, const char *const *argv, struct files *files)
{
    struct ts_create_words words;
    struct ts_err err = { 0 };
    bool there;
    int code;

    if (ts_create_words(argc, argv, &words, &err))
        return fail(TS_EXIT_USAGE, &err);
    if (words.help)
        return TS_EXIT_OK;
    code = files_add(files, words.file, &there);
    return code || !there ? code : read_config(&words, files);
}
