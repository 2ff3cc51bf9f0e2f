/* SPDX-License-Identifier: MIT */
/*
 * The names of all files: an array sorted by path.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "files.h"

#define MORE 16 /* entries by which the array grows */

static struct node **nodes;
static size_t count, room;
static bool sorted;

static int compare(const void *a, const void *b)
{
    return strcmp((*(struct node *const *)a)->path, (*(struct node *const *)b)->path);
}

/* The place of a path in the sorted array, where it is or would be. */
static size_t place_of(const char *path)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(nodes[middle]->path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct node *find(const char *path)
{
    size_t at = sorted ? place_of(path) : 0;

    while (!sorted && at < count && strcmp(nodes[at]->path, path))
        at++;
    return at < count && !strcmp(nodes[at]->path, path) ? nodes[at] : NULL;
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

static int reserve_entry(void)
{
    struct node **more;

    if (count < room)
        return 0;
    more = realloc(nodes, (room + MORE) * sizeof(*nodes));
    if (!more)
        return -ENOMEM;
    nodes = more;
    room += MORE;
    return 0;
}

/* A copy of the node under that path, at its place when there is an order already. */
static int insert(const char *path, const struct node *node)
{
    struct node *copy = reserve_entry() ? NULL : malloc(sizeof(*copy));
    size_t at = sorted ? place_of(path) : count;

    if (!copy)
        return -ENOMEM;
    *copy = *node;
    copy->path = strdup(path);
    if (!copy->path) {
        free(copy);
        return -ENOMEM;
    }
    memmove(nodes + at + 1, nodes + at, (count - at) * sizeof(*nodes));
    nodes[at] = copy;
    count++;
    return 0;
}

/* --- at start --- */

/* The directories above path; path is as before when it returns. */
static int add_parents(char *path)
{
    struct node directory = { .mode = S_IFDIR | 0755, .ops = &directory_ops };
    int rc = find("/") ? 0 : insert("/", &directory);

    for (char *slash = strchr(path + 1, '/'); slash && !rc;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        rc = find(path) ? 0 : insert(path, &directory);
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
    return insert(path, node);
}

void tree_finish(void)
{
    qsort(nodes, count, sizeof(*nodes), compare);
    sorted = true;
}

/* --- looking --- */

struct node *node_lookup(const char *path)
{
    char plain[PATH_SIZE];

    return normalize(path, plain) ? NULL : find(plain);
}

const char *node_name(const struct node *node)
{
    return strrchr(node->path, '/') + 1;
}

/* Whether node is below the directory whose path has len bytes, "/" counting 0. */
static bool is_below(const struct node *node, const char *path, size_t len)
{
    return !strncmp(node->path, path, len) && node->path[len] == '/' &&
           node->path[len + 1];
}

static size_t length_of(const char *directory)
{
    return directory[1] ? strlen(directory) : 0;
}

const struct node *node_next_child(const struct node *directory, size_t *cursor)
{
    size_t len = length_of(directory->path);

    while (*cursor < count) {
        const struct node *node = nodes[(*cursor)++];

        if (is_below(node, directory->path, len) && !strchr(node->path + len + 1, '/'))
            return node;
    }
    return NULL;
}

static bool is_empty(const struct node *directory)
{
    size_t cursor = 0;

    return !node_next_child(directory, &cursor);
}

/* --- changing --- */

void node_hold(struct node *node)
{
    node->holders++;
}

void node_release(struct node *node)
{
    if (--node->holders || !node->removed)
        return;
    if (node->room)
        free(node->data);
    free((char *)node->path);
    free(node);
}

/* Found by its address: for a moment there may be two of its path. */
static void take_out(struct node *node)
{
    size_t at = 0;

    while (nodes[at] != node)
        at++;
    count--;
    memmove(nodes + at, nodes + at + 1, (count - at) * sizeof(*nodes));
    node->removed = true;
    node_hold(node);
    node_release(node);
}

/* Whether something may be made at that plain path: its directory is there. */
static int check_parent(const char *path)
{
    char parent[PATH_SIZE];
    size_t len = strrchr(path, '/') - path;
    const struct node *node;

    memcpy(parent, path, len);
    parent[len] = '\0';
    node = find(len ? parent : "/");
    if (!node)
        return -ENOENT;
    return S_ISDIR(node->mode) ? 0 : -ENOTDIR;
}

int node_create(const char *path, mode_t mode, struct node **made)
{
    char plain[PATH_SIZE];
    struct node node = {
        .mode = mode,
        .ops = S_ISDIR(mode) ? &directory_ops : &regular_ops,
        .mtime = time(NULL),
    };
    int rc = normalize(path, plain);

    if (!rc)
        rc = find(plain) ? -EEXIST : check_parent(plain);
    if (!rc)
        rc = insert(plain, &node);
    *made = rc ? NULL : find(plain);
    return rc;
}

static int check_removal(const struct node *node, bool directory)
{
    if (!node)
        return -ENOENT;
    if (S_ISCHR(node->mode))
        return -EPERM;
    if (S_ISDIR(node->mode) != directory)
        return directory ? -ENOTDIR : -EISDIR;
    if (!node->path[1])
        return -EBUSY;
    return directory && !is_empty(node) ? -ENOTEMPTY : 0;
}

int node_remove(const char *path, bool directory)
{
    struct node *node = node_lookup(path);
    int rc = check_removal(node, directory);

    if (!rc)
        take_out(node);
    return rc;
}

static int check_rename(const struct node *node, const char *to)
{
    const struct node *old = find(to);
    size_t len = node ? strlen(node->path) : 0;

    if (!node)
        return -ENOENT;
    if (S_ISCHR(node->mode))
        return -EPERM;
    if (!node->path[1])
        return -EBUSY;
    if (!strncmp(to, node->path, len) && to[len] == '/')
        return -EINVAL;
    return old ? check_removal(old, S_ISDIR(node->mode)) : check_parent(to);
}

/* Whether the node is that one or below it. */
static bool is_within(const struct node *node, const struct node *top)
{
    return node == top || is_below(node, top->path, strlen(top->path));
}

/* The new paths of top and what is below, or NULLs; 0, -ENOMEM or -ENAMETOOLONG. */
static int make_paths(const struct node *top, const char *to, char **paths)
{
    size_t old = strlen(top->path), new = strlen(to);

    for (size_t i = 0; i < count; i++) {
        size_t rest = strlen(nodes[i]->path) - old;

        if (!is_within(nodes[i], top))
            continue;
        if (new + rest >= PATH_SIZE)
            return -ENAMETOOLONG;
        paths[i] = malloc(new + rest + 1);
        if (!paths[i])
            return -ENOMEM;
        memcpy(paths[i], to, new);
        memcpy(paths[i] + new, nodes[i]->path + old, rest + 1);
    }
    return 0;
}

static void exchange_paths(char **paths)
{
    for (size_t i = 0; i < count; i++) {
        const char *old = nodes[i]->path;

        if (!paths[i])
            continue;
        nodes[i]->path = paths[i];
        paths[i] = (char *)old;
    }
    tree_finish();
}

static int move(struct node *node, const char *to)
{
    struct node *replaced = find(to);
    size_t n = count;
    char **paths = calloc(n, sizeof(*paths));
    int rc = paths ? make_paths(node, to, paths) : -ENOMEM;

    if (!rc) {
        exchange_paths(paths);
        if (replaced)
            take_out(replaced);
    }
    for (size_t i = 0; paths && i < n; i++)
        free(paths[i]);
    free(paths);
    return rc;
}

int node_rename(const char *from, const char *to)
{
    struct node *node = node_lookup(from);
    char plain[PATH_SIZE];
    int rc = normalize(to, plain);

    if (!rc && node && !strcmp(node->path, plain))
        return 0;
    if (!rc)
        rc = check_rename(node, plain);
    return rc ? rc : move(node, plain);
}
