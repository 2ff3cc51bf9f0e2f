/* SPDX-License-Identifier: MIT */
/*
 * Commands of remote clients: the terminal at the other end of a session, and the threads
 * in which they run. One thread is always kept, so that a command finds one, too, when
 * memory is short.
 */
#include "sessions.h"

#include <stdlib.h>
#include <string.h>

#include <mini-os/events.h>

#include "control.h"

#define STACK_ORDER  5 /* domains are built on it */
#define IDLE_THREADS 2 /* kept at the most */

void command_wake(struct command *c)
{
    bool events = events_save_disable();

    c->woken = true;
    queue_wake_all(&c->waiting);
    events_restore(events);
}

size_t command_input(struct command *c, const void *bytes, size_t n)
{
    size_t room;

    if (c->input_start == c->input_end)
        c->input_start = c->input_end = 0;
    room = sizeof(c->input) - c->input_end;
    if (n > room)
        n = room;
    memcpy(c->input + c->input_end, bytes, n);
    c->input_end += n;
    command_wake(c);
    return n;
}

/* --- its terminal --- */

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
    struct command *c = &((struct session *)context)->command;
    size_t left = c->input_end - c->input_start;

    c->is_told = false;
    if (n > left)
        n = left;
    memcpy(bytes, c->input + c->input_start, n);
    c->input_start += n;
    *ended = c->input_ended && n == left;
    if (n)
        remote_wake();
    return n;
}

static bool is_interrupted(void *context)
{
    const struct session *s = context;

    return s->command.is_interrupted;
}

/* Input that the command has been told of and does not read ends no further wait. */
static bool has_news(struct command *c)
{
    bool is_new = c->is_raw && c->input_start < c->input_end && !c->is_told;

    c->is_told |= is_new;
    return is_new || c->is_interrupted;
}

static void wait_for_something(void *context, uint64_t deadline)
{
    struct command *c = &((struct session *)context)->command;
    bool events;

    control_leave();
    thread_yield();
    if (has_news(c))
        c->woken = true;
    events = events_save_disable();
    while (!c->woken && !queue_wait(&c->waiting, deadline ? deadline : TIME_NEVER))
        ;
    c->woken = false;
    events_restore(events);
    control_enter();
}

static void wake(void *context)
{
    struct session *s = context;

    command_wake(&s->command);
}

static const char *find_file(void *context, const char *path, struct ts_err *err)
{
    (void)err;
    return session_file(context, path);
}

/* --- the file that it writes: the client's own --- */

static int save_begin(void *context, const char *path, struct ts_err *err)
{
    (void)context, (void)path, (void)err;
    return 0;
}

static long save(void *context, uint64_t offset, const void *bytes, size_t n,
                 struct ts_err *err)
{
    struct session *s = context;
    size_t taken = s->remote ? ts_remote_session_save(s->remote, offset, bytes, n) : 0;

    (void)err;
    remote_wake();
    return (long)taken;
}

/* The exit code tells the client. */
static int save_end(void *context, bool complete, struct ts_err *err)
{
    (void)context, (void)complete, (void)err;
    return 0;
}

static void set_raw(void *context, bool raw)
{
    struct session *s = context;

    s->command.is_raw = raw;
    if (s->remote)
        ts_remote_session_set_raw(s->remote, raw);
    remote_wake();
}

/* --- threads --- */

static struct session *jobs, **jobs_end = &jobs; /* no thread has taken them */
static struct wait_queue idle;
static unsigned int nr_jobs, nr_idle;

static void run(struct session *s)
{
    const struct command *c = &s->command;
    const struct ts_cli_io io = {
        .context = s,
        .write = write_output,
        .read = read_input,
        .is_interrupted = is_interrupted,
        .wait = wait_for_something,
        .wake = wake,
        .set_raw = set_raw,
        .file = find_file,
        .save_begin = save_begin,
        .save = save,
        .save_end = save_end,
        .is_terminal = c->terminal.is_terminal,
        .columns = c->terminal.columns,
        .rows = c->terminal.rows,
    };
    int code = control_run(&io, c->argc, (const char *const *)c->words);

    s->command.runs = false;
    if (s->remote)
        ts_remote_session_exit(s->remote, code);
    else
        session_free(s);
    remote_wake();
}

static struct session *take_job(void)
{
    struct session *job = jobs;

    jobs = job->next;
    if (!jobs)
        jobs_end = &jobs;
    nr_jobs--;
    return job;
}

/* Waits for a job. False: enough others do. */
static bool wait_for_job(void)
{
    bool events;

    if (jobs)
        return true;
    if (nr_idle == IDLE_THREADS)
        return false;
    nr_idle++;
    events = events_save_disable();
    while (!jobs)
        queue_wait(&idle, TIME_NEVER);
    events_restore(events);
    nr_idle--;
    return true;
}

static void work(void *unused)
{
    (void)unused;
    while (wait_for_job())
        run(take_job());
}

static bool add_thread(void)
{
    struct thread *thread = thread_create_sized("command", work, NULL, STACK_ORDER);

    if (thread)
        thread_detach(thread);
    return thread;
}

bool commands_init(void)
{
    return add_thread();
}

static void add_job(struct session *s)
{
    s->next = NULL;
    *jobs_end = s;
    jobs_end = &s->next;
    nr_jobs++;
    queue_wake_one(&idle);
}

/* argv, its pointers and texts, in one piece. */
static char **copy_words(int argc, const char *const *argv)
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
    return words;
}

/* Without a thread of its own it has to wait until another command has ended. */
bool command_start(struct session *s, int argc, const char *const *argv)
{
    struct command *c = &s->command;

    c->words = copy_words(argc, argv);
    if (!c->words)
        return false;
    c->argc = argc;
    c->terminal = *ts_remote_session_terminal(s->remote);
    if (nr_jobs >= nr_idle)
        add_thread();
    c->runs = true;
    add_job(s);
    return true;
}
