/* SPDX-License-Identifier: MIT */
/*
 * Viewers of a console. Each has its own position in the scroll-back; one that falls
 * behind its start loses what is no longer there, and counts it.
 */
#include "console.h"

#include <stdlib.h>

#include <abi/errno.h>

/* Until the viewer has all there is, or takes less than it was offered. */
static void serve_output(struct ts_viewer *v)
{
    const struct scrollback *back = &v->console->back;
    uint64_t start = scrollback_start(back);

    if (v->position < start) {
        v->lost += start - v->position;
        v->position = start;
    }
    while (!v->is_full && v->position != back->end) {
        const char *text;
        size_t n = scrollback_at(back, v->position, &text);
        size_t taken = v->ops->output(v->context, text, n);

        v->position += taken;
        v->is_full = taken < n;
    }
}

static void serve_input(struct ts_viewer *v)
{
    if (!v->wants_room || !ring_input_room(v->console))
        return;
    v->wants_room = false;
    if (v->ops->input_ready)
        v->ops->input_ready(v->context);
}

void viewers_serve(struct console *console)
{
    for (struct ts_viewer *v = console->viewers; v; v = v->next) {
        serve_output(v);
        serve_input(v);
    }
}

void viewers_dismiss(struct console *console)
{
    while (console->viewers) {
        struct ts_viewer *v = console->viewers;

        console->viewers = v->next;
        v->is_full = false;
        serve_output(v);
        if (v->ops->gone)
            v->ops->gone(v->context);
        free(v);
    }
    console->nr_viewers = 0;
}

int ts_viewer_attach(struct ts_consoles *consoles, domid_t id, bool history,
                     const struct ts_viewer_ops *ops, void *context,
                     struct ts_viewer **viewer)
{
    struct console *console = console_find(consoles, id);
    struct ts_viewer *v;

    if (!console)
        return -XEN_ESRCH;
    if (console->nr_viewers == consoles->limits.max_viewers)
        return -XEN_EBUSY;
    v = calloc(1, sizeof(*v));
    if (!v)
        return -XEN_ENOMEM;
    v->console = console;
    v->ops = ops;
    v->context = context;
    v->position = history ? scrollback_start(&console->back) : console->back.end;
    v->next = console->viewers;
    console->viewers = v;
    console->nr_viewers++;
    *viewer = v;
    serve_output(v);
    return 0;
}

void ts_viewer_detach(struct ts_viewer *viewer)
{
    struct console *console = viewer->console;
    struct ts_viewer **at = &console->viewers;

    while (*at != viewer)
        at = &(*at)->next;
    *at = viewer->next;
    console->nr_viewers--;
    free(viewer);
}

void ts_viewer_ready(struct ts_viewer *viewer)
{
    viewer->is_full = false;
    serve_output(viewer);
}

uint64_t ts_viewer_lost(const struct ts_viewer *viewer)
{
    return viewer->lost;
}

size_t ts_viewer_input(struct ts_viewer *viewer, const char *text, size_t n)
{
    struct console *console = viewer->console;
    struct ts_hv *hv = console->consoles->hv;
    size_t taken = ring_put_input(console, text, n);

    viewer->wants_room = taken < n;
    if (taken) /* a guest that is not told now is told by the next input */
        (void)hv->ops->evtchn_send(hv, console->port);
    return taken;
}
