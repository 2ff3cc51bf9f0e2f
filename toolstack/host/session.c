/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define ANSWER_MS 10000
#define FULL_MS   200 /* between attempts when the machine has no room for a session */

void session_end(struct session *s, int code)
{
    if (s->is_over)
        return;
    s->is_over = true;
    s->code = code;
    progress_clear();
    terminal_set_raw(false);
}

static void fail(struct session *s, int code, const char *why)
{
    if (s->is_over)
        return;
    session_end(s, code);
    if (!s->command->is_silent)
        say("%s", why);
}

/* --- what the protocol's state machine calls --- */

static struct file *current_file(const struct session *s)
{
    return &s->command->files.file[s->next_file - 1];
}

static void on_connected(void *context)
{
    struct session *s = context;

    s->is_connected = true;
    session_step(s);
}

static bool on_file_wanted(void *context)
{
    struct session *s = context;

    s->instead_due = current_file(s)->is_kernel;
    return !s->instead_due;
}

static size_t read_instead(const struct file *file, uint64_t offset, void *bytes,
                           size_t n)
{
    if (n > file->instead_size - offset)
        n = (size_t)(file->instead_size - offset);
    memcpy(bytes, (const uint8_t *)file->instead + offset, n);
    return n;
}

static size_t on_file_read(void *context, void *bytes, size_t n)
{
    struct session *s = context;
    const struct file *file = current_file(s);
    ssize_t got;

    if (file->instead)
        got = (ssize_t)read_instead(file, s->file_offset, bytes, n);
    else
        got = pread(file->fd, bytes, n, (off_t)s->file_offset);
    if (got < 0)
        return 0;
    s->file_offset += (uint64_t)got;
    return (size_t)got;
}

static void on_file_progress(void *context, uint64_t sent, uint64_t size)
{
    struct session *s = context;

    progress_show(current_file(s)->path, "sent", sent, size);
}

/* What a machine has against a file. */
static int exit_code_of(int code)
{
    return code == -XEN_ENOMEM || code == -XEN_ENOSPC ? TS_EXIT_MEMORY : TS_EXIT_FILE;
}

static void on_file_done(void *context, int code, const char *text)
{
    struct session *s = context;

    progress_clear();
    if (code && current_file(s)->instead) {
        /* There may be room for the file itself. */
        instead_drop(current_file(s));
        s->next_file--;
        code = 0;
    }
    if (!code) {
        session_step(s);
        return;
    }
    say("\"%s\" was not sent: %s", current_file(s)->path, text);
    session_end(s, exit_code_of(code));
}

static size_t on_output(void *context, unsigned int stream, const void *bytes, size_t n)
{
    struct session *s = context;

    if (stream == 1 && s->command->output) {
        ts_text_add(s->command->output, bytes, n);
        return n;
    }
    return sink_put(stream == 2 ? &s->err : &s->out, bytes, n);
}

static void on_save(void *context, uint64_t offset, const void *bytes, size_t n)
{
    struct session *s = context;
    struct save *file = s->command->save;
    int error;

    if (s->is_over)
        return;
    if (!file || !file->path) {
        fail(s, TS_EXIT_CHANNEL, "the machine sends a file that nobody has asked for");
        return;
    }
    error = save_put(file, offset, bytes, n);
    if (!error)
        return;
    session_end(s, TS_EXIT_FILE);
    say("\"%s\" cannot be written: %s", file->path, strerror(error));
}

static void on_set_raw(void *context, bool raw)
{
    struct session *s = context;

    terminal_set_raw(raw);
    s->wants_input |= raw;
}

static void on_command_exit(void *context, int code)
{
    session_end(context, code >= 0 && code <= 255 ? code : TS_EXIT_FAILED);
}

static void on_lost(void *context, enum ts_remote_loss why)
{
    struct session *s = context;

    if (why == TS_REMOTE_LOST_VERSION) {
        fail(s, TS_EXIT_CHANNEL, "the machine has another version of Pavise");
    } else if (why == TS_REMOTE_LOST_FULL) {
        s->is_refused = !s->is_over;
        session_end(s, TS_EXIT_CHANNEL);
    } else {
        fail(s, TS_EXIT_CHANNEL,
             "the machine has forgotten this command: it was "
             "started anew, or had not heard of us for too long");
    }
}

