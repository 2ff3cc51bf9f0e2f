/* SPDX-License-Identifier: MIT */
/* Sockets around a relay: QEMU's channel takes one client, and this one takes many. */
#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <ts/relay.h>

struct connection {
    int fd; /* -1: none */
    struct ts_relay_client *client;
};

struct loop {
    struct ts_relay *relay;
    int listener, machine, signals;
    bool is_over;
    struct connection connections[TS_RELAY_MAX_CLIENTS];
};

int relay_listen(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    mode_t mask = umask(077);
    int fd = -1;

    errno = ENAMETOOLONG;
    if (strlen(path) < sizeof(address.sun_path)) {
        strcpy(address.sun_path, path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
                    listen(fd, TS_RELAY_MAX_CLIENTS))) {
        close(fd);
        fd = -1;
    }
    umask(mask);
    return fd;
}

/* --- clients --- */

static void leave(struct connection *c)
{
    ts_relay_leave(c->client, now_ms());
    close(c->fd);
    c->fd = -1;
}

static void receive(struct connection *c)
{
    uint8_t bytes[TS_RELAY_PART];
    ssize_t n = read(c->fd, bytes, sizeof(bytes));

    if (n > 0)
        ts_relay_from_client(c->client, bytes, (size_t)n);
    else if (!n || (errno != EAGAIN && errno != EINTR))
        leave(c);
}

static void send_to(struct connection *c)
{
    const uint8_t *bytes;
    size_t n = ts_relay_for_client(c->client, &bytes);
    ssize_t written = n ? send(c->fd, bytes, n, MSG_NOSIGNAL) : 0;

    if (written > 0)
        ts_relay_client_took(c->client, (size_t)written);
    else if (written < 0 && errno != EAGAIN && errno != EINTR)
        leave(c);
}

static void admit(struct loop *loop)
{
    int fd = accept4(loop->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct connection *free_one = NULL;

    if (fd < 0)
        return;
    for (unsigned int i = 0; i < TS_RELAY_MAX_CLIENTS && !free_one; i++)
        if (loop->connections[i].fd < 0)
            free_one = &loop->connections[i];
    if (free_one)
        free_one->client = ts_relay_join(loop->relay);
    if (free_one && free_one->client)
        free_one->fd = fd;
    else
        close(fd);
}

/* --- the machine --- */

static void receive_from_machine(struct loop *loop)
{
    uint8_t bytes[TS_RELAY_PART];
    ssize_t n = read(loop->machine, bytes, sizeof(bytes));

    if (n > 0)
        ts_relay_from_machine(loop->relay, bytes, (size_t)n);
    else if (!n || (errno != EAGAIN && errno != EINTR))
        loop->is_over = true;
}

/* Returns whether there is more than it takes now. */
static bool send_to_machine(struct loop *loop)
{
    const uint8_t *bytes;
    size_t n;

    while ((n = ts_relay_for_machine(loop->relay, &bytes))) {
        ssize_t written = send(loop->machine, bytes, n, MSG_NOSIGNAL);

        if (written <= 0)
            return true;
        ts_relay_machine_took(loop->relay, (size_t)written);
    }
    return false;
}

/* --- the loop --- */

static short wanted(const struct connection *c)
{
    const uint8_t *bytes;

    if (c->fd < 0)
        return 0;
    return (short)((ts_relay_has_room(c->client) ? POLLIN : 0) |
                   (ts_relay_for_client(c->client, &bytes) ? POLLOUT : 0));
}

static int poll_time(uint64_t next)
{
    uint64_t now = now_ms();

    if (next == UINT64_MAX)
        return -1;
    return next > now ? (int)(next - now) : 0;
}

static void serve_once(struct loop *loop)
{
    struct pollfd fds[3 + TS_RELAY_MAX_CLIENTS];
    uint64_t next = ts_relay_run(loop->relay, now_ms());
    bool blocked = send_to_machine(loop);

    fds[0] = (struct pollfd){ loop->signals, POLLIN, 0 };
    fds[1] = (struct pollfd){ loop->listener, POLLIN, 0 };
    fds[2] =
        (struct pollfd){ loop->machine, (short)(POLLIN | (blocked ? POLLOUT : 0)), 0 };
    for (unsigned int i = 0; i < TS_RELAY_MAX_CLIENTS; i++)
        fds[3 + i] =
            (struct pollfd){ loop->connections[i].fd, wanted(&loop->connections[i]), 0 };
    if (poll(fds, 3 + TS_RELAY_MAX_CLIENTS, poll_time(next)) <= 0)
        return;
    for (unsigned int i = 0; i < TS_RELAY_MAX_CLIENTS; i++) {
        struct connection *c = &loop->connections[i];

        if (c->fd >= 0 && fds[3 + i].revents & POLLOUT)
            send_to(c);
        if (c->fd >= 0 && fds[3 + i].revents & ~POLLOUT)
            receive(c);
    }
    if (fds[2].revents & ~POLLOUT)
        receive_from_machine(loop);
    if (fds[1].revents)
        admit(loop);
    if (fds[0].revents)
        loop->is_over = true;
}

void relay_serve(int listener, int machine, int signals)
{
    static struct loop loop;

    loop = (struct loop){ ts_relay_create(), listener, machine, signals, false, {} };
    for (unsigned int i = 0; i < TS_RELAY_MAX_CLIENTS; i++)
        loop.connections[i].fd = -1;
    loop.is_over = !loop.relay;
    while (!loop.is_over)
        serve_once(&loop);
    for (unsigned int i = 0; i < TS_RELAY_MAX_CLIENTS; i++)
        if (loop.connections[i].fd >= 0)
            close(loop.connections[i].fd);
    ts_relay_destroy(loop.relay);
}

/* --- pavise relay CHANNEL SOCKET --- */

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

int tool_relay(int argc, char **argv)
{
    int machine, listener;

    if (argc != 3) {
        say("usage: pavise relay CHANNEL SOCKET: many clients at SOCKET for the one that "
            "CHANNEL takes");
        return TS_EXIT_USAGE;
    }
    machine = unix_connect(argv[1]);
    if (machine < 0) {
        say("no machine at %s: %s", argv[1], strerror(errno));
        return TS_EXIT_CHANNEL;
    }
    listener = relay_listen(argv[2]);
    if (listener < 0) {
        say("%s cannot be made: %s", argv[2], strerror(errno));
        return TS_EXIT_FAILED;
    }
    relay_serve(listener, machine, open_signals());
    unlink(argv[2]);
    return TS_EXIT_OK;
}
