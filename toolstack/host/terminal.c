/* SPDX-License-Identifier: MIT */
/* The terminal that the user sits at: its size, and raw mode. */
#include "host.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios original;
static bool is_known; /* original is, and atexit() will restore it */
static bool is_raw;

struct ts_remote_terminal terminal_size(void)
{
    struct ts_remote_terminal t = { .is_terminal = isatty(STDOUT_FILENO) };
    struct winsize size;

    if (t.is_terminal && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)) {
        t.columns = size.ws_col;
        t.rows = size.ws_row;
    }
    return t;
}

static void restore(void)
{
    if (is_raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &original);
    is_raw = false;
}

static bool know_original(void)
{
    if (!is_known && isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &original)) {
        is_known = true;
        atexit(restore);
    }
    return is_known;
}

static void make_raw(void)
{
    struct termios raw = original;

    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

void terminal_set_raw(bool raw)
{
    if (!know_original() || raw == is_raw)
        return;
    if (raw)
        make_raw();
    else
        restore();
    is_raw = raw;
}

void terminal_again(void)
{
    if (is_raw)
        make_raw();
}
