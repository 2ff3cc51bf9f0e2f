/* SPDX-License-Identifier: MIT */
/*
 * Waits for socket, terminal, signals and the protocol's timers, and moves bytes. Nothing
 * here blocks but poll(): a terminal or pipe that does not take output does not keep the
 * session from staying alive. Standard input is read only for commands that want it.
 */
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define REJOIN_MS     10000 /* a cut connection is tried again so long */
#define SILENCE_MS    30000 /* a machine that has not been heard so long is lost */
#define CLOSING_MS    500   /* to tell the machine that we leave */
#define TICK_MS       100
#define SINK_PART     512 /* a descriptor that poll() calls writable takes that */
#define KEY_LEAVE     0x1d
#define KEY_INTERRUPT 0x03

enum { FD_SOCKET, FD_SIGNAL, FD_INPUT, FD_OUT, FD_ERR, NR_FDS };

static uint64_t min_time(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* --- output --- */

size_t sink_put(struct sink *sink, const void *bytes, size_t n)
{
    if (sink->is_broken)
        return n;
    if (n > SINK_BYTES - sink->n)
        n = SINK_BYTES - sink->n;
    memmove(sink->bytes, sink->bytes + sink->start, sink->n);
    sink->start = 0;
    memcpy(sink->bytes + sink->n, bytes, n);
    sink->n += n;
    return n;
}

static void sink_flush(struct session *s, struct sink *sink)
{
    size_t n = sink->n < SINK_PART ? sink->n : SINK_PART;
    ssize_t written = write(sink->fd, sink->bytes + sink->start, n);

    if (written >= 0) {
        sink->start += (size_t)written;
        sink->n -= (size_t)written;
    } else if (errno != EAGAIN && errno != EINTR) {
        sink->is_broken = true;
        sink->n = 0;
        if (errno != EPIPE)
            sink->error = errno;
        if (!s->is_over)
            ts_remote_client_interrupt(s->client);
    }
}

/* --- the connection --- */

static void cut(struct session *s)
{
    close(s->fd);
    s->fd = -1;
    s->is_blocked = false;
    if (!s->cut_at)
        s->cut_at = now_ms();
}

size_t session_write(void *context, const void *bytes, size_t n)
{
    struct session *s = context;
    ssize_t written;

    if (s->fd < 0)
        return n; /* to be sent again */
    written = write(s->fd, bytes, n);
    s->is_blocked = written < (ssize_t)n;
    return written < 0 ? 0 : (size_t)written;
}

static void receive(struct session *s)
{
    static uint8_t bytes[1u << 16];
    ssize_t n = read(s->fd, bytes, sizeof(bytes));

    if (n > 0) {
        s->cut_at = 0;
        ts_remote_client_bytes(s->client, bytes, (size_t)n, now_ms());
    } else if (!n || (errno != EAGAIN && errno != EINTR)) {
        cut(s);
    }
}

static void lost(struct session *s, const char *how)
{
    session_end(s, TS_EXIT_CHANNEL);
    if (s->command->is_silent)
        return;
    if (s->is_executing)
        say("%s; what the command has done is not known", how);
    else
        say("%s", how);
}

static void rejoin(struct session *s, uint64_t now)
{
    if (now < s->next_try)
        return;
    s->next_try = now + TICK_MS;
    s->fd = endpoint_connect(s->command->endpoint, NULL);
    if (s->fd >= 0)
        ts_remote_client_rejoin(s->client, now);
}

static void watch_time(struct session *s, uint64_t now)
{
    uint64_t heard = ts_remote_client_heard(s->client);

    if (s->cut_at && now - s->cut_at > REJOIN_MS)
        lost(s, "the connection to the machine was lost");
    else if (s->fd < 0)
        rejoin(s, now);
    else if (!s->is_connected && now >= s->give_up)
        lost(s, "the machine does not answer");
    else if (s->is_connected && now - heard > SILENCE_MS)
        lost(s, "the machine does not answer any more");
}

/* --- input and signals --- */

static bool can_read(const struct session *s)
{
    return s->wants_input && !s->input_has_ended && !s->input_n;
}

/* While there is no connection, the keys by which one leaves are ours. */
static void look_for_leaving(struct session *s)
{
    if (s->fd < 0 && (memchr(s->input, KEY_LEAVE, s->input_n) ||
                      memchr(s->input, KEY_INTERRUPT, s->input_n)))
        lost(s, "left while the connection to the machine was lost");
}

static void read_input(struct session *s)
{
    ssize_t n = read(STDIN_FILENO, s->input, sizeof(s->input));

    if (n > 0) {
        s->input_n = (size_t)n;
        look_for_leaving(s);
    } else if (!n || (errno != EAGAIN && errno != EINTR)) {
        s->input_has_ended = true;
        ts_remote_client_input_end(s->client);
    }
}

/* Returns whether some of it was taken. */
static bool pass_input(struct session *s)
{
    size_t taken = ts_remote_client_input(s->client, s->input, s->input_n);

    memmove(s->input, s->input + taken, s->input_n - taken);
    s->input_n -= taken;
    return taken;
}

static void interrupt(struct session *s)
{
    s->is_killed = s->is_over;
    if (!s->is_executing || s->was_interrupted || s->fd < 0)
        session_end(s, TS_EXIT_INTERRUPTED);
    s->was_interrupted = true;
    ts_remote_client_interrupt(s->client);
}

static void take_signal(struct session *s)
{
    struct signalfd_siginfo info;
    struct ts_remote_terminal size;

    if (read(s->signals, &info, sizeof(info)) != sizeof(info))
        return;
    switch (info.ssi_signo) {
    case SIGINT:
        interrupt(s);
        break;
    case SIGWINCH:
        size = terminal_size();
        ts_remote_client_set_terminal(s->client, &size);
        break;
    case SIGCONT:
        terminal_again();
        break;
    default:
        s->is_killed = true;
        session_end(s, 128 + (int)info.ssi_signo);
    }
}

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGWINCH);
    sigaddset(&set, SIGCONT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* --- the loop --- */

static int poll_time(const struct session *s, uint64_t next, uint64_t now)
{
    uint64_t end = s->fd < 0 ? now + TICK_MS : next;

    if (!s->is_connected)
        end = min_time(end, s->give_up);
    end = min_time(end, now + 1000);
    return end > now ? (int)(end - now) : 0;
}

static void wait_and_serve(struct session *s, uint64_t next)
{
    struct pollfd fds[NR_FDS] = {
        [FD_SOCKET] = { s->fd, (short)(POLLIN | (s->is_blocked ? POLLOUT : 0)), 0 },
        [FD_SIGNAL] = { s->signals, POLLIN, 0 },
        [FD_INPUT] = { can_read(s) ? STDIN_FILENO : -1, POLLIN, 0 },
        [FD_OUT] = { s->out.n ? s->out.fd : -1, POLLOUT, 0 },
        [FD_ERR] = { s->err.n ? s->err.fd : -1, POLLOUT, 0 },
    };

    if (poll(fds, NR_FDS, poll_time(s, next, now_ms())) <= 0)
        return;
    if (fds[FD_SOCKET].revents & ~POLLOUT)
        receive(s);
    if (fds[FD_SIGNAL].revents)
        take_signal(s);
    if (fds[FD_INPUT].revents)
        read_input(s);
    if (fds[FD_OUT].revents)
        sink_flush(s, &s->out);
    if (fds[FD_ERR].revents)
        sink_flush(s, &s->err);
}

/* What has come is shown, and the machine told that we leave. */
static void close_down(struct session *s)
{
    uint64_t end = now_ms() + CLOSING_MS;

    ts_remote_client_close(s->client);
    while (s->out.n || s->err.n ||
           (s->fd >= 0 && !ts_remote_client_is_closed(s->client) && now_ms() < end)) {
        ts_remote_client_run(s->client, now_ms());
        if (s->out.n || s->err.n || s->is_blocked)
            wait_and_serve(s, now_ms() + TICK_MS);
        if (s->is_killed)
            break;
    }
}

static void turn(struct session *s, bool may_wait)
{
    uint64_t next = ts_remote_client_run(s->client, now_ms());

    if (s->is_over || (s->input_n && pass_input(s)))
        return;
    wait_and_serve(s, may_wait && !s->instead_due ? next : 0);
    if (!s->is_over)
        watch_time(s, now_ms());
}

bool session_keep_up(struct session *s)
{
    static uint64_t last;

    if (now_ms() - last >= TICK_MS) {
        last = now_ms();
        turn(s, false);
    }
    return !s->is_over;
}

void session_loop(struct session *s)
{
    s->signals = open_signals();
    while (!s->is_over) {
        turn(s, true);
        if (s->instead_due && !s->is_over)
            session_send_instead(s);
    }
    close_down(s);
    close(s->signals);
}
