/* SPDX-License-Identifier: MIT */
/*
 * The names of all files: an array sorted by path, built once at start.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"

static struct node *nodes;
static size_t count, room;
static bool sorted;

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct node *)a)->path, ((const struct node *)b)->path);
}

static struct node *find(const char *path)
{
    struct node key = { .path = path };

    if (sorted)
        return bsearch(&key, nodes, count, sizeof(*nodes), compare);
    for (size_t i = count; i > 0; i--)
        if (!strcmp(nodes[i - 1].path, path))
            return &nodes[i - 1];
    return NULL;
}

/* Makes path absolute and plain: no empty, "." or ".." components. */
static int normalize(const char *path, char out[PATH_SIZE])
{
    size_t len = 0;

    while (*path) {
        size_t part = strcspn(path, "/");

        if (part == 2 && !strncmp(path, "..", 2)) {
            while (len && out[--len] != '/')
                ;
        } else if (part && !(part == 1 && *path == '.')) {
            if (len + 1 + part >= PATH_SIZE)
                return -ENAMETOOLONG;
            out[len++] = '/';
            memcpy(out + len, path, part);
            len += part;
        }
        path += part;
        path += strspn(path, "/");
    }
    if (!len)
        out[len++] = '/';
    out[len] = '\0';
    return 0;
}

static int append(const char *path, const struct node *node)
{
    struct node *more = nodes;

    if (count == room) {
        more = realloc(nodes, (room + 16) * sizeof(*nodes));
        if (!more)
            return -ENOMEM;
        nodes = more;
        room += 16;
    }
    nodes[count] = *node;
    nodes[count].path = strdup(path);
    if (!nodes[count].path)
        return -ENOMEM;
    count++;
    sorted = false;
    return 0;
}

/* The directories above path; path is as before when it returns. */
static int add_parents(char *path)
{
    struct node directory = { .mode = S_IFDIR | 0555, .ops = &directory_ops };
    int rc = find("/") ? 0 : append("/", &directory);

    for (char *slash = strchr(path + 1, '/'); slash && !rc;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        rc = find(path) ? 0 : append(path, &directory);
        *slash = '/';
    }
    return rc;
}

int tree_add(const struct node *node)
{
    char path[PATH_SIZE];
    int rc = normalize(node->path, path);

    if (rc || find(path))
        return rc;
    rc = add_parents(path);
    if (rc || find(path))
        return rc;
    return append(path, node);
}

void tree_finish(void)
{
    qsort(nodes, count, sizeof(*nodes), compare);
    sorted = true;
}

const struct node *node_lookup(const char *path)
{
    char plain[PATH_SIZE];

    return normalize(path, plain) ? NULL : find(plain);
}

const char *node_name(const struct node *node)
{
    return strrchr(node->path, '/') + 1;
}

/* Whether node is directly in the directory whose path has len bytes, "/" counting 0. */
static bool is_child(const struct node *node, const char *path, size_t len)
{
    return !strncmp(node->path, path, len) && node->path[len] == '/' &&
           node->path[len + 1] && !strchr(node->path + len + 1, '/');
}

const struct node *node_next_child(const struct node *directory, size_t *cursor)
{
    size_t len = directory->path[1] ? strlen(directory->path) : 0;

    while (*cursor < count) {
        const struct node *node = &nodes[(*cursor)++];

        if (is_child(node, directory->path, len))
            return node;
    }
    return NULL;
}
