/* SPDX-License-Identifier: MIT */
/* `console`: the terminal joined to a guest's console. */
#include "control.h"

#include <stdio.h>
#include <string.h>
#include <sys/termios.h>
#include <unistd.h>

#define ESCAPE 0x1d /* ^] */
#define TENTHS 1    /* how soon it is seen that the domain is gone */

/* One at a time: there is one terminal. */
static struct ts_viewer *viewer;
static bool is_gone;

static size_t on_output(void *context, const char *text, size_t n)
{
    ssize_t written = write(STDOUT_FILENO, text, n);

    (void)context;
    return written > 0 ? (size_t)written : 0;
}

static void on_gone(void *context)
{
    (void)context;
    is_gone = true;
}

static const struct ts_viewer_ops viewer_ops = { .output = on_output, .gone = on_gone };

/* Types as much as the guest has room for; a guest that does not read loses the rest. */
static void type(const char *text, size_t n)
{
    mutex_lock(&control_lock);
    if (!is_gone)
        ts_viewer_input(viewer, text, n);
    mutex_unlock(&control_lock);
}

/* Until ^] or the domain's end. */
static void relay_input(void)
{
    char text[64];

    while (!is_gone) {
        ssize_t n = read(STDIN_FILENO, text, sizeof(text));
        const char *escape = n > 0 ? memchr(text, ESCAPE, (size_t)n) : NULL;

        if (n > 0)
            type(text, escape ? (size_t)(escape - text) : (size_t)n);
        if (n < 0 || escape)
            return;
    }
}

static void relay_raw_input(void)
{
    struct termios usual, raw;

    tcgetattr(STDIN_FILENO, &usual);
    raw = usual;
    raw.c_iflag &= ~(tcflag_t)ICRNL;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = TENTHS;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    relay_input();
    tcsetattr(STDIN_FILENO, TCSANOW, &usual);
}

int console_attach(domid_t id, bool start, struct ts_err *err)
{
    int rc;

    printf("The console of domain %u; ^] ends it.\n", id);
    fflush(stdout);
    is_gone = false;
    rc = ts_viewer_attach(control_consoles, id, true, &viewer_ops, NULL, &viewer);
    if (rc)
        return ts_fail(err, rc, "no console of domain %u: %s", id, ts_err_text(rc));
    if (start)
        rc = ts_domain_unpause(control_manager, id, err);
    if (!rc) {
        mutex_unlock(&control_lock);
        relay_raw_input();
        mutex_lock(&control_lock);
    }
    if (!is_gone)
        ts_viewer_detach(viewer);
    printf("\n");
    return rc;
}
