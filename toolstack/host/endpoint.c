/* SPDX-License-Identifier: MIT */
/* Where a machine is, and the way there. */
#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT_MS 5000

static bool copy(char *to, size_t size, const char *from, size_t n)
{
    if (!n || n >= size)
        return false;
    memcpy(to, from, n);
    to[n] = '\0';
    return true;
}

/* HOST:PORT, or [HOST]:PORT */
static bool parse_tcp(const char *text, struct endpoint *e)
{
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;

    e->is_tcp = true;
    if (!colon || !copy(e->port, sizeof(e->port), colon + 1, strlen(colon + 1)))
        return false;
    if (n > 2 && text[0] == '[' && text[n - 1] == ']')
        return copy(e->address, sizeof(e->address), text + 1, n - 2);
    return copy(e->address, sizeof(e->address), text, n);
}

static int parse(const char *text, struct endpoint *e)
{
    struct machine machine;
    bool good;

    snprintf(e->text, sizeof(e->text), "%s", text);
    if (!strncmp(text, "tcp:", 4)) {
        good = parse_tcp(text + 4, e);
    } else if (!strncmp(text, "unix:", 5)) {
        good = copy(e->address, sizeof(e->address), text + 5, strlen(text + 5));
    } else if (strchr(text, '/')) {
        good = copy(e->address, sizeof(e->address), text, strlen(text));
    } else {
        if (!machine_init(&machine, text))
            return TS_EXIT_USAGE;
        machine_endpoint(&machine, e);
        return TS_EXIT_OK;
    }
    if (good)
        return TS_EXIT_OK;
    say("\"%s\" is no endpoint: unix:PATH, tcp:HOST:PORT or a machine's name", text);
    return TS_EXIT_USAGE;
}

struct found {
    struct machine machine;
    unsigned int n;
};

static bool note_machine(void *context, const struct machine *machine)
{
    struct found *found = context;

    found->machine = *machine;
    return ++found->n < 2;
}

int endpoint_find(const char *text, bool silent, struct endpoint *endpoint)
{
    struct found found = { .n = 0 };

    memset(endpoint, 0, sizeof(*endpoint));
    if (!text)
        text = getenv("PAVISE_ENDPOINT");
    if (text && *text)
        return parse(text, endpoint);
    machine_each(note_machine, &found);
    if (found.n == 1) {
        machine_endpoint(&found.machine, endpoint);
        return TS_EXIT_OK;
    }
    if (silent)
        return TS_EXIT_CHANNEL;
    if (found.n)
        say("there are several machines, say which by -H NAME: \"pavise machines\"");
    else
        say("there is no machine: start one by \"pavise up\", or say by -H where it is");
    return TS_EXIT_CHANNEL;
}

static int unix_address(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(address->sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    return 0;
}

static int connect_to(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error;

    if (fd < 0)
        return -1;
    /* Local: at once, or not at all (EAGAIN: too many wait to be let in). */
    if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)))
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* By the folder's descriptor: the path in an address is at most 107 bytes long. */
static int connect_far(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct sockaddr_un address;
    char folder[512], near[128];
    int dir, fd = -1;

    if (!slash || !copy(folder, sizeof(folder), path, (size_t)(slash - path)))
        return -1;
    dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return -1;
    snprintf(near, sizeof(near), "/proc/self/fd/%d/%.80s", dir, slash + 1);
    if (!unix_address(near, &address))
        fd = connect_to(&address);
    close(dir);
    return fd;
}

int unix_connect(const char *path)
{
    struct sockaddr_un address;

    return unix_address(path, &address) ? connect_far(path) : connect_to(&address);
}

/* Returns 0 or an errno. */
static int wait_connected(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
    int error = 0;
    socklen_t n = sizeof(error);

    if (poll(&poll_fd, 1, CONNECT_MS) <= 0)
        return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) ? errno : error;
}

static int tcp_connect_to(const struct addrinfo *to)
{
    int fd = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;

    if (fd < 0)
        return -1;
    if (connect(fd, to->ai_addr, to->ai_addrlen))
        error = errno == EINPROGRESS ? wait_connected(fd) : errno;
    if (!error)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

static int tcp_connect(const struct endpoint *e, struct ts_err *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *list;
    int rc = getaddrinfo(e->address, e->port, &hints, &list), fd = -1;

    if (rc) {
        ts_fail(err, -XEN_ENOENT, "%s", gai_strerror(rc));
        return -1;
    }
    for (const struct addrinfo *to = list; to && fd < 0; to = to->ai_next)
        fd = tcp_connect_to(to);
    if (fd < 0)
        ts_fail(err, -XEN_EIO, "%s", strerror(errno));
    freeaddrinfo(list);
    return fd;
}

int endpoint_connect(const struct endpoint *e, struct ts_err *err)
{
    int fd;

    if (e->is_tcp)
        return tcp_connect(e, err);
    fd = unix_connect(e->address);
    if (fd < 0)
        ts_fail(err, -XEN_EIO, "%s",
                errno == EAGAIN ? "others are connected, and it takes no more"
                                : strerror(errno));
    return fd;
}
