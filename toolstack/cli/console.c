/* SPDX-License-Identifier: MIT */
/*
 * `console`: joins whoever gave the command to a domain's console. The console daemon
 * offers output while another thread is in the toolstack; what it offers is put aside,
 * and written in this command's own thread.
 */
#include "internal.h"

#include <string.h>

#define ESCAPE   0x1d        /* ^] */
#define MOST_PUT (32u << 10) /* bytes put aside; more than a scroll-back has */

struct console {
    struct call *call;
    struct ts_viewer *viewer; /* NULL: the domain's console is gone */
    struct ts_text aside;     /* output that is not written yet */
    struct waiter waiter;     /* tells when the domain has ended */
    bool is_left;             /* ^] was typed */
    char input[256];          /* typed, not yet taken by the domain */
    size_t nr_input;
    bool input_over;
};

static void wake(struct console *c)
{
    c->call->io->wake(c->call->io->context);
}

/* --- output --- */

static size_t on_output(void *context, const char *text, size_t n)
{
    struct console *c = context;
    size_t room = MOST_PUT - c->aside.n;

    n = n < room ? n : room;
    ts_text_add(&c->aside, text, n);
    wake(c);
    return n;
}

static void on_gone(void *context)
{
    struct console *c = context;

    c->viewer = NULL;
    wake(c);
}

static void on_input_ready(void *context)
{
    wake(context);
}

static const struct ts_viewer_ops viewer_ops = {
    .output = on_output,
    .gone = on_gone,
    .input_ready = on_input_ready,
};

/* Bytes without a UTF-8 character at the end that is not complete yet. */
static size_t whole_characters(const char *bytes, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        unsigned char byte = (unsigned char)bytes[n - back];
        size_t size = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;

        if (byte >= 0xc0 || byte < 0x80)
            return size > back ? n - back : n;
    }
    return n;
}

static void add_document(struct call *call, const char *text, size_t n)
{
    struct ts_doc doc = { 0 };
    struct cJSON *root = ts_doc_object(&doc, NULL, NULL);

    ts_doc_bytes(&doc, root, "output", text, n);
    ts_doc_print(&doc, true, &call->out);
}

/* Moves what was put aside to the call's output. False: there was nothing. */
static bool take_aside(struct console *c)
{
    struct ts_text *aside = &c->aside;
    size_t n = aside->n;

    if (c->call->format == FORMAT_JSON && c->viewer)
        n = whole_characters(aside->bytes, n);
    if (!n)
        return false;
    if (c->call->format == FORMAT_JSON)
        add_document(c->call, aside->bytes, n);
    else
        ts_text_add(&c->call->out, aside->bytes, n);
    memmove(aside->bytes, aside->bytes + n, aside->n - n);
    aside->n -= n;
    return true;
}

/* Writes out all there is. False: nobody wants it, or memory is at an end. */
static bool show_output(struct console *c)
{
    do {
        if (c->aside.failed || c->call->out.failed || !call_flush(c->call))
            return false;
        if (c->viewer)
            ts_viewer_ready(c->viewer);
    } while (take_aside(c));
    return true;
}

/* --- input --- */

/* What was typed, up to ^]. */
static void read_input(struct console *c)
{
    const struct ts_cli_io *io = c->call->io;
    char *at = c->input + c->nr_input;
    size_t n;
    const char *escape;

    if (c->input_over || c->nr_input == sizeof(c->input))
        return;
    n = io->read(io->context, at, sizeof(c->input) - c->nr_input, &c->input_over);
    escape = memchr(at, ESCAPE, n);
    c->is_left = escape != NULL;
    c->nr_input += escape ? (size_t)(escape - at) : n;
}

/* Types as much as the domain has room for. True: some of it. */
static bool type_input(struct console *c)
{
    size_t n;

    if (!c->viewer || !c->nr_input)
        return false;
    n = ts_viewer_input(c->viewer, c->input, c->nr_input);
    c->nr_input -= n;
    memmove(c->input, c->input + n, c->nr_input);
    return n > 0;
}

/* --- both --- */

/* Nothing will come any more. */
static bool is_over(const struct console *c)
{
    return c->is_left || !c->viewer || c->waiter.has_ended;
}

/* What a domain that has ended printed last may not have been seen yet. */
static void collect_rest(const struct console *c)
{
    struct ts_consoles *consoles = c->call->cli->env.consoles;

    if (c->viewer)
        ts_consoles_event(consoles, ts_console_port(consoles, c->waiter.id));
}

static enum ts_exit relay(struct console *c)
{
    for (;;) {
        bool over = is_over(c);

        if (over)
            collect_rest(c);
        if (!show_output(c))
            return TS_EXIT_INTERRUPTED;
        if (over)
            return TS_EXIT_OK;
        read_input(c);
        if (type_input(c) || is_over(c))
            continue;
        if (!call_wait(c->call, 0))
            return TS_EXIT_INTERRUPTED;
    }
}

/* A domain that ended before is kept with its console. */
static void watch(struct console *c, domid_t id)
{
    const struct ts_domain *domain = ts_domain_by_id(c->call->cli->env.manager, id);

    waiter_add(c->call, &c->waiter, domain);
    c->waiter.has_ended = domain->state == TS_DOM_PRESERVED;
}

static enum ts_exit stay(struct console *c, domid_t id, bool start)
{
    enum ts_exit exit = TS_EXIT_OK;

    watch(c, id);
    if (start)
        exit = exit_of(ts_domain_unpause(c->call->cli->env.manager, id, &c->call->err));
    if (!exit)
        exit = relay(c);
    waiter_remove(c->call, &c->waiter);
    if (c->viewer)
        ts_viewer_detach(c->viewer);
    if (c->aside.failed)
        exit = call_fail(c->call, TS_EXIT_MEMORY, "out of memory");
    ts_text_free(&c->aside);
    return exit;
}

static enum ts_exit join(struct console *c, domid_t id, bool start)
{
    const struct ts_cli_env *env = &c->call->cli->env;
    int rc = ts_viewer_attach(env->consoles, id, true, &viewer_ops, c, &c->viewer);

    if (!rc)
        return stay(c, id, start);
    ts_text_free(&c->aside);
    if (start) /* it shall run whether somebody looks or not */
        (void)ts_domain_unpause(env->manager, id, NULL);
    return call_fail(c->call, exit_of(rc),
                     "the console of domain %u cannot be joined: %s", id,
                     ts_err_text(rc));
}

enum ts_exit console_show(struct call *call, domid_t id, bool start)
{
    const struct ts_cli_io *io = call->io;
    struct console c = { .call = call };
    enum ts_exit exit;

    if (io->is_terminal && call->format == FORMAT_TEXT)
        call_print(call, "The console of domain %u; ^] leaves it.\r\n", id);
    io->set_raw(io->context, true);
    exit = join(&c, id, start);
    io->set_raw(io->context, false);
    if (io->is_terminal && call->format == FORMAT_TEXT)
        call_print(call, "\n");
    return exit;
}
