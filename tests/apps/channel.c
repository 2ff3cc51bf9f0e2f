/* SPDX-License-Identifier: MIT */
/*
 * The channel to the machine around domain 0, driven by lines typed on the console; each is
 * answered by one line.
 *
 *   open, close          "open DESCRIPTION" or "none"; "closed"
 *   up, down             when somebody is, or nobody is, at the other end
 *   receive N            N bytes: "receive N ADLER32 MILLISECONDS"
 *   send N               N bytes of no pattern: likewise
 *   echo N               N bytes, each sent back: likewise
 *   until-down           "until-down N": what was received before the other end went
 *   flood                sends until the other end goes: "flood N"
 *   pages                "pages N": free ones
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mini-os/channel.h>
#include <mini-os/mm.h>
#include <mini-os/sync.h>
#include <mini-os/time.h>

#define PORT_NAME  "org.pavise.control"
#define ADLER_BASE 65521
#define ADLER_RUN  5552 /* bytes before the sums might overflow */

static struct channel *channel;
static struct semaphore changed;
static unsigned char buffer[32768];

static struct {
    uint32_t low, high;
} adler;

static void on_change(void *data)
{
    (void)data;
    semaphore_post(&changed);
}

static void wait_for_change(void)
{
    semaphore_wait(&changed, TIME_NEVER);
}

static void add_to_sum(const unsigned char *bytes, size_t n)
{
    while (n) {
        size_t run = n < ADLER_RUN ? n : ADLER_RUN;

        for (n -= run; run; run--) {
            adler.low += *bytes++;
            adler.high += adler.low;
        }
        adler.low %= ADLER_BASE;
        adler.high %= ADLER_BASE;
    }
}

static void make_noise(unsigned char *bytes, size_t n)
{
    static uint32_t state = 1;

    for (size_t i = 0; i < n; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(state >> 24);
    }
}

/* Gives up when the other end goes. */
static size_t write_all(const unsigned char *bytes, size_t n)
{
    size_t done = 0;

    while (done < n) {
        done += channel_write(channel, bytes + done, n - done);
        if (done < n && !channel_is_connected(channel))
            break;
        if (done < n)
            wait_for_change();
    }
    return done;
}

static size_t read_some(size_t limit)
{
    size_t n;

    while (!(n = channel_read(channel, buffer,
                              limit < sizeof(buffer) ? limit : sizeof(buffer))))
        wait_for_change();
    return n;
}

static void receive(unsigned long total)
{
    while (total) {
        size_t n = read_some(total);

        add_to_sum(buffer, n);
        total -= n;
    }
}

static void send(unsigned long total)
{
    while (total) {
        size_t n = total < sizeof(buffer) ? total : sizeof(buffer);

        make_noise(buffer, n);
        add_to_sum(buffer, n);
        write_all(buffer, n);
        total -= n;
    }
}

static void echo(unsigned long total)
{
    while (total) {
        size_t n = read_some(total);

        add_to_sum(buffer, n);
        write_all(buffer, n);
        total -= n;
    }
}

static void transfer(const char *name, unsigned long total, void (*fn)(unsigned long))
{
    uint64_t start = time_now();

    adler.low = 1;
    adler.high = 0;
    fn(total);
    printf("%s %lu %08lx %lu\n", name, total,
           (unsigned long)(adler.high << 16 | adler.low),
           (unsigned long)((time_now() - start) / NSEC_PER_MSEC));
}

static void wait_until(bool connected)
{
    while (channel_is_connected(channel) != connected)
        wait_for_change();
    puts(connected ? "up" : "down");
}

static void receive_until_down(void)
{
    unsigned long total = 0;
    size_t n;

    do {
        while ((n = channel_read(channel, buffer, sizeof(buffer))))
            total += n;
        if (channel_is_connected(channel))
            wait_for_change();
    } while (channel_is_connected(channel));
    while ((n = channel_read(channel, buffer, sizeof(buffer))))
        total += n;
    printf("until-down %lu\n", total);
}

static void flood(void)
{
    unsigned long total = 0;

    do
        total += write_all(buffer, sizeof(buffer));
    while (channel_is_connected(channel));
    printf("flood %lu\n", total);
}

static void open_channel(void)
{
    channel = channel_open(PORT_NAME, on_change, NULL);
    if (channel)
        printf("open %s\n", channel_description(channel));
    else
        puts("none");
}

static void close_channel(void)
{
    channel_close(channel);
    puts("closed");
}

static void obey(const char *word, unsigned long n)
{
    if (!strcmp(word, "open"))
        open_channel();
    else if (!strcmp(word, "close"))
        close_channel();
    else if (!strcmp(word, "up"))
        wait_until(true);
    else if (!strcmp(word, "down"))
        wait_until(false);
    else if (!strcmp(word, "receive"))
        transfer(word, n, receive);
    else if (!strcmp(word, "send"))
        transfer(word, n, send);
    else if (!strcmp(word, "echo"))
        transfer(word, n, echo);
    else if (!strcmp(word, "until-down"))
        receive_until_down();
    else if (!strcmp(word, "flood"))
        flood();
    else if (!strcmp(word, "pages"))
        printf("pages %lu\n", mm_free_pages());
    else
        puts("what?");
}

int main(void)
{
    char line[80], word[20];
    unsigned long n;

    puts("channel: ready");
    while (fgets(line, sizeof(line), stdin)) {
        n = 0;
        if (sscanf(line, "%19s %lu", word, &n) >= 1)
            obey(word, n);
    }
    return 0;
}
