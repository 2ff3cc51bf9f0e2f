/* SPDX-License-Identifier: MIT */
/*
 * The ramdisk: a cpio archive in the "newc" format, as the kernel's builder loaded it.
 *
 * A member is a header of 6 + 13 * 8 characters, its name with a final zero, and its data;
 * name and data each end at a multiple of 4 from the archive's start. The member
 * "TRAILER!!!" is the last one. Every number is checked against what is left.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"

#define MAGIC       "070701"
#define HEADER_SIZE 110
#define FIELD_MODE  1
#define FIELD_MTIME 5
#define FIELD_SIZE  6
#define FIELD_NAME  11

struct member {
    const char *name;
    const char *data;
    size_t size;
    unsigned long mode, mtime;
};

/* Field number of a header: 8 hexadecimal digits. Returns whether they are. */
static bool field(const char *header, unsigned int number, unsigned long *value)
{
    const char *digit = header + sizeof(MAGIC) - 1 + number * 8;

    *value = 0;
    for (unsigned int i = 0; i < 8; i++, digit++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *at = *digit ? strchr(digits, *digit) : NULL;

        if (!at)
            return false;
        *value = *value << 4 | ((at - digits) & 15);
    }
    return true;
}

static size_t align4(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

/* Reads the member at offset *at and advances it. Returns whether there is a good one. */
static bool next_member(const char *archive, size_t size, size_t *at, struct member *m)
{
    const char *header = archive + *at;
    size_t left = size - *at, data;
    unsigned long name_size, data_size;

    if (left < HEADER_SIZE || memcmp(header, MAGIC, sizeof(MAGIC) - 1) ||
        !field(header, FIELD_MODE, &m->mode) || !field(header, FIELD_MTIME, &m->mtime) ||
        !field(header, FIELD_SIZE, &data_size) || !field(header, FIELD_NAME, &name_size))
        return false;
    data = align4(HEADER_SIZE + name_size);
    if (!name_size || data > left || header[HEADER_SIZE + name_size - 1] ||
        data_size > left - data)
        return false;
    m->name = header + HEADER_SIZE;
    m->data = header + data;
    m->size = data_size;
    *at += align4(data + data_size) < left ? align4(data + data_size) : left;
    return true;
}

static int add_member(const struct member *m)
{
    struct node node = {
        .path = m->name,
        .mode = m->mode,
        .mtime = m->mtime,
    };

    if (S_ISDIR(m->mode)) {
        node.ops = &directory_ops;
    } else if (S_ISREG(m->mode)) {
        node.ops = &regular_ops;
        node.data = (char *)m->data; /* never written there */
        node.size = m->size;
    } else {
        return 0;
    }
    return tree_add(&node);
}

int ramdisk_mount(const char *archive, size_t size)
{
    struct member member;
    size_t at = 0;
    int rc = 0;

    while (!rc) {
        if (!next_member(archive, size, &at, &member))
            return -EINVAL;
        if (!strcmp(member.name, "TRAILER!!!"))
            return 0;
        rc = add_member(&member);
    }
    return rc;
}
