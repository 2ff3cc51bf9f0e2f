/* SPDX-License-Identifier: MIT */
/*
 * `console`: joins whoever gave the command to a domain's console. The console daemon
 * may offer output while another thread is in the toolstack; the output function then
 * only notes it, and takes it in this command's own thread.
 */
#include "internal.h"

#include <string.h>

#define ESCAPE      0x1d /* ^] */
#define OUTPUT_ROOM 4096 /* taken from the daemon before it is written out */

struct console {
    struct call *call;
    struct ts_viewer *viewer; /* NULL: the domain's console is gone */
    bool takes;               /* output may be taken now */
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

static void add_document(struct call *call, const char *text, size_t n)
{
    struct ts_doc doc = { 0 };
    struct cJSON *root = ts_doc_object(&doc, NULL, NULL);

    ts_doc_bytes(&doc, root, "output", text, n);
    ts_doc_print(&doc, true, &call->out);
}

static size_t on_output(void *context, const char *text, size_t n)
{
    struct console *c = context;
    size_t room = OUTPUT_ROOM;

    if (!c->takes || c->call->out.n >= OUTPUT_ROOM) {
        wake(c);
        return 0;
    }
    room -= c->call->out.n;
    n = n < room ? n : room;
    if (c->call->format == FORMAT_JSON)
        add_document(c->call, text, n);
    else
        ts_text_add(&c->call->out, text, n);
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

/* Writes out all there is. False: nobody wants it. */
static bool show_output(struct console *c)
{
    do {
        if (!call_flush(c->call))
            return false;
        c->takes = true;
        if (c->viewer)
            ts_viewer_ready(c->viewer);
        c->takes = false;
    } while (c->call->out.n);
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

static enum ts_exit relay(struct console *c)
{
    while (show_output(c)) {
        if (!c->viewer || c->is_left)
            return TS_EXIT_OK;
        read_input(c);
        if (type_input(c) || c->is_left)
            continue;
        if (!call_wait(c->call, 0))
            break;
    }
    return TS_EXIT_INTERRUPTED;
}

static enum ts_exit join(struct console *c, domid_t id, bool start)
{
    const struct ts_cli_env *env = &c->call->cli->env;
    int rc = ts_viewer_attach(env->consoles, id, true, &viewer_ops, c, &c->viewer);
    enum ts_exit exit;

    if (rc)
        return call_fail(c->call, exit_of(rc), "domain %u has no console to join: %s", id,
                         ts_err_text(rc));
    if (start)
        rc = ts_domain_unpause(env->manager, id, &c->call->err);
    exit = rc ? exit_of(rc) : relay(c);
    if (c->viewer)
        ts_viewer_detach(c->viewer);
    return exit;
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
