/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: one poll() waits for lines on the console, for counters that threads and
 * handlers raise, and for a time; nothing that comes in between is missed.
 * The test types: "one", "two" with its end later, "^D", "ab" without an end, and a single byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <mini-os/sync.h>
#include <mini-os/time.h>
#include <mini-os/timeout.h>
#include <mini-os/words.h>

#include "check.h"

#define ROUNDS 200

static int counter;
static struct timeout timeout;

/* Which of console (POLLIN is 1) and counter (2) is ready within ms. */
static int wait_for_either(int ms)
{
    struct pollfd fds[] = {
        { .fd = STDIN_FILENO, .events = POLLIN },
        { .fd = -1, .events = POLLIN },
        { .fd = counter, .events = POLLIN },
    };
    int ready = poll(fds, 3, ms);
    int which = (fds[0].revents ? 1 : 0) | (fds[2].revents ? 2 : 0);

    check(ready == !!fds[0].revents + !!fds[2].revents && !fds[1].revents);
    return which;
}

static eventfd_t take(void)
{
    eventfd_t value = 0;

    check(!eventfd_read(counter, &value));
    return value;
}

static void raise_later(struct timeout *due)
{
    (void)due;
    eventfd_write(counter, 5);
}

static void raise_often(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        eventfd_write(counter, 1);
        if (i % 3 == 0)
            thread_yield();
    }
}

static void test_counter(void)
{
    struct thread *thread = thread_create("raise", raise_often, NULL);
    eventfd_t sum = 0;

    check(wait_for_either(0) == 0);
    while (sum < ROUNDS && wait_for_either(1000) == 2)
        sum += take();
    check(sum == ROUNDS);
    thread_join(thread);
    timeout_set(&timeout, time_now() + 2 * NSEC_PER_MSEC, raise_later);
    check(wait_for_either(-1) == 2 && take() == 5);
    timeout_set(&timeout, time_now() + 2 * NSEC_PER_MSEC, raise_later);
    check(take() == 5); /* read() waits too */
    check(wait_for_either(20) == 0);
}

static void test_errors(void)
{
    struct pollfd bad = { .fd = 60, .events = POLLIN };
    int other = eventfd(7, EFD_NONBLOCK);
    eventfd_t value;
    char byte;

    check(poll(&bad, 1, -1) == 1 && bad.revents == POLLNVAL);
    check(eventfd(0, 0x40000) < 0 && errno == EINVAL);
    check(!eventfd_read(other, &value) && value == 7);
    check(eventfd_read(other, &value) < 0 && errno == EAGAIN);
    check(eventfd_write(STDIN_FILENO, 1) < 0 && errno == EINVAL);
    check(eventfd_write(other, UINT64_MAX) == 0 && eventfd_write(other, 5) == 0);
    check(!eventfd_read(other, &value) && value == UINT64_MAX);
    check(read(other, &byte, 1) < 0 && errno == EINVAL);
    close(other);
    check(eventfd_write(other, 1) < 0 && errno == EBADF);
    check(!fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK));
    check(read(STDIN_FILENO, &byte, 1) < 0 && errno == EAGAIN);
    check(!fcntl(STDIN_FILENO, F_SETFL, 0));
}

static void test_terminal_size(void)
{
    struct winsize size = { 0 };

    check(!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col == 80);
    size.ws_col = 132;
    check(!ioctl(STDOUT_FILENO, TIOCSWINSZ, &size));
    size.ws_col = 0;
    check(!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col == 132);
    check(ioctl(counter, TIOCGWINSZ, &size) < 0 && errno == ENOTTY);
    check(ioctl(STDOUT_FILENO, 77) < 0 && errno == EINVAL);
}

static void expect_line(const char *want)
{
    char line[64] = "";
    ssize_t len;

    check(wait_for_either(-1) == 1);
    len = read(STDIN_FILENO, line, sizeof(line) - 1);
    check(len == (ssize_t)strlen(want));
    check_text(line, want);
}

/* A line that is typed in two pieces is no input before its end. */
static void test_lines(void)
{
    printf("type a line\n");
    expect_line("one\n");
    printf("type half a line\n");
    check(wait_for_either(300) == 0);
    printf("type the rest\n");
    expect_line("two halves\n");
    printf("type the end\n");
    expect_line("");
}

/* What was typed of a line before the mode changed is not lost. */
static void test_raw(void)
{
    struct termios modes;
    char bytes[8] = "";

    printf("type before\n");
    check(wait_for_either(300) == 0);
    tcgetattr(STDIN_FILENO, &modes);
    modes.c_lflag &= ~(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &modes);
    check(wait_for_either(-1) == 1);
    check(read(STDIN_FILENO, bytes, sizeof(bytes)) == 2);
    check_text(bytes, "ab");
    printf("type a byte\n");
    check(wait_for_either(-1) == 1);
    check(read(STDIN_FILENO, bytes, sizeof(bytes)) == 1 && bytes[0] == 'x');
    check(wait_for_either(0) == 0);
}

static void test_words(void)
{
    char line[] = "a 'b  c' \"d\\\"\" e\\ f 'open";
    char *words[8];

    check(split_words(line, words, 8) == 5);
    check_text(words[1], "b  c");
    check_text(words[2], "d\"");
    check_text(words[3], "e f");
    check_text(words[4], "open");
}

int main(void)
{
    counter = eventfd(0, 0);
    check(counter > STDERR_FILENO);
    test_counter();
    test_errors();
    test_terminal_size();
    test_words();
    test_lines();
    test_raw();
    return check_verdict();
}
