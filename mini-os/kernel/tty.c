/* SPDX-License-Identifier: MIT */
/*
 * The line discipline: in canonical mode, lines with echo, erase (backspace), kill (^U) and
 * end of file (^D); else bytes as they come. Input is looked at when a thread reads.
 */
#include "console.h"

#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <mini-os/sync.h>
#include <mini-os/time.h>

#include "readiness.h"

#define LINE_SIZE 256 /* a longer line is cut */
#define CHUNK     128

#define CTRL(c)   ((c)&31)
#define BACKSPACE 0x08
#define DELETE    0x7f

static struct termios tty = {
    .c_iflag = ICRNL,
    .c_oflag = OPOST,
    .c_cflag = CS8 | CREAD,
    .c_lflag = ICANON | ECHO | ECHOE | ECHOK,
    .c_cc = { [VMIN] = 1 },
};

/* Nobody tells; this is what every terminal has. */
static struct winsize size = { .ws_row = 24, .ws_col = 80 };

static struct mutex input_lock, output_lock;

/* Under input_lock. */
static struct {
    char raw[CHUNK];
    size_t raw_at, raw_end; /* received, not looked at */
    char line[LINE_SIZE];
    size_t at, end; /* not read */
    bool finished;  /* the line; an empty one is the end of file */
} in;

void tty_get_modes(struct termios *modes)
{
    *modes = tty;
}

void tty_set_modes(const struct termios *modes)
{
    tty = *modes;
}

void tty_write(const char *text, size_t len)
{
    bool add_cr = (tty.c_oflag & OPOST) && console_is_ring();

    mutex_lock(&output_lock);
    while (len) {
        const char *newline = add_cr ? memchr(text, '\n', len) : NULL;
        size_t part = newline ? (size_t)(newline - text) : len;

        console_put(text, part);
        if (newline) {
            console_put("\r\n", 2);
            part++;
        }
        text += part;
        len -= part;
    }
    mutex_unlock(&output_lock);
}

/* Waits until there is a byte to look at; false when there is none by the deadline. */
static bool have_byte(uint64_t deadline)
{
    if (in.raw_at == in.raw_end) {
        in.raw_end = console_get(in.raw, sizeof(in.raw), deadline);
        in.raw_at = 0;
    }
    return in.raw_at < in.raw_end;
}

static char next_byte(void)
{
    while (!have_byte(TIME_NEVER))
        ;
    return in.raw[in.raw_at++];
}

static void echo(const char *text, size_t len)
{
    if (tty.c_lflag & ECHO)
        tty_write(text, len);
}

static void erase_byte(void)
{
    if (!in.end)
        return;
    in.end--;
    echo("\b \b", 3);
}

/* Returns whether the line is finished by c. */
static bool edit_line(char c)
{
    if (c == '\r' && (tty.c_iflag & ICRNL))
        c = '\n';
    if (c == CTRL('D'))
        return true;
    if (c == BACKSPACE || c == DELETE) {
        erase_byte();
    } else if (c == CTRL('U')) {
        while (in.end)
            erase_byte();
    } else if (c == '\n' || in.end < sizeof(in.line) - 1) {
        in.line[in.end++] = c;
        echo(&c, 1);
    }
    return c == '\n';
}

/* Takes of the line what there is. */
static size_t take_from_line(char *buf, size_t len)
{
    if (len > in.end - in.at)
        len = in.end - in.at;
    memcpy(buf, in.line + in.at, len);
    in.at += len;
    if (in.at == in.end) {
        in.at = in.end = 0;
        in.finished = false;
    }
    return len;
}

/* Takes what is left of the line, or makes a new one. */
static size_t read_line(char *buf, size_t len)
{
    while (!in.finished)
        in.finished = edit_line(next_byte());
    return take_from_line(buf, len);
}

/* VMIN 0: VTIME tenths of a second without a byte, and that is all. */
static uint64_t raw_deadline(void)
{
    if (tty.c_cc[VMIN])
        return TIME_NEVER;
    return time_now() + tty.c_cc[VTIME] * 100 * NSEC_PER_MSEC;
}

/* What was edited before the mode changed comes first, unless it was taken back. */
static size_t read_raw(char *buf, size_t len)
{
    size_t got = 0;

    if (in.at < in.end)
        return take_from_line(buf, len);
    if (!have_byte(raw_deadline()))
        return 0;
    while (got < len && in.raw_at < in.raw_end)
        buf[got++] = in.raw[in.raw_at++];
    return got;
}

size_t tty_read(char *buf, size_t len)
{
    size_t got = 0;

    mutex_lock(&input_lock);
    if (len)
        got = tty.c_lflag & ICANON ? read_line(buf, len) : read_raw(buf, len);
    mutex_unlock(&input_lock);
    poll_wake();
    return got;
}

/* In canonical mode what has come is edited now, as far as a line goes. */
static bool is_readable(void)
{
    if (!(tty.c_lflag & ICANON))
        return in.at < in.end || have_byte(TIME_NOW);
    while (!in.finished && have_byte(TIME_NOW))
        in.finished = edit_line(next_byte());
    return in.finished;
}

bool tty_is_readable(void)
{
    bool readable = false;

    if (mutex_trylock(&input_lock)) {
        readable = is_readable();
        mutex_unlock(&input_lock);
    }
    return readable;
}

void tty_get_size(struct winsize *to)
{
    *to = size;
}

void tty_set_size(const struct winsize *from)
{
    size = *from;
}
