/* SPDX-License-Identifier: MIT */
/*
 * Open files and their descriptors, the kinds of files, and what is there at start.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <mini-os/boot.h>
#include <mini-os/console.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>

#include "console.h"
#include "internal.h"

static struct file *open_files[FILES_MAX];

static ssize_t refuse_write(struct file *file, const char *buf, size_t len)
{
    (void)file, (void)buf, (void)len;
    return -EBADF;
}

static ssize_t directory_read(struct file *file, char *buf, size_t len)
{
    (void)file, (void)buf, (void)len;
    return -EISDIR;
}

static ssize_t console_file_read(struct file *file, char *buf, size_t len)
{
    if ((file->flags & O_NONBLOCK) && !tty_is_readable())
        return -EAGAIN;
    return tty_read(buf, len);
}

static ssize_t console_file_write(struct file *file, const char *buf, size_t len)
{
    (void)file;
    tty_write(buf, len);
    return len;
}

static short console_file_ready(struct file *file)
{
    (void)file;
    return POLLOUT | (tty_is_readable() ? POLLIN : 0);
}

static ssize_t null_read(struct file *file, char *buf, size_t len)
{
    (void)file, (void)buf, (void)len;
    return 0;
}

static ssize_t null_write(struct file *file, const char *buf, size_t len)
{
    (void)file, (void)buf;
    return len;
}

const struct file_ops directory_ops = { .read = directory_read, .write = refuse_write };
const struct file_ops null_ops = { .read = null_read, .write = null_write };
const struct file_ops console_ops = {
    .read = console_file_read,
    .write = console_file_write,
    .ready = console_file_ready,
};

struct file *file_of(int fd)
{
    return fd >= 0 && fd < FILES_MAX ? open_files[fd] : NULL;
}

/* The lowest free descriptor, or -EMFILE. */
static int free_descriptor(void)
{
    for (int fd = 0; fd < FILES_MAX; fd++)
        if (!open_files[fd])
            return fd;
    return -EMFILE;
}

/* What may be done with a node that is there. */
static int check_access(const struct node *node, int flags)
{
    bool writing = (flags & O_ACCMODE) != O_RDONLY;

    if ((flags & O_CREAT) && (flags & O_EXCL))
        return -EEXIST;
    return writing && S_ISDIR(node->mode) ? -EISDIR : 0;
}

int file_open_node(struct node *node, int flags)
{
    int fd = free_descriptor();
    struct file *file;

    if (fd < 0)
        return fd;
    file = malloc(sizeof(*file));
    if (!file)
        return -ENOMEM;
    *file = (struct file){ .node = node, .flags = flags, .references = 1 };
    node_hold(node);
    open_files[fd] = file;
    return fd;
}

int file_open(const char *path, int flags, mode_t mode)
{
    struct node *node = node_lookup(path);
    int rc = free_descriptor();

    if (rc < 0)
        return rc;
    if (node)
        rc = check_access(node, flags);
    else if (flags & O_CREAT)
        rc = node_create(path, S_IFREG | (mode & 0777), &node);
    else
        rc = -ENOENT;
    if (rc < 0)
        return rc;
    if ((flags & O_TRUNC) && S_ISREG(node->mode) && (flags & O_ACCMODE) != O_RDONLY)
        node_set_size(node, 0);
    return file_open_node(node, flags);
}

int file_dup(int fd)
{
    struct file *file = file_of(fd);
    int copy = free_descriptor();

    if (!file)
        return -EBADF;
    if (copy < 0)
        return copy;
    file->references++;
    open_files[copy] = file;
    return copy;
}

int file_close(int fd)
{
    struct file *file = file_of(fd);

    if (!file)
        return -EBADF;
    open_files[fd] = NULL;
    if (--file->references == 0) {
        node_release(file->node);
        free(file);
    }
    return 0;
}

static void add_device(const char *path, const struct file_ops *ops)
{
    struct node node = { .path = path, .mode = S_IFCHR | 0666, .ops = ops };
    int rc = tree_add(&node);

    BUG_ON(rc);
}

/* Where programs expect to be allowed to write. */
static void add_tmp(void)
{
    struct node node = { .path = "/tmp", .mode = S_IFDIR | 0777, .ops = &directory_ops };
    int rc = tree_add(&node);

    BUG_ON(rc);
}

static const char *ramdisk_start(void)
{
    if (boot_info->flags & SIF_MOD_START_PFN)
        return pfn_to_virt(boot_info->mod_start);
    return (const char *)boot_info->mod_start;
}

/* Descriptors 0, 1 and 2 are the console. */
void files_init(void)
{
    int rc;

    add_device("/dev/console", &console_ops);
    add_device("/dev/null", &null_ops);
    add_tmp();
    rc = boot_info->mod_len ? ramdisk_mount(ramdisk_start(), boot_info->mod_len) : 0;
    if (rc)
        kprintf("mini-os: the ramdisk is no sound cpio archive (%d)\n", rc);
    tree_finish();
    rc = file_open("/dev/console", O_RDWR, 0);
    BUG_ON(rc);
    file_dup(0);
    file_dup(0);
}
