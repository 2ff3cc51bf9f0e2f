/* SPDX-License-Identifier: MIT */
/* Requests about nodes. */
#include "server.h"

#include <stdio.h>
#include <string.h>

/* The one string of the request, as a path. */
static int only_path(struct xs_request *request, bool special, struct xs_path *path)
{
    const char *text;
    int rc = xs_request_strings(request, &text, 1);

    return rc ? rc : xs_path_make(request->connection, text, strlen(text), special, path);
}

static int look(struct xs_request *request, const struct xs_path *path,
                const struct xs_node **node)
{
    return xs_store_look(request->connection, request->transaction, path, node);
}

int xs_handle_read(struct xs_request *request)
{
    const struct xs_node *node;
    struct xs_path path;
    int rc = only_path(request, false, &path);

    if (!rc)
        rc = look(request, &path, &node);
    if (rc)
        return rc;
    request->message->header.len = xs_blob_length(node->value);
    request->message->blob = xs_blob_get(node->value);
    return 0;
}

/* The next child after `child` (NULL: the first). */
static const struct xs_node *next_child(struct xs_request *request,
                                        const struct xs_node *node,
                                        const struct xs_node *child)
{
    request->connection->server->work++;
    return child ? xs_child_after(node, child->name, child->length)
                 : xs_child_after(node, NULL, 0);
}

static char *put_name(char *out, const struct xs_node *child)
{
    memcpy(out, child->name, child->length);
    out[child->length] = '\0';
    return out + child->length + 1;
}

int xs_handle_directory(struct xs_request *request)
{
    const struct xs_node *node, *child = NULL;
    struct xs_path path;
    uint32_t size = 0;
    char *out;
    int rc = only_path(request, false, &path);

    if (!rc)
        rc = look(request, &path, &node);
    if (rc)
        return rc;
    while ((child = next_child(request, node, child))) {
        size += child->length + 1;
        if (size > XENSTORE_PAYLOAD_MAX)
            return -XEN_E2BIG;
    }
    out = xs_reply_space(request, size);
    if (!out)
        return -XEN_ENOMEM;
    while ((child = next_child(request, node, child)))
        out = put_name(out, child);
    return 0;
}

/* The child whose name begins at or after byte `offset` of the list; NULL: none. */
static const struct xs_node *child_at(struct xs_request *request,
                                      const struct xs_node *node, uint64_t offset)
{
    const struct xs_node *child = NULL;
    uint64_t at = 0;

    while ((child = next_child(request, node, child)) && at < offset)
        at += child->length + 1;
    return child;
}

/* The names from `child` on that fit into `room` bytes. *last: the list ends with them. */
static uint32_t measure_part(struct xs_request *request, const struct xs_node *node,
                             const struct xs_node *child, uint32_t room, bool *last)
{
    uint32_t size = 0;

    while (child && size + child->length + 1 <= room) {
        size += child->length + 1;
        child = next_child(request, node, child);
    }
    *last = !child;
    return size;
}

int xs_handle_directory_part(struct xs_request *request)
{
    const struct xs_node *node, *child;
    const char *strings[2];
    char generation[24], *out, *end;
    struct xs_path path;
    uint64_t offset;
    uint32_t head, size;
    bool last;
    int rc = xs_request_strings(request, strings, 2);

    if (rc || xs_parse_number(strings[1], UINT32_MAX, &offset))
        return -XEN_EINVAL;
    rc = xs_path_make(request->connection, strings[0], strlen(strings[0]), false, &path);
    if (!rc)
        rc = look(request, &path, &node);
    if (rc)
        return rc;
    head = (uint32_t)snprintf(generation, sizeof(generation), "%llu",
                              (unsigned long long)node->generation) +
           1;
    child = child_at(request, node, offset);
    size = measure_part(request, node, child, XENSTORE_PAYLOAD_MAX - head - 1, &last);
    out = xs_reply_space(request, head + size + last);
    if (!out)
        return -XEN_ENOMEM;
    memcpy(out, generation, head);
    out += head;
    for (end = out + size; out < end; child = next_child(request, node, child))
        out = put_name(out, child);
    if (last)
        *out = '\0';
    return 0;
}

