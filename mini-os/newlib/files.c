/* SPDX-License-Identifier: MIT */
/*
 * POSIX file functions on the kernel's files.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "../kernel/console.h"
#include "../kernel/files.h"
#include "internal.h"

#define BLOCK_SIZE 1024 /* what stdio buffers */

int open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return posix_result(file_open(path, flags, mode));
}

int close(int fd)
{
    return posix_result(file_close(fd));
}

int dup(int fd)
{
    return posix_result(file_dup(fd));
}

ssize_t read(int fd, void *buf, size_t len)
{
    struct file *file = file_of(fd);

    if (!file || (file->flags & O_ACCMODE) == O_WRONLY)
        return posix_result(-EBADF);
    return posix_result(file->node->ops->read(file, buf, len));
}

ssize_t write(int fd, const void *buf, size_t len)
{
    struct file *file = file_of(fd);

    if (!file || (file->flags & O_ACCMODE) == O_RDONLY)
        return posix_result(-EBADF);
    return posix_result(file->node->ops->write(file, buf, len));
}

off_t lseek(int fd, off_t offset, int whence)
{
    struct file *file = file_of(fd);

    if (!file)
        return posix_result(-EBADF);
    if (!S_ISREG(file->node->mode))
        return posix_result(-ESPIPE);
    if (whence == SEEK_CUR)
        offset += file->offset;
    else if (whence == SEEK_END)
        offset += file->node->size;
    else if (whence != SEEK_SET)
        return posix_result(-EINVAL);
    if (offset < 0)
        return posix_result(-EINVAL);
    return file->offset = offset;
}

static void describe(const struct node *node, struct stat *st)
{
    memset(st, 0, sizeof(*st));
    st->st_mode = node->mode;
    st->st_nlink = 1;
    st->st_size = node->size;
    st->st_blksize = BLOCK_SIZE;
    st->st_blocks = (node->size + 511) / 512;
    st->st_mtime = st->st_ctime = st->st_atime = node->mtime;
}

int fstat(int fd, struct stat *st)
{
    struct file *file = file_of(fd);

    if (!file)
        return posix_result(-EBADF);
    describe(file->node, st);
    return 0;
}

int stat(const char *path, struct stat *st)
{
    const struct node *node = node_lookup(path);

    if (!node)
        return posix_result(-ENOENT);
    describe(node, st);
    return 0;
}

/* There are no rights to be without. */
int access(const char *path, int mode)
{
    (void)mode;
    return posix_result(node_lookup(path) ? 0 : -ENOENT);
}

static int check_tty(int fd)
{
    struct file *file = file_of(fd);

    if (!file)
        return -EBADF;
    return file->node->ops == &console_ops ? 0 : -ENOTTY;
}

int isatty(int fd)
{
    return posix_result(check_tty(fd)) == 0;
}

int tcgetattr(int fd, struct termios *modes)
{
    int rc = check_tty(fd);

    if (!rc)
        tty_get_modes(modes);
    return posix_result(rc);
}

int tcsetattr(int fd, int when, const struct termios *modes)
{
    int rc = check_tty(fd);

    (void)when;
    if (!rc)
        tty_set_modes(modes);
    return posix_result(rc);
}

int ioctl(int fd, unsigned long request, ...)
{
    int rc = check_tty(fd);
    va_list args;

    va_start(args, request);
    if (!rc && request == TIOCGWINSZ)
        tty_get_size(va_arg(args, struct winsize *));
    else if (!rc && request == TIOCSWINSZ)
        tty_set_size(va_arg(args, const struct winsize *));
    else if (!rc)
        rc = -EINVAL;
    va_end(args);
    return posix_result(rc);
}

static int set_flags(struct file *file, int flags)
{
    file->flags = (file->flags & ~O_NONBLOCK) | (flags & O_NONBLOCK);
    return 0;
}

int fcntl(int fd, int command, ...)
{
    struct file *file = file_of(fd);
    va_list args;
    int flags;

    if (!file)
        return posix_result(-EBADF);
    va_start(args, command);
    flags = command == F_SETFL ? va_arg(args, int) : 0;
    va_end(args);
    if (command == F_GETFL)
        return file->flags;
    if (command == F_SETFL)
        return set_flags(file, flags);
    return posix_result(command == F_GETFD || command == F_SETFD ? 0 : -EINVAL);
}

char *getcwd(char *buf, size_t size)
{
    if (size < 2) {
        posix_result(-ERANGE);
        return NULL;
    }
    return strcpy(buf, "/");
}

static int set_size(struct node *node, off_t size)
{
    if (S_ISDIR(node->mode))
        return -EISDIR;
    return S_ISREG(node->mode) && size >= 0 ? node_set_size(node, size) : -EINVAL;
}

int ftruncate(int fd, off_t size)
{
    struct file *file = file_of(fd);

    if (!file)
        return posix_result(-EBADF);
    if ((file->flags & O_ACCMODE) == O_RDONLY)
        return posix_result(-EINVAL);
    return posix_result(set_size(file->node, size));
}

int truncate(const char *path, off_t size)
{
    struct node *node = node_lookup(path);

    return posix_result(node ? set_size(node, size) : -ENOENT);
}

/* Nothing is anywhere else than in memory. */
int fsync(int fd)
{
    return posix_result(file_of(fd) ? 0 : -EBADF);
}

int unlink(const char *path)
{
    return posix_result(node_remove(path, false));
}

int rmdir(const char *path)
{
    return posix_result(node_remove(path, true));
}

int rename(const char *from, const char *to)
{
    return posix_result(node_rename(from, to));
}

int link(const char *from, const char *to)
{
    (void)to;
    return posix_result(node_lookup(from) ? -EPERM : -ENOENT);
}

int mkdir(const char *path, mode_t mode)
{
    struct node *made;

    return posix_result(node_create(path, S_IFDIR | (mode & 0777), &made));
}
