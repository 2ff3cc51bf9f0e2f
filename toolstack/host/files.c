/* SPDX-License-Identifier: MIT */
/* Files that go along with a command. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file *files_find(const struct files *files, const char *path)
{
    for (unsigned int i = 0; i < files->n; i++)
        if (!strcmp(files->file[i].path, path))
            return &files->file[i];
    return NULL;
}

/* The file's size and digest. Returns 0 or an errno. */
static int measure(struct file *file)
{
    static uint8_t bytes[1u << 16];
    struct ts_digest digest;
    ssize_t n;

    file->size = 0;
    ts_digest_begin(&digest);
    while ((n = pread(file->fd, bytes, sizeof(bytes), (off_t)file->size)) > 0) {
        ts_digest_add(&digest, bytes, (size_t)n);
        file->size += (uint64_t)n;
    }
    ts_digest_end(&digest, file->digest);
    return n < 0 ? errno : 0;
}

static int open_file(struct file *file)
{
    struct stat st;

    file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->fd < 0)
        return errno;
    if (fstat(file->fd, &st))
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    return S_ISREG(st.st_mode) ? measure(file) : EINVAL;
}

static int refuse(struct file *file, int error, struct ts_err *err)
{
    if (error == EINVAL)
        ts_fail(err, -XEN_EINVAL, "\"%s\" is not an ordinary file", file->path);
    else
        ts_fail(err, -XEN_EIO, "\"%s\" cannot be read: %s", file->path, strerror(error));
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    return TS_EXIT_FILE;
}

static int out_of_memory(struct ts_err *err)
{
    ts_fail(err, -XEN_ENOMEM, "out of memory");
    return TS_EXIT_MEMORY;
}

int files_add(struct files *files, const char *path, bool *there, struct ts_err *err)
{
    struct file *more, file = { .fd = -1 };
    int error;

    *there = true;
    if (files_find(files, path))
        return TS_EXIT_OK;
    *there = !access(path, F_OK);
    if (!*there && (errno == ENOENT || errno == ENOTDIR))
        return TS_EXIT_OK;
    more = realloc(files->file, (files->n + 1) * sizeof(*more));
    if (!more)
        return out_of_memory(err);
    files->file = more;
    file.path = strdup(path);
    if (!file.path)
        return out_of_memory(err);
    error = open_file(&file);
    if (error)
        return refuse(&file, error, err);
    files->file[files->n++] = file;
    return TS_EXIT_OK;
}

void files_close(struct files *files)
{
    for (unsigned int i = 0; i < files->n; i++) {
        close(files->file[i].fd);
        free(files->file[i].path);
        free(files->file[i].instead);
    }
    free(files->file);
    *files = (struct files){ 0 };
}

void *file_read_all(const struct file *file, struct ts_err *err)
{
    char *bytes = malloc(file->size + 1);

    if (!bytes) {
        out_of_memory(err);
        return NULL;
    }
    for (uint64_t at = 0; at < file->size;) {
        ssize_t n = pread(file->fd, bytes + at, file->size - at, (off_t)at);

        if (n <= 0) {
            ts_fail(err, -XEN_EIO, "\"%s\" cannot be read: %s", file->path,
                    n ? strerror(errno) : "it has changed");
            free(bytes);
            return NULL;
        }
        at += (uint64_t)n;
    }
    return bytes;
}
