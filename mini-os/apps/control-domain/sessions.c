/* SPDX-License-Identifier: MIT */
/*
 * What a remote client has sent, and its command.
 *
 *   made by the first file or command
 *   over when the client has gone (closed()), or, if its command still runs then, when
 *   that has seen it and ended
 */
#include "sessions.h"

#include <stdlib.h>
#include <string.h>

#include <mini-os/events.h>

#include "control.h"
#include "images.h"

#define STACK_ORDER 5 /* domains are built on it */

struct sent_file {
    struct sent_file *next;
    struct image *image;
    const char *path; /* as the client calls it */
    char name[];      /* as the toolstack does; the path is behind it */
};

struct session {
    struct ts_remote_session *remote; /* NULL: the client has gone */
    struct sent_file *files, *coming;
    size_t files_size;

    char *words; /* argv and what it points to; NULL before the command */
    int argc;
    struct ts_remote_terminal terminal;
    bool runs, woken, is_interrupted, is_raw, is_told, input_ended;
    struct wait_queue waiting; /* the command's thread */
    unsigned char input[2048]; /* [input_start, input_end) has not been read */
    size_t input_start, input_end;
};

static unsigned int count;

unsigned int sessions_count(void)
{
    return count;
}

static struct session *session_of(struct ts_remote_session *remote)
{
    struct session *s = ts_remote_session_data(remote);

    if (s)
        return s;
    s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->remote = remote;
    ts_remote_session_set_data(remote, s);
    count++;
    return s;
}

static void free_file(struct session *s, struct sent_file *file)
{
    s->files_size -= image_size(file->image);
    image_put(file->image);
    free(file);
}

static void free_session(struct session *s)
{
    for (struct sent_file *file = s->files, *next; file; file = next) {
        next = file->next;
        free_file(s, file);
    }
    free(s->words);
    free(s);
    count--;
}

/* The command's thread looks around. */
static void wake(struct session *s)
{
    s->woken = true;
    queue_wake_all(&s->waiting);
}

/* --- files --- */

static struct sent_file *make_file(const char *path, struct image *image)
{
    int length = image_name(image, path, NULL, 0);
    size_t size = (size_t)length + 1;
    struct sent_file *file = malloc(sizeof(*file) + size);

    if (!file)
        return NULL;
    image_name(image, path, file->name, size);
    file->path = file->name + length - strlen(path);
    file->image = image;
    return file;
}

/* The latest of a name counts. */
static void add_file(struct session *s, struct sent_file *file)
{
    struct sent_file **link = &s->files;

    for (; *link; link = &(*link)->next) {
        struct sent_file *old = *link;

        if (strcmp(old->path, file->path))
            continue;
        *link = old->next;
        free_file(s, old);
        break;
    }
    file->next = s->files;
    s->files = file;
}

/* One client has three quarters of the room at the most. */
static bool is_too_much(const struct session *s, uint64_t size)
{
    return size > images_limit() / 4 * 3 - s->files_size;
}

/* A file of the session with that image, of which it takes the reference over. */
static struct sent_file *charge_file(struct session *s, const char *path,
                                     struct image *image, struct ts_err *err)
{
    struct sent_file *file = make_file(path, image);

    if (file) {
        s->files_size += image_size(image);
    } else {
        image_put(image);
        ts_fail(err, -XEN_ENOMEM, "the control domain has no memory for \"%s\"", path);
    }
    return file;
}

static int file_begin(void *unused, struct ts_remote_session *remote, const char *path,
                      uint64_t size, const uint8_t digest[TS_DIGEST_BYTES],
                      struct ts_err *err)
{
    struct session *s = session_of(remote);
    struct image *image;
    struct sent_file *file;
    bool is_here;

    (void)unused;
    if (!s)
        return ts_fail(err, -XEN_ENOMEM, "the control domain has no memory left");
    if (is_too_much(s, size))
        return ts_fail(err, -XEN_ENOSPC, "no room for \"%s\": a client may send %zu KiB",
                       path, images_limit() / 4 * 3 >> 10);
    image = image_find(digest);
    is_here = image;
    if (!image)
        image = image_create(path, size, digest, err);
    file = image ? charge_file(s, path, image, err) : NULL;
    if (!file)
        return err->code;
    if (!is_here) {
        s->coming = file;
        return 0;
    }
    add_file(s, file);
    return TS_REMOTE_HAVE_IT;
}

static int file_data(void *unused, struct ts_remote_session *remote, const void *bytes,
                     size_t n, struct ts_err *err)
{
    struct session *s = ts_remote_session_data(remote);

    (void)unused, (void)err;
    image_append(s->coming->image, bytes, n);
    return 0;
}

static int file_end(void *unused, struct ts_remote_session *remote, bool complete,
                    struct ts_err *err)
{
    struct session *s = ts_remote_session_data(remote);
    struct sent_file *coming = s->coming, *file;
    struct image *image;

    (void)unused;
    s->coming = NULL;
    if (!complete) {
        free_file(s, coming);
        return 0;
    }
    /* The name has the image's number in it, so another image means another name. */
    image = image_complete(coming->image);
    file = coming;
    if (image != coming->image) {
        s->files_size -= image_size(image);
        file = charge_file(s, coming->path, image, err);
        free(coming);
    }
    if (file)
        add_file(s, file);
    return file ? 0 : -XEN_ENOMEM;
}

static const char *find_file(void *context, const char *path, struct ts_err *err)
{
    const struct session *s = context;

    (void)err;
    for (const struct sent_file *file = s->files; file; file = file->next)
        if (!strcmp(file->path, path))
            return file->name;
    return path;
}

/* --- the command's terminal --- */

