/* SPDX-License-Identifier: MIT */
/*
 * Directory streams.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../kernel/files.h"
#include "internal.h"

struct mini_os_dir {
    struct node *node; /* held */
    size_t cursor;
    struct dirent entry;
};

DIR *opendir(const char *path)
{
    struct node *node = node_lookup(path);
    DIR *dir;

    if (!node || !S_ISDIR(node->mode)) {
        posix_result(node ? -ENOTDIR : -ENOENT);
        return NULL;
    }
    dir = calloc(1, sizeof(*dir));
    if (!dir)
        return NULL;
    node_hold(node);
    dir->node = node;
    return dir;
}

static unsigned char type_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return DT_DIR;
    return S_ISCHR(mode) ? DT_CHR : DT_REG;
}

struct dirent *readdir(DIR *dir)
{
    const struct node *child = node_next_child(dir->node, &dir->cursor);

    if (!child)
        return NULL;
    dir->entry.d_ino = dir->cursor;
    dir->entry.d_type = type_of(child->mode);
    strlcpy(dir->entry.d_name, node_name(child), sizeof(dir->entry.d_name));
    return &dir->entry;
}

void rewinddir(DIR *dir)
{
    dir->cursor = 0;
}

int closedir(DIR *dir)
{
    node_release(dir->node);
    free(dir);
    return 0;
}
