/* SPDX-License-Identifier: MIT */
/*
 * poll(), and the counters that end it from elsewhere.
 */
#include <poll.h>

#include <limits.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mini-os/events.h>
#include <mini-os/thread.h>
#include <mini-os/time.h>

#include "../kernel/files.h"
#include "../kernel/readiness.h"
#include "internal.h"

/* What of the events is there; what was not asked for, but for POLLNVAL, is left out. */
static short look_at(const struct pollfd *p)
{
    struct file *file = file_of(p->fd);
    short ready;

    if (p->fd < 0)
        return 0;
    if (!file)
        return POLLNVAL;
    ready = file->node->ops->ready ? file->node->ops->ready(file) : POLLIN | POLLOUT;
    return ready & p->events;
}

static int look_at_all(struct pollfd *fds, nfds_t count)
{
    int ready = 0;

    for (nfds_t i = 0; i < count; i++) {
        fds[i].revents = look_at(&fds[i]);
        ready += fds[i].revents != 0;
    }
    return ready;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    uint64_t deadline = timeout < 0 ? TIME_NEVER : time_now() + timeout * NSEC_PER_MSEC;
    unsigned long changes = poll_changes();
    int ready = look_at_all(fds, count);

    while (!ready && timeout && !poll_wait(changes, deadline)) {
        changes = poll_changes();
        ready = look_at_all(fds, count);
    }
    return ready;
}

/* --- eventfd --- */

static uint64_t take_count(struct file *file)
{
    bool events = events_save_disable();
    uint64_t count = file->count;

    file->count = 0;
    events_restore(events);
    return count;
}

static ssize_t counter_read(struct file *file, char *buf, size_t len)
{
    unsigned long changes = poll_changes();
    uint64_t count;

    if (len < sizeof(count))
        return -EINVAL;
    while (!(count = take_count(file))) {
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        poll_wait(changes, TIME_NEVER);
        changes = poll_changes();
    }
    memcpy(buf, &count, sizeof(count));
    return sizeof(count);
}

/* A sum that does not fit stays at the most there is: nobody can wait in a handler. */
static ssize_t counter_write(struct file *file, const char *buf, size_t len)
{
    bool events;
    uint64_t value;

    if (len < sizeof(value))
        return -EINVAL;
    memcpy(&value, buf, sizeof(value));
    events = events_save_disable();
    if (__builtin_add_overflow(file->count, value, &file->count))
        file->count = UINT64_MAX;
    events_restore(events);
    poll_wake();
    return sizeof(value);
}

static short counter_ready(struct file *file)
{
    return POLLOUT | (file->count ? POLLIN : 0);
}

static const struct file_ops counter_ops = {
    .read = counter_read,
    .write = counter_write,
    .ready = counter_ready,
};
static struct node counter_node = { .mode = S_IFCHR | 0600, .ops = &counter_ops };

int eventfd(unsigned int initial, int flags)
{
    int fd;

    if (flags & ~EFD_NONBLOCK)
        return posix_result(-EINVAL);
    fd = file_open_node(&counter_node, O_RDWR | flags);
    if (fd >= 0)
        file_of(fd)->count = initial;
    return posix_result(fd);
}

static int of_counter(int fd, ssize_t (*move)(int fd, void *buf, size_t len), void *value)
{
    struct file *file = file_of(fd);

    if (file && file->node != &counter_node)
        return posix_result(-EINVAL);
    return move(fd, value, sizeof(eventfd_t)) < 0 ? -1 : 0;
}

static ssize_t write_bytes(int fd, void *buf, size_t len)
{
    return write(fd, buf, len);
}

int eventfd_write(int fd, eventfd_t value)
{
    return of_counter(fd, write_bytes, &value);
}

int eventfd_read(int fd, eventfd_t *value)
{
    return of_counter(fd, read, value);
}
