/* SPDX-License-Identifier: MIT */
/* How far something is with a large file, on a line of stderr that is overwritten. */
#include "host.h"

#include <stdio.h>
#include <unistd.h>

#define WORTH_SHOWING (1u << 20)
#define STEP_MS       100

static uint64_t shown_at; /* 0: nothing is shown */

void progress_show(const char *path, const char *doing, uint64_t done, uint64_t size)
{
    static uint64_t last;
    uint64_t now = now_ms();

    if (size < WORTH_SHOWING || !isatty(STDERR_FILENO) || now - last < STEP_MS)
        return;
    shown_at = last = now;
    fprintf(stderr, "\r%s: %u%% of %u KiB %s\033[K", path, (unsigned)(done * 100 / size),
            (unsigned)(size >> 10), doing);
}

void progress_clear(void)
{
    if (shown_at)
        fputs("\r\033[K", stderr);
    shown_at = 0;
}
