/* SPDX-License-Identifier: MIT */
/* What the events of the remote protocol's server mean, and the files of its clients. */
#include "sessions.h"

#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "images.h"

#define FILES_MAX 64 /* of a session */

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
    s->files_cost -= image_cost(image_size(file->image));
    image_put(file->image);
    free(file);
}

void session_free(struct session *s)
{
    for (struct sent_file *file = s->files, *next; file; file = next) {
        next = file->next;
        free_file(s, file);
    }
    free(s->command.words);
    free(s);
    count--;
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
static size_t client_limit(void)
{
    return images_limit() / 4 * 3;
}

static bool is_too_much(const struct session *s, uint64_t size)
{
    return size > images_limit() || image_cost(size) > client_limit() - s->files_cost;
}

/* A file of the session with that image, of which it takes the reference over. */
static struct sent_file *charge_file(struct session *s, const char *path,
                                     struct image *image, struct ts_err *err)
{
    struct sent_file *file = make_file(path, image);

    if (file) {
        s->files_cost += image_cost(image_size(image));
    } else {
        image_put(image);
        ts_fail(err, -XEN_ENOMEM, "the control domain has no memory for \"%s\"", path);
    }
    return file;
}

static int file_begin(void *unused, struct ts_remote_session *remote,
                      const struct ts_remote_file *offer, struct ts_err *err)
{
    struct session *s = session_of(remote);
    struct image *image;
    struct sent_file *file;
    bool is_here;

    (void)unused;
    if (!s)
        return ts_fail(err, -XEN_ENOMEM, "the control domain has no memory left");
    if (s->nr_files == FILES_MAX)
        return ts_fail(err, -XEN_ENOSPC, "no room for \"%s\": a client may send %u files",
                       offer->name, FILES_MAX);
    if (is_too_much(s, offer->size))
        return ts_fail(err, -XEN_ENOSPC, "no room for \"%s\": a client may send %zu KiB",
                       offer->name, client_limit() >> 10);
    s->nr_files++;
    image = image_find(offer->digest, offer->stands_for);
    is_here = image;
    if (!image)
        image =
            image_create(offer->name, offer->size, offer->digest, offer->stands_for, err);
    file = image ? charge_file(s, offer->name, image, err) : NULL;
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
        s->files_cost -= image_cost(image_size(image));
        file = charge_file(s, coming->path, image, err);
        free(coming);
    }
    if (file)
        add_file(s, file);
    return file ? 0 : -XEN_ENOMEM;
}

const char *session_file(const struct session *s, const char *path)
{
    for (const struct sent_file *file = s->files; file; file = file->next)
        if (!strcmp(file->path, path))
            return file->name;
    return path;
}

/* --- the command --- */

static void exec(void *unused, struct ts_remote_session *remote, int argc,
                 const char *const *argv)
{
    static const char text[] = "The control domain has no memory left for a command.\n";
    struct session *s = session_of(remote);

    (void)unused;
    if (s && command_start(s, argc, argv))
        return;
    ts_remote_session_output(remote, 2, text, sizeof(text) - 1);
    ts_remote_session_exit(remote, TS_EXIT_MEMORY);
}

static size_t take_input(void *unused, struct ts_remote_session *remote,
                         const void *bytes, size_t n)
{
    struct session *s = ts_remote_session_data(remote);

    (void)unused;
    return s ? command_input(&s->command, bytes, n) : n;
}

static void end_input(void *unused, struct ts_remote_session *remote)
{
    struct session *s = ts_remote_session_data(remote);

    (void)unused;
    if (!s)
        return;
    s->command.input_ended = true;
    command_wake(&s->command);
}

static void interrupt(void *unused, struct ts_remote_session *remote)
{
    struct session *s = ts_remote_session_data(remote);

    (void)unused;
    if (!s)
        return;
    s->command.is_interrupted = true;
    command_wake(&s->command);
}

static void output_ready(void *unused, struct ts_remote_session *remote)
{
    struct session *s = ts_remote_session_data(remote);

    (void)unused;
    if (s)
        command_wake(&s->command);
}

static void closed(void *unused, struct ts_remote_session *remote)
{
    struct session *s = ts_remote_session_data(remote);

    (void)unused;
    if (!s)
        return;
    s->remote = NULL;
    s->command.is_interrupted = true;
    if (s->command.runs)
        command_wake(&s->command);
    else
        session_free(s);
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