static size_t write_output(void *context, unsigned int stream, const void *bytes,
                           size_t n)
{
    struct session *s = context;
    size_t taken = s->remote ? ts_remote_session_output(s->remote, stream, bytes, n) : 0;

    remote_wake();
    return taken;
}

static size_t read_input(void *context, void *bytes, size_t n, bool *ended)
{
    struct session *s = context;
    size_t left = s->input_end - s->input_start;

    s->is_told = false;
    if (n > left)
        n = left;
    memcpy(bytes, s->input + s->input_start, n);
    s->input_start += n;
    *ended = s->input_ended && n == left;
    if (n)
        remote_wake();
    return n;
}

static bool is_interrupted(void *context)
{
    const struct session *s = context;

    return s->is_interrupted;
}

/* Input that the command has been told of and does not read ends no further wait. */
static bool has_news(struct session *s)
{
    bool is_new = s->is_raw && s->input_start < s->input_end && !s->is_told;

    s->is_told |= is_new;
    return is_new || s->is_interrupted;
}

static void wait_for_something(void *context, uint64_t deadline)
{
    struct session *s = context;
    bool events;

    control_leave();
    thread_yield();
    if (has_news(s))
        s->woken = true;
    events = events_save_disable();
    while (!s->woken && !queue_wait(&s->waiting, deadline ? deadline : TIME_NEVER))
        ;
    s->woken = false;
    events_restore(events);
    control_enter();
}

static void wake_command(void *context)
{
    wake(context);
}

static void set_raw(void *context, bool raw)
{
    struct session *s = context;

    s->is_raw = raw;
    if (s->remote)
        ts_remote_session_set_raw(s->remote, raw);
    remote_wake();
}

/* --- the command --- */

static void run(void *context)
{
    struct session *s = context;
    struct ts_cli_io io = {
        .context = s,
        .write = write_output,
        .read = read_input,
        .is_interrupted = is_interrupted,
        .wait = wait_for_something,
        .wake = wake_command,
        .set_raw = set_raw,
        .file = find_file,
        .is_terminal = s->terminal.is_terminal,
        .columns = s->terminal.columns,
        .rows = s->terminal.rows,
    };
    int code = control_run(&io, s->argc, (const char *const *)s->words);

    s->runs = false;
    if (s->remote)
        ts_remote_session_exit(s->remote, code);
    else
        free_session(s);
    remote_wake();
}

/* argv, its pointers and texts, in one piece. */
static char *copy_words(int argc, const char *const *argv)
{
    size_t size = ((size_t)argc + 1) * sizeof(char *);
    char **words, *text;

    for (int i = 0; i < argc; i++)
        size += strlen(argv[i]) + 1;
    words = malloc(size);
    if (!words)
        return NULL;
    text = (char *)(words + argc + 1);
    for (int i = 0; i < argc; i++) {
        size_t length = strlen(argv[i]) + 1;

        words[i] = memcpy(text, argv[i], length);
        text += length;
    }
    words[argc] = NULL;
    return (char *)words;
}

static bool start(struct session *s, int argc, const char *const *argv)
{
    struct thread *thread;

    s->words = copy_words(argc, argv);
    s->argc = argc;
    s->terminal = *ts_remote_session_terminal(s->remote);
    if (!s->words)
        return false;
    thread = thread_create_sized("command", run, s, STACK_ORDER);
    if (thread)
        thread_detach(thread);
    return thread;
}

static void exec(void *unused, struct ts_remote_session *remote, int argc,
                 const char *const *argv)
{
    static const char text[] = "The control domain has no memory left for a command.\n";
    struct session *s = session_of(remote);

    (void)unused;
    if (s)
        s->runs = start(s, argc, argv);
    if (s && s->runs)
        return;
    ts_remote_session_output(remote, 2, text, sizeof(text) - 1);
    ts_remote_session_exit(remote, TS_EXIT_MEMORY);
}

static size_t take_input(void *unused, struct ts_remote_session *remote,
                         const void *bytes, size_t n)
{
    struct session *s = ts_remote_session_data(remote);
    size_t room;

    (void)unused;
    if (!s)
        return n;
    if (s->input_start == s->input_end)
        s->input_start = s->input_end = 0;
    room = sizeof(s->input) - s->input_end;
    if (n > room)
        n = room;
    memcpy(s->input + s->input_end, bytes, n);
    s->input_end += n;
    wake(s);
    return n;
}

static void end_input(void *unused, struct ts_remote_session *remote)
{
    struct session *s = ts_remote_session_data(remote);

    (void)unused;
    if (!s)
        return;
    s->input_ended = true;
    wake(s);
}

static void interrupt(void *unused, struct ts_remote_session *remote)
{
    struct session *s = ts_remote_session_data(remote);

    (void)unused;
    if (!s)
        return;
    s->is_interrupted = true;
    wake(s);
}

static void output_ready(void *unused, struct ts_remote_session *remote)
{
    struct session *s = ts_remote_session_data(remote);

    (void)unused;
    if (s)
        wake(s);
}

static void closed(void *unused, struct ts_remote_session *remote)
{
    struct session *s = ts_remote_session_data(remote);

    (void)unused;
    if (!s)
        return;
    s->remote = NULL;
    s->is_interrupted = true;
    if (s->runs)
        wake(s);
    else
        free_session(s);
}

const struct ts_remote_server_ops session_ops = {
    .file_begin = file_begin,
    .file_data = file_data,
    .file_end = file_end,
    .exec = exec,
    .input = take_input,
    .input_end = end_input,
    .interrupt = interrupt,
    .output_ready = output_ready,
    .closed = closed,
};
