/* SPDX-License-Identifier: MIT */
/* A user who gives commands, and what is around the commands. */
#include "cli_user.h"
#include "test.h"
#include "ts_fake.h"

#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#define MAX_WORDS 80

struct user user;
struct ts_manager *manager;
struct ts_cli *cli;
bool machine_ended, machine_rebooted;
unsigned int user_frames = 4096;

/* --- what a command sees of the user --- */

static size_t user_write(void *context, unsigned int stream, const void *bytes, size_t n)
{
    char *to = stream == 1 ? user.out : user.err;
    size_t size = stream == 1 ? sizeof(user.out) : sizeof(user.err);
    size_t *at = stream == 1 ? &user.nr_out : &user.nr_err;

    (void)context;
    assert_true(stream == 1 || stream == 2);
    if (user.write_limit && n > user.write_limit)
        n = user.write_limit;
    assert_true(*at + n < size);
    memcpy(to + *at, bytes, n);
    *at += n;
    to[*at] = '\0';
    return n;
}

static size_t user_read(void *context, void *bytes, size_t n, bool *ended)
{
    size_t have = user.input ? strlen(user.input) : 0;

    (void)context;
    n = n < have ? n : have;
    memcpy(bytes, user.input ? user.input : "", n);
    if (user.input)
        user.input += n;
    *ended = user.input_over && n == have;
    return n;
}

static bool user_is_interrupted(void *context)
{
    (void)context;
    return user.interrupted;
}

static void user_wait(void *context, uint64_t deadline_ns)
{
    (void)context;
    assert_true(++user.waits < 100000);
    user.has_woken = false;
    if (user.write_limit)
        return;
    if (!user.on_wait)
        fail_msg("waits for ever");
    user.on_wait(deadline_ns);
}

static void user_wake(void *context)
{
    (void)context;
    user.has_woken = true;
}

static void user_set_raw(void *context, bool raw)
{
    (void)context;
    user.is_raw = raw;
    user.was_raw |= raw;
}

static const char *user_file(void *context, const char *path, struct ts_err *err)
{
    (void)context;
    if (strcmp(path, "nothing"))
        return path;
    ts_fail(err, -XEN_ENOMEM, "out of memory");
    return NULL;
}

static int user_save_begin(void *context, const char *path, struct ts_err *err)
{
    (void)context;
    if (!strcmp(path, "nowhere"))
        return ts_fail(err, -XEN_EACCES, "\"%s\" cannot be written", path);
    memset(user.saved, 0, sizeof(user.saved));
    user.nr_saved = 0;
    user.is_saving = true;
    return 0;
}

static long user_save(void *context, uint64_t offset, const void *bytes, size_t n,
                      struct ts_err *err)
{
    (void)context;
    assert_true(user.is_saving);
    if (user.write_limit && n > user.write_limit)
        n = user.write_limit;
    if (user.disk_limit && offset + n > user.disk_limit)
        return ts_fail(err, -XEN_ENOSPC, "the disk is full");
    assert_true(offset + n <= sizeof(user.saved));
    memcpy(user.saved + offset, bytes, n);
    if (offset + n > user.nr_saved)
        user.nr_saved = offset + n;
    return (long)n;
}

static int user_save_end(void *context, bool complete, struct ts_err *err)
{
    (void)context, (void)err;
    assert_true(user.is_saving);
    user.is_saving = false;
    if (!complete)
        user.nr_saved = 0;
    return 0;
}

static void user_list_files(void *context, const char *prefix,
                            void (*add)(void *to, const char *path), void *to)
{
    static const char *const files[] = { "hello.cfg", "hello.elf", "kernel" };

    (void)context;
    for (unsigned int i = 0; i < 3; i++)
        if (!strncmp(files[i], prefix, strlen(prefix)))
            add(to, files[i]);
}

static void user_usage(void *context, struct ts_cli_usage *usage)
{
    (void)context;
    *usage = (struct ts_cli_usage){ 1000, 2000, 3, 4, 5, 6 };
}

static void user_end_machine(void *context, bool reboot)
{
    (void)context;
    machine_ended = true;
    machine_rebooted = reboot;
}

static void on_event(enum ts_event event, const struct ts_domain *domain,
                     const char *text)
{
    ts_cli_event(cli, event, domain, text);
}

/* --- before and after a test --- */

