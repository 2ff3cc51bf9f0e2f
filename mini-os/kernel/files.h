/* SPDX-License-Identifier: MIT */
/*
 * The tree of files: the ramdisk's (read-only) and the devices; and open ones. Threads
 * only, as everything that blocks. Errors are negative errnos of <errno.h>.
 */
#ifndef MINI_OS_KERNEL_FILES_H
#define MINI_OS_KERNEL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FILES_MAX 64 /* open at once */
#define PATH_SIZE 256

struct file;

struct file_ops {
    ssize_t (*read)(struct file *file, char *buf, size_t len);
    ssize_t (*write)(struct file *file, const char *buf, size_t len);
    /* POLLIN, POLLOUT: which of the two would not wait; NULL: neither ever does. Whoever
     * changes the answer calls poll_wake(). */
    short (*ready)(struct file *file);
};

struct node {
    const char *path; /* absolute, without . and .., no / at the end but for the root */
    mode_t mode;
    const struct file_ops *ops;
    const char *data; /* of a regular file */
    size_t size;
    time_t mtime;
};

struct file {
    const struct node *node;
    off_t offset;
    int flags; /* O_* */
    unsigned int references;
    uint64_t count; /* of an eventfd */
};

/* Descriptors. file_open() returns one, or -ENOENT, -EISDIR, -EROFS, -EMFILE, -ENOMEM,
 * -ENAMETOOLONG. */
int file_open(const char *path, int flags);
int file_open_node(const struct node *node, int flags);
int file_dup(int fd);
int file_close(int fd);

/* The file behind a descriptor, or NULL. */
struct file *file_of(int fd);

/* The node of a path, relative to the root; NULL when there is none. */
const struct node *node_lookup(const char *path);

/*
 * The node that follows number *cursor in the directory, whose children come in the order
 * of their names; *cursor starts as 0. NULL at the end.
 */
const struct node *node_next_child(const struct node *directory, size_t *cursor);

/* The last component of a node's path. */
const char *node_name(const struct node *node);

/* ramdisk.c: adds the files of a cpio archive (newc); the data is used where it is.
 * Returns 0, -EINVAL where the archive ends in nonsense, or -ENOMEM. */
int ramdisk_mount(const char *archive, size_t size);

/* tree.c: adds a node, and the directories above it; a path that is there already stays as
 * it is. The path is copied. 0, -ENOMEM or -ENAMETOOLONG. */
int tree_add(const struct node *node);

/* Sorts what was added. To be called before lookups. */
void tree_finish(void);

extern const struct file_ops regular_ops, console_ops, null_ops, directory_ops;

#endif
