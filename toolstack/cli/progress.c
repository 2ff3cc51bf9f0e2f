/* SPDX-License-Identifier: MIT */
/*
 * Progress of what takes long: a line on a terminal, room for other commands now and
 * then, and the end of it when the user no longer wants it.
 */
#include "internal.h"

#include <stdio.h>
#include <string.h>

#define STEPS_AT_ONCE 4 /* before others get a turn */
#define PERCENT_STEP  10

static void show(struct progress *p, const char *text)
{
    const struct ts_cli_io *io = p->call->io;

    /* What is not taken at once is not worth waiting for. */
    if (io->is_terminal && p->call->format == FORMAT_TEXT)
        (void)io->write(io->context, 2, text, strlen(text));
}

void progress_tell(struct progress *p, uint64_t done, uint64_t total)
{
    unsigned int percent = total ? (unsigned int)(done * 100 / total) : 0;
    char text[64];

    if (percent >= p->shown + PERCENT_STEP) {
        p->shown = percent - percent % PERCENT_STEP;
        snprintf(text, sizeof(text), "\r%s: %u %%", p->what, p->shown);
        show(p, text);
    }
}

static bool step(void *context, uint64_t done, uint64_t total)
{
    struct progress *p = context;

    progress_tell(p, done, total);
    if (++p->steps % STEPS_AT_ONCE)
        return true;
    return call_wait(p->call, 1);
}

void progress_start(struct progress *progress, struct call *call, const char *what)
{
    *progress =
        (struct progress){ .base = { step, progress }, .call = call, .what = what };
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        show(progress, "\r\033[K");
}
