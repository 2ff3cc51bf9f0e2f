/* SPDX-License-Identifier: MIT */
/* Verbs that need no machine: the toolstack's commands on this machine's files. */
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t write_out(void *context, unsigned int stream, const void *bytes, size_t n)
{
    (void)context;
    return fwrite(bytes, 1, n, stream == 2 ? stderr : stdout);
}

static size_t read_nothing(void *context, void *bytes, size_t n, bool *ended)
{
    (void)context, (void)bytes, (void)n;
    *ended = true;
    return 0;
}

static bool is_never_interrupted(void *context)
{
    (void)context;
    return false;
}

static void wait_not(void *context, uint64_t deadline_ns)
{
    (void)context, (void)deadline_ns;
}

static void wake_not(void *context)
{
    (void)context;
}

static void set_raw_not(void *context, bool raw)
{
    (void)context, (void)raw;
}

static const char *own_name(void *context, const char *path, struct ts_err *err)
{
    (void)context, (void)err;
    return path;
}

static int load(void *context, const char *path, const void **data, size_t *size,
                struct ts_err *err)
{
    struct files files = { 0 };
    bool there;

    (void)context;
    *data = NULL;
    if (!files_add(&files, path, &there, err) && !there)
        ts_fail(err, -XEN_ENOENT, "there is no file \"%s\"", path);
    if (files.n) {
        *data = file_read_all(&files.file[0], err);
        *size = files.file[0].size;
    }
    files_close(&files);
    return *data ? 0 : err->code;
}

static void unload(void *context, const void *data, size_t size)
{
    (void)context, (void)size;
    free((void *)(uintptr_t)data);
}

static const struct ts_cli_verb own_verbs[] = {
    { "up", "[NAME]", "start a machine in QEMU" },
    { "down", "[NAME]", "shut a machine down" },
    { "machines", "", "the machines that are up" },
    { "collect", "", "take the cores of domains that crash" },
    { NULL, NULL, NULL },
};

static const struct ts_cli_env env = {
    .load = load,
    .unload = unload,
    .more = own_verbs,
};

static struct ts_cli *make_cli(void)
{
    struct ts_cli *cli = ts_cli_create(&env);

    if (!cli)
        say("out of memory");
    return cli;
}

int local_run(int argc, const char *const *argv)
{
    const struct ts_remote_terminal t = terminal_size();
    const struct ts_cli_io io = {
        .write = write_out,
        .read = read_nothing,
        .is_interrupted = is_never_interrupted,
        .wait = wait_not,
        .wake = wake_not,
        .set_raw = set_raw_not,
        .file = own_name,
        .is_terminal = t.is_terminal,
        .columns = t.columns,
        .rows = t.rows,
    };
    struct ts_cli *cli = make_cli();
    int code = TS_EXIT_MEMORY;

    if (cli)
        code = ts_cli_run(cli, &io, argc, argv);
    ts_cli_destroy(cli);
    return code;
}

/* --- which they are --- */

/* `inspect` of a file that is not here is about one of the machine's own. */
static bool is_about_remote_file(const char *verb, int argc, const char *const *argv)
{
    return !strcmp(verb, "inspect") && argc > 1 && argv[argc - 1][0] != '-' &&
           access(argv[argc - 1], F_OK) && errno == ENOENT;
}

bool is_local(const char *verb, int argc, const char *const *argv)
{
    if (ts_cli_place(argc, argv) == TS_PLACE_MACHINE)
        return false;
    return !verb || !is_about_remote_file(verb, argc, argv);
}
