/* SPDX-License-Identifier: MIT */
/* The file that a command writes here; the machine says what is in it, never its name. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int save_end(struct save *save, int code)
{
    int error = 0;

    if (!save->path)
        return code;
    if (close(save->fd) || (!code && rename(save->temporary, save->path)))
        error = errno;
    if (code || error)
        unlink(save->temporary);
    free(save->temporary);
    return code || !error ? code : cannot(save->path, error);
}
