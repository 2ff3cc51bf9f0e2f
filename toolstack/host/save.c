/* SPDX-License-Identifier: MIT */
/*
 * The core that a command writes here; the machine says what is in it, never its name. What
 * can be made from the rest of it, and takes time, is made here.
 */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ts/dump.h>

static int cannot(const char *path, int error)
{
    say("\"%s\" cannot be written: %s", path, strerror(error));
    return TS_EXIT_FILE;
}

int save_begin(struct save *save, const char *path)
{
    struct stat st;
    int error;

    *save = (struct save){ .path = path, .fd = -1 };
    if (!path)
        return TS_EXIT_OK;
    if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
        say("\"%s\" is not an ordinary file", path);
        return TS_EXIT_FILE;
    }
    if (asprintf(&save->temporary, "%s.XXXXXX", path) < 0) {
        say("out of memory");
        return TS_EXIT_MEMORY;
    }
    save->fd = mkostemp(save->temporary, O_CLOEXEC);
    if (save->fd >= 0)
        return TS_EXIT_OK;
    error = errno;
    free(save->temporary);
    return cannot(path, error);
}

int save_put(struct save *save, uint64_t offset, const void *bytes, size_t n)
{
    const char *at = bytes;

    if (offset > INT64_MAX - n)
        return EFBIG;
    while (n) {
        ssize_t written = pwrite(save->fd, at, n, (off_t)offset);

        if (written < 0 && errno != EINTR)
            return errno;
        if (written <= 0)
            continue;
        at += written;
        offset += (uint64_t)written;
        n -= (size_t)written;
    }
    return 0;
}

/* --- program headers --- */

static int get(void *context, uint64_t offset, void *bytes, size_t n)
{
    const struct save *save = context;
    char *at = bytes;

    if (offset > INT64_MAX - n)
        return -XEN_EINVAL;
    while (n) {
        ssize_t got = pread(save->fd, at, n, (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -XEN_EIO;
        at += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return 0;
}

static int put(void *context, uint64_t offset, const void *bytes, size_t n)
{
    int error = save_put(context, offset, bytes, n);

    return error == ENOSPC ? -XEN_ENOSPC : error ? -XEN_EIO : 0;
}

/* Returns an exit code. */
static int complete(struct save *save)
{
    const struct ts_core_file file = { save, get, put };
    struct ts_err err = { 0 };
    int rc = ts_core_add_view(&file, &err);

    if (rc)
        say("\"%s\": %s", save->path, err.text);
    return !rc ? TS_EXIT_OK : rc == -XEN_ENOMEM ? TS_EXIT_MEMORY : TS_EXIT_FILE;
}

int save_end(struct save *save, int code)
{
    int error = 0;

    if (!save->path)
        return code;
    if (!code)
        code = complete(save);
    if (close(save->fd) || (!code && rename(save->temporary, save->path)))
        error = errno;
    if (code || error)
        unlink(save->temporary);
    free(save->temporary);
    return code || !error ? code : cannot(save->path, error);
}
