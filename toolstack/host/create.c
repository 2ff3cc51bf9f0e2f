/* SPDX-License-Identifier: MIT */
/*
 * Before `create` goes to a machine: mistakes in the configuration are reported from here,
 * and the files that are here go along. Names that are not are the machine's own.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include <ts/create.h>

static int config_exit(int rc)
{
    return rc == -XEN_ENOMEM ? TS_EXIT_MEMORY : TS_EXIT_CONFIG;
}

/* The files that a configuration names. */
static int add_named(const struct ts_domain_config *config, struct files *files,
                     struct ts_err *err)
{
    bool there;
    int code = files_add(files, config->domain.kernel, &there, err);

    if (!code && there)
        files_find(files, config->domain.kernel)->is_kernel = true;
    if (!code && config->domain.ramdisk)
        code = files_add(files, config->domain.ramdisk, &there, err);
    return code;
}

static int read_config(const struct ts_create_words *words, struct files *files,
                       struct ts_err *err)
{
    const struct file *file = &files->file[files->n - 1];
    void *text = file_read_all(file, err);
    struct ts_domain_config config;
    int rc;

    if (!text)
        return TS_EXIT_FILE;
    rc = ts_create_config(words, text, file->size, &config, err);
    free(text);
    if (rc)
        return config_exit(rc);
    rc = add_named(&config, files, err);
    ts_domain_config_free(&config);
    return rc;
}

static int find_files(const struct ts_create_words *words, struct files *files,
                      struct ts_err *err)
{
    bool there;
    int code = files_add(files, words->file, &there, err);

    return code || !there ? code : read_config(words, files, err);
}

int create_files(int argc, const char *const *argv, struct files *files)
{
    struct ts_create_words words;
    struct ts_err err = { 0 };
    int code = TS_EXIT_USAGE;

    if (!ts_create_words(argc, argv, &words, &err))
        code = words.help ? TS_EXIT_OK : find_files(&words, files, &err);
    if (code)
        say("%s", err.text);
    return code;
}
