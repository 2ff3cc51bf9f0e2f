/* SPDX-License-Identifier: MIT */
/* Paths: which are valid, and how relative ones become absolute. */
#include "server.h"

#include <stdio.h>
#include <string.h>

/* Which characters names are made of. */
static const bool is_name_char[256] = {
    ['-'] = true,         ['_'] = true,         ['@'] = true,
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
};

/* An absolute path: characters, no empty component, not too deep. */
static bool is_valid(const char *text, size_t length)
{
    unsigned int depth = 0;

    if (length == 1)
        return true;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '/') {
            if (i + 1 == length || text[i + 1] == '/' || ++depth > XS_PATH_DEPTH_MAX)
                return false;
        } else if (!is_name_char[(unsigned char)text[i]]) {
            return false;
        }
    }
    return true;
}

static bool is_valid_special(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_name_char[(unsigned char)text[i]])
            return false;
    return true;
}

size_t xs_path_home(domid_t domid, char *out, size_t size)
{
    return (size_t)snprintf(out, size, "/local/domain/%u/", domid);
}

static int make_relative(const struct xs_connection *connection, const char *text,
                         size_t length, struct xs_path *out)
{
    char *path = connection->server->path;
    size_t home = connection->home_length;

    if (!length || length > XENSTORE_REL_PATH_MAX)
        return -XEN_EINVAL;
    memcpy(path, connection->home, home);
    memcpy(path + home, text, length);
    out->text = path;
    out->length = (uint32_t)(home + length);
    return 0;
}

int xs_path_make(const struct xs_connection *connection, const char *text, size_t length,
                 bool special, struct xs_path *out)
{
    if (!length || length > XENSTORE_ABS_PATH_MAX)
        return -XEN_EINVAL;
    out->text = text;
    out->length = (uint32_t)length;
    if (text[0] == '@')
        return special && is_valid_special(text, length) ? 0 : -XEN_EINVAL;
    if (text[0] != '/' && make_relative(connection, text, length, out))
        return -XEN_EINVAL;
    return is_valid(out->text, out->length) ? 0 : -XEN_EINVAL;
}

bool xs_path_next(const struct xs_path *path, uint32_t *at, const char **name,
                  uint32_t *length)
{
    uint32_t start = *at + 1, end = start;

    if (start >= path->length)
        return false;
    while (end < path->length && path->text[end] != '/')
        end++;
    *name = path->text + start;
    *length = end - start;
    *at = end;
    return true;
}
