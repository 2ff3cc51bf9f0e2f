/* SPDX-License-Identifier: MIT */
/*
 * The channel to the user's machine (mini-os/channel.h) and the server of sessions on it,
 * in a thread of their own. Commands wake it when they have something to send.
 */
#include <stdio.h>

#include <mini-os/channel.h>
#include <mini-os/events.h>
#include <mini-os/time.h>

#include "control.h"
#include "sessions.h"

#define CHANNEL     "org.pavise.control"
#define STACK_ORDER 4
#define TURN        (64 << 10) /* bytes that are taken before others have a turn */
#define IDLE_MS     15000      /* clients say that they are there every 5 s */
#define PATIENCE    (100 * NSEC_PER_MSEC)

static struct channel *channel;
static struct ts_remote_server *server;
static struct wait_queue sleeping;
static bool is_woken;
static struct semaphore started;

void remote_wake(void)
{
    bool events = events_save_disable();

    is_woken = true;
    queue_wake_all(&sleeping);
    events_restore(events);
}

static void on_channel(void *unused)
{
    (void)unused;
    remote_wake();
}

static size_t write_channel(void *unused, const void *bytes, size_t n)
{
    (void)unused;
    return channel_write(channel, bytes, n);
}

static uint64_t now_ms(void)
{
    return time_now() / NSEC_PER_MSEC;
}

/* Returns whether there may be more. */
static bool take_bytes(void)
{
    static char bytes[4096];
    size_t n, sum = 0;

    while (sum < TURN && (n = channel_read(channel, bytes, sizeof(bytes)))) {
        ts_remote_server_bytes(server, bytes, n, now_ms());
        sum += n;
    }
    return sum >= TURN;
}

static void sleep_until(uint64_t ms)
{
    uint64_t deadline = ms == TS_REMOTE_NEVER ? TIME_NEVER : ms * NSEC_PER_MSEC;
    bool events = events_save_disable();

    while (!is_woken && !queue_wait(&sleeping, deadline))
        ;
    is_woken = false;
    events_restore(events);
}

static bool start_server(void)
{
    const struct ts_remote_channel way = { .write = write_channel };
    const struct ts_remote_limits limits = { .max_sessions = SESSIONS_MAX,
                                             .idle_ms = IDLE_MS };

    channel = channel_open(CHANNEL, on_channel, NULL);
    if (!channel)
        return false;
    if (commands_init())
        server = ts_remote_server_create(&way, &session_ops, NULL, &limits);
    if (server)
        control_say("Commands are also taken from %s.", channel_description(channel));
    else
        channel_close(channel);
    return server;
}

static void serve(void *unused)
{
    bool is_open = start_server();

    (void)unused;
    semaphore_post(&started);
    if (!is_open)
        return;
    for (;;) {
        bool more = take_bytes();
        uint64_t next = ts_remote_server_run(server, now_ms());

        if (more)
            thread_yield();
        else
            sleep_until(next);
    }
}

void remote_start(void)
{
    struct thread *thread = thread_create_sized("remote", serve, NULL, STACK_ORDER);

    if (!thread) {
        control_say("No memory to take commands from the channel.");
        return;
    }
    thread_detach(thread);
    semaphore_wait(&started, time_now() + PATIENCE);
}