int user_start(void **state)
{
    static const struct ts_cli_verb more[] = { { "upward", "[NAME]", "go up" }, { 0 } };
    struct ts_cli_env env = {
        .load = fake_load,
        .unload = fake_unload,
        .usage = user_usage,
        .list_files = user_list_files,
        .end_machine = user_end_machine,
        .more = more,
    };

    (void)state;
    memset(&user, 0, sizeof(user));
    machine_ended = machine_rebooted = false;
    manager = fake_manager_start(user_frames);
    env.hv = fake_hv();
    env.manager = manager;
    env.consoles = fake_consoles();
    cli = ts_cli_create(&env);
    fake_event_hook = on_event;
    return manager && cli ? 0 : -1;
}

int user_stop(void **state)
{
    const struct ts_domain *domain;

    (void)state;
    fake_fail_at(0);
    fake_fail_alloc_at(0);
    while ((domain = ts_domain_next(manager, ts_domain_by_id(manager, 0))))
        assert_int_equal(ts_domain_destroy(manager, domain->id, NULL), 0);
    fake_event_hook = NULL;
    ts_cli_destroy(cli);
    fake_manager_stop(manager);
    return 0;
}

/* --- commands --- */

static int run_words(const char *line, const char *first, const char *second)
{
    static const struct ts_cli_io functions = {
        .write = user_write,
        .read = user_read,
        .is_interrupted = user_is_interrupted,
        .wait = user_wait,
        .wake = user_wake,
        .set_raw = user_set_raw,
        .file = user_file,
        .save_begin = user_save_begin,
        .save = user_save,
        .save_end = user_save_end,
    };
    struct ts_cli_io io = functions;
    const char *argv[MAX_WORDS] = { first, second };
    int argc = first ? 2 : 0, exit;
    char *copy = strdup(line), *rest;

    for (char *word = strtok_r(copy, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest)) {
        assert_true(argc < MAX_WORDS);
        argv[argc++] = word;
    }
    io.is_terminal = user.is_terminal;
    user.nr_out = user.nr_err = 0;
    user.out[0] = user.err[0] = '\0';
    exit = ts_cli_run(cli, &io, argc, argv);
    free(copy);
    assert_false(user.is_raw || user.is_saving);
    return exit;
}

int run(const char *line)
{
    return run_words(line, NULL, NULL);
}

/* As a file VERB.N, or error.N: a line for each document. */
static void keep(const char *line, int exit)
{
    static unsigned int number;
    const char *folder = getenv("CLI_JSON_DIR");
    char path[512];
    FILE *file;

    if (!folder || !user.nr_out)
        return;
    snprintf(path, sizeof(path), "%s/%.*s.%u.json", folder, (int)strcspn(line, " "),
             exit && exit != TS_EXIT_KERNEL ? "error" : line, number++);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(user.out, 1, user.nr_out, file), user.nr_out);
    fclose(file);
}

int run_json_only(const char *line)
{
    return run_words(line, "--format", "json");
}

int run_json(const char *line)
{
    int exit = run_json_only(line);
    const char *end = user.out;

    while (*end) {
        cJSON *doc = cJSON_ParseWithOpts(end, &end, false);

        if (!doc)
            fail_msg("%s: no JSON: %s", line, user.out);
        cJSON_Delete(doc);
        while (*end == '\n')
            end++;
    }
    keep(line, exit);
    return exit;
}

void expect(const char *line, int exit, const char *out, const char *err)
{
    int got = run(line);

    if (got != exit)
        fail_msg("%s: exit %d instead of %d: %s", line, got, exit, user.err);
    if (out)
        assert_string_equal(user.out, out);
    if (err)
        assert_string_equal(user.err, err);
}

void expect_part(const char *line, const char *part)
{
    expect(line, 0, NULL, "");
    if (!strstr(user.out, part))
        fail_msg("%s: no \"%s\" in:\n%s", line, part, user.out);
}

/* One line, printable, that says why. */
void expect_failure(const char *line, int exit, const char *part)
{
    expect(line, exit, NULL, NULL);
    assert_true(user.nr_err > 0);
    assert_ptr_equal(strchr(user.err, '\n'), user.err + user.nr_err - 1);
    if (!strstr(user.err, part))
        fail_msg("%s: no \"%s\" in: %s", line, part, user.err);
}
