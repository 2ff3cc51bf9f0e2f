/* SPDX-License-Identifier: MIT */
/* The machine's console: what was typed, waiting for more, and a command's view of it. */
#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <mini-os/time.h>

#include "control.h"

#define INTERRUPT 0x03 /* ^C */
#define CHUNK     1024 /* what is lost at a time */

/* Typed and not taken: bytes[start] to bytes[end - 1]. */
static struct {
    unsigned char bytes[4096];
    size_t start, end;
} typed;

static bool command_runs, is_raw, is_told, is_interrupted;
static bool in_line; /* the cursor is not at a line's start */
static int wake_fd;

bool terminal_init(void)
{
    struct termios modes;

    wake_fd = eventfd(0, EFD_NONBLOCK);
    if (wake_fd < 0 || tcgetattr(STDIN_FILENO, &modes))
        return false;
    modes.c_iflag &= ~(tcflag_t)ICRNL;
    modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    modes.c_cc[VMIN] = 0;
    modes.c_cc[VTIME] = 0;
    return !tcsetattr(STDIN_FILENO, TCSANOW, &modes);
}

void terminal_write(const void *bytes, size_t n)
{
    if (!n)
        return;
    write(STDOUT_FILENO, bytes, n);
    in_line = ((const char *)bytes)[n - 1] != '\n';
}

/* --- input --- */

/* What was typed before ^C goes with it. */
static void look_for_interrupt(size_t from)
{
    if (!command_runs || is_raw)
        return;
    for (size_t i = typed.end; i > from; i--) {
        if (typed.bytes[i - 1] != INTERRUPT)
            continue;
        is_interrupted = true;
        typed.start = i;
        return;
    }
}

static void make_room(void)
{
    if (typed.start) {
        typed.end -= typed.start;
        memmove(typed.bytes, typed.bytes + typed.start, typed.end);
        typed.start = 0;
    }
    if (typed.end == sizeof(typed.bytes))
        typed.end -= CHUNK;
}

/* Takes what the console has, but not for ever. What finds no room is lost, but for ^C. */
static void fill(void)
{
    for (unsigned int round = 0; round < 16; round++) {
        ssize_t n;

        make_room();
        n = read(STDIN_FILENO, typed.bytes + typed.end, sizeof(typed.bytes) - typed.end);
        if (n <= 0)
            return;
        typed.end += (size_t)n;
        look_for_interrupt(typed.end - (size_t)n);
    }
}

bool terminal_has_input(void)
{
    return typed.start < typed.end;
}

static int milliseconds_until(uint64_t deadline)
{
    uint64_t now = time_now(), ms;

    if (deadline == TIME_NEVER)
        return -1;
    ms = deadline > now ? (deadline - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC : 0;
    return ms < 3600000 ? (int)ms : 3600000;
}

static void forget_wakes(void)
{
    eventfd_t wakes;

    eventfd_read(wake_fd, &wakes);
}

static void sleep_until(uint64_t deadline)
{
    struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
                            { .fd = wake_fd, .events = POLLIN } };

    poll(fds, 2, milliseconds_until(deadline));
}

bool terminal_wait(uint64_t deadline)
{
    fill();
    if (!terminal_has_input()) {
        sleep_until(deadline);
        fill();
    }
    forget_wakes();
    return terminal_has_input();
}

void terminal_wake(void *unused)
{
    (void)unused;
    eventfd_write(wake_fd, 1);
}

unsigned char terminal_peek(void)
{
    return typed.bytes[typed.start];
}

unsigned char terminal_take(void)
{
    return typed.bytes[typed.start++];
}

/* --- a command's view --- */

void terminal_begin(void)
{
    command_runs = true;
    is_interrupted = false;
    look_for_interrupt(typed.start);
}

void terminal_end(void)
{
    command_runs = is_raw = false;
    if (in_line)
        terminal_write("\n", 1);
}

static size_t write_output(void *unused, unsigned int stream, const void *bytes, size_t n)
{
    (void)unused, (void)stream;
    terminal_write(bytes, n);
    return n;
}

/* What is typed ahead of the prompt is for the prompt. */
static size_t read_input(void *unused, void *bytes, size_t n, bool *ended)
{
    size_t left;

    (void)unused;
    *ended = is_told = false;
    fill();
    left = is_raw ? typed.end - typed.start : 0;
    if (n > left)
        n = left;
    memcpy(bytes, typed.bytes + typed.start, n);
    typed.start += n;
    return n;
}

static bool was_interrupted(void *unused)
{
    (void)unused;
    fill();
    return is_interrupted;
}

/* Input that the command has been told of and does not read ends no further wait, nor does
 * what is typed ahead for the prompt. */
static bool has_news(void)
{
    bool is_new = is_raw && terminal_has_input() && !is_told;

    is_told |= is_new;
    return is_new || is_interrupted;
}

static void wait_for_something(void *unused, uint64_t deadline)
{
    (void)unused;
    fill();
    control_leave();
    thread_yield();
    if (!has_news())
        sleep_until(deadline ? deadline : TIME_NEVER);
    forget_wakes();
    control_enter();
}

static void set_raw(void *unused, bool raw)
{
    (void)unused;
    is_raw = raw;
}

static const char *find_file(void *unused, const char *path, struct ts_err *err)
{
    (void)unused, (void)err;
    return path;
}

const struct ts_cli_io terminal_io = {
    .write = write_output,
    .read = read_input,
    .is_interrupted = was_interrupted,
    .wait = wait_for_something,
    .wake = terminal_wake,
    .set_raw = set_raw,
    .file = find_file,
    .save_begin = file_save_begin,
    .save = file_save,
    .save_end = file_save_end,
    .is_terminal = true,
    .columns = TERMINAL_COLUMNS,
    .rows = TERMINAL_ROWS,
};