const struct ts_remote_client_ops session_client_ops = {
    .connected = on_connected,
    .file_wanted = on_file_wanted,
    .file_read = on_file_read,
    .file_progress = on_file_progress,
    .file_done = on_file_done,
    .output = on_output,
    .save = on_save,
    .set_raw = on_set_raw,
    .exit = on_command_exit,
    .lost = on_lost,
};

/* --- steps --- */

static void send_next_file(struct session *s)
{
    const struct file *file;

    s->next_file++;
    s->file_offset = 0;
    file = current_file(s);
    if (ts_remote_client_send_file(s->client, file->path, file->size, file->digest)) {
        say("\"%.40s...\" is too long a name", file->path);
        session_end(s, TS_EXIT_FILE);
    }
}

static bool on_unpacking(void *context, uint64_t done, uint64_t size)
{
    struct session *s = context;

    progress_show(current_file(s)->path, "unpacked", done, size);
    return session_keep_up(s);
}

void session_send_instead(struct session *s)
{
    const struct ts_progress progress = { on_unpacking, s };
    struct file *file = current_file(s);
    uint8_t digest[TS_DIGEST_BYTES];

    s->instead_due = false;
    if (!instead_make(file, &progress)) {
        ts_remote_client_send(s->client);
        return;
    }
    ts_digest_of(file->instead, file->instead_size, digest);
    ts_remote_client_send_instead(s->client, file->instead_size, digest);
}

static void execute(struct session *s)
{
    const struct ts_remote_terminal size = terminal_size();

    s->is_executing = true;
    ts_remote_client_set_terminal(s->client, &size);
    if (ts_remote_client_exec(s->client, s->command->argc, s->command->argv)) {
        say("a command has at most %u bytes", TS_REMOTE_MAX_ARGS);
        session_end(s, TS_EXIT_USAGE);
    }
}

void session_step(struct session *s)
{
    if (s->next_file < s->command->files.n)
        send_next_file(s);
    else if (s->command->argc)
        execute(s);
    else
        session_end(s, TS_EXIT_OK);
}

/* --- the whole --- */

static uint64_t random_number(void)
{
    uint64_t n;

    if (getrandom(&n, sizeof(n), 0) != sizeof(n))
        n = now_ms() << 20 ^ (uint64_t)getpid();
    return n;
}

static int no_connection(const struct command *command, const struct ts_err *err)
{
    if (!command->is_silent)
        say("no machine at %s: %s", command->endpoint->text, err->text);
    return TS_EXIT_CHANNEL;
}

static void run_once(struct session *s)
{
    const struct ts_remote_channel channel = { s, session_write };
    struct ts_err err = { 0 };

    s->fd = endpoint_connect(s->command->endpoint, &err);
    if (s->fd < 0) {
        s->code = no_connection(s->command, &err);
        return;
    }
    s->client =
        ts_remote_client_create(&channel, random_number(), &session_client_ops, s);
    if (s->client)
        session_loop(s);
    else
        fail(s, TS_EXIT_MEMORY, "out of memory");
    ts_remote_client_destroy(s->client);
    if (s->fd >= 0)
        close(s->fd);
    if (s->out.error) {
        say("the output cannot be written: %s", strerror(s->out.error));
        s->code = TS_EXIT_FAILED;
    }
}

int session_run(const struct command *command)
{
    uint64_t end = now_ms() + (command->timeout_ms ? command->timeout_ms : ANSWER_MS);
    static struct session s;

    for (;;) {
        s = (struct session){
            .command = command,
            .give_up = end,
            .out.fd = STDOUT_FILENO,
            .err.fd = STDERR_FILENO,
        };
        run_once(&s);
        if (!s.is_refused)
            return s.code;
        if (now_ms() + FULL_MS >= end)
            break;
        sleep_ms(FULL_MS);
    }
    if (!command->is_silent)
        say("the machine has too many commands running; try again when one has ended");
    return s.code;
}

int session_probe(const struct endpoint *endpoint, unsigned int timeout_ms)
{
    const struct command command = {
        .endpoint = endpoint,
        .timeout_ms = timeout_ms,
        .is_silent = true,
    };

    return session_run(&command);
}