/* Letters for the four combinations of XS_ACCESS_READ and XS_ACCESS_WRITE. */
static const char access_letters[] = "nrwb";

int xs_handle_get_perms(struct xs_request *request)
{
    struct xs_permission list[XS_PERMISSIONS_MAX];
    char text[XS_PERMISSIONS_MAX * 7]; /* "n65535" and a 0 */
    const struct xs_perms *perms;
    const struct xs_node *node;
    struct xs_path path;
    unsigned int count;
    size_t size = 0;
    int special, rc = only_path(request, true, &path);

    if (rc)
        return rc;
    special = xs_special_find(&path);
    if (special >= 0) {
        perms = request->connection->server->special[special];
        if (!request->connection->is_privileged)
            return -XEN_EACCES;
    } else {
        rc = path.text[0] == '@' ? -XEN_EINVAL : look(request, &path, &node);
        if (rc)
            return rc;
        perms = node->perms;
    }
    count = xs_perms_list(perms, list, XS_PERMISSIONS_MAX);
    for (unsigned int i = 0; i < count; i++)
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%c%u",
                                 access_letters[list[i].access], list[i].domid) +
                1;
    return xs_reply(request, text, (uint32_t)size);
}

static int parse_permission(const char *text, struct xs_permission *out)
{
    const char *letter = *text ? strchr(access_letters, *text) : NULL;
    uint64_t domid;

    if (!letter || xs_parse_number(text + 1, DOMID_FIRST_RESERVED - 1, &domid))
        return -XEN_EINVAL;
    out->domid = (domid_t)domid;
    out->access = (uint8_t)(letter - access_letters);
    return 0;
}

/* The strings that fill `text`. *count: at most XS_PERMISSIONS_MAX + 1 of them. */
static int parse_permissions(const char *text, uint32_t length,
                             struct xs_permission *list, unsigned int *count)
{
    const char *end = text + length;

    if (!length || end[-1])
        return -XEN_EINVAL;
    for (*count = 0; text < end && *count <= XS_PERMISSIONS_MAX; (*count)++) {
        if (parse_permission(text, &list[*count]))
            return -XEN_EINVAL;
        text += strlen(text) + 1;
    }
    return 0;
}

int xs_handle_set_perms(struct xs_request *request)
{
    struct xs_permission list[XS_PERMISSIONS_MAX + 1];
    const char *name, *rest;
    uint32_t rest_length;
    unsigned int count;
    struct xs_path path;
    int rc = xs_request_prefix(request, &name, 1, &rest, &rest_length);

    if (!rc)
        rc = xs_path_make(request->connection, name, strlen(name), true, &path);
    if (!rc)
        rc = parse_permissions(rest, rest_length, list, &count);
    if (!rc)
        rc = xs_store_set_permissions(request->connection, request->transaction, &path,
                                      list, count);
    return rc ? rc : xs_reply_ok(request);
}

int xs_handle_write(struct xs_request *request)
{
    const char *name, *value;
    uint32_t length;
    struct xs_path path;
    int rc = xs_request_prefix(request, &name, 1, &value, &length);

    if (!rc)
        rc = xs_path_make(request->connection, name, strlen(name), false, &path);
    if (!rc)
        rc = xs_store_write(request->connection, request->transaction, &path, value,
                            length);
    return rc ? rc : xs_reply_ok(request);
}

static int change(struct xs_request *request, enum xs_change_kind kind)
{
    struct xs_path path;
    int rc = only_path(request, false, &path);

    if (!rc)
        rc = xs_store_change(request->connection, request->transaction, &path, kind);
    return rc ? rc : xs_reply_ok(request);
}

int xs_handle_mkdir(struct xs_request *request)
{
    return change(request, XS_CHANGE_MKDIR);
}

int xs_handle_rm(struct xs_request *request)
{
    return change(request, XS_CHANGE_REMOVE);
}
