/* SPDX-License-Identifier: MIT */
/*
 * The tree of files, which lies in memory: what was in the ramdisk, the devices, and what
 * the program makes of it; and open files. Threads only, as everything that blocks; nothing
 * here blocks but reading and writing devices, so that no other thread comes in between.
 * Errors are negative errnos of <errno.h>.
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
    char *data; /* of a regular file */
    size_t size;
    size_t
        room; /* bytes of the heap at data; 0: it is the ramdisk's, and not to be written */
    time_t mtime;
    unsigned int holders;
    bool removed; /* from the tree; freed when nobody holds it */
};

struct file {
    struct node *node; /* held */
    off_t offset;
    int flags; /* O_* */
    unsigned int references;
    uint64_t count; /* of an eventfd */
};

/* Descriptors. file_open() returns one, or -ENOENT, -EISDIR, -ENOTDIR, -EEXIST, -EMFILE,
 * -ENOMEM, -ENAMETOOLONG. mode: permissions of a new file. */
int file_open(const char *path, int flags, mode_t mode);
int file_open_node(struct node *node, int flags);
int file_dup(int fd);
int file_close(int fd);

/* The file behind a descriptor, or NULL. */
struct file *file_of(int fd);

/* --- regular.c --- */

/* Sets a regular file's size; what is new is zeros. -ENOSPC. */
int node_set_size(struct node *node, size_t size);

/* --- tree.c --- */

/* The node of a path, relative to the root; NULL when there is none. */
struct node *node_lookup(const char *path);

/* While somebody holds a node it exists, though it may be removed from the tree. */
void node_hold(struct node *node);
void node_release(struct node *node);

/*
 * The node that follows number *cursor in the directory, whose children come in the order
 * of their names; *cursor starts as 0. NULL at the end.
 */
const struct node *node_next_child(const struct node *directory, size_t *cursor);

/* The last component of a node's path. */
const char *node_name(const struct node *node);

/* Makes a regular file or a directory, as the mode says, in a directory that is there.
 * -EEXIST, -ENOENT, -ENOTDIR, -ENAMETOOLONG, -ENOMEM. */
int node_create(const char *path, mode_t mode, struct node **made);

/* A file, or with directory an empty directory. -ENOENT, -EISDIR, -ENOTDIR, -ENOTEMPTY,
 * -EPERM (devices), -EBUSY (the root). */
int node_remove(const char *path, bool directory);

/* With all below it; takes the place of what a rename() may replace. The same errors, and
 * -EINVAL: a directory into itself. */
int node_rename(const char *from, const char *to);

/* Adds a node at start, and the directories above it; a path that is there already stays as
 * it is. The path is copied. 0, -ENOMEM or -ENAMETOOLONG. */
int tree_add(const struct node *node);

/* Sorts what was added. To be called before anything else. */
void tree_finish(void);

/* ramdisk.c: adds the files of a cpio archive (newc); the data is used where it is.
 * Returns 0, -EINVAL where the archive ends in nonsense, or -ENOMEM. */
int ramdisk_mount(const char *archive, size_t size);

extern const struct file_ops regular_ops, console_ops, null_ops, directory_ops;

#endif
