/* SPDX-License-Identifier: MIT */
/*
 * Xenstore's requests.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <mini-os/console.h>

#include "xenbus.h"

#define TEXT_MAX 256

static struct xenbus_part string_part(const char *text)
{
    return (struct xenbus_part){ text, strlen(text) + 1 };
}

/* A request about a path, whose answer is wanted or not. */
static int call_path(uint32_t type, uint32_t tx, const char *path, char **value,
                     size_t *len)
{
    struct xenbus_part part = string_part(path);
    struct xenbus_answer answer;
    int rc = xenbus_call(type, tx, &part, 1, &answer);

    if (rc)
        return rc;
    if (len)
        *len = answer.len;
    if (value)
        *value = answer.payload;
    else
        free(answer.payload);
    return 0;
}

/* A request of several parts, whose answer says no more than that it was done. */
static int call_parts(uint32_t type, uint32_t tx, const struct xenbus_part *parts,
                      unsigned int count)
{
    struct xenbus_answer answer;
    int rc = xenbus_call(type, tx, parts, count, &answer);

    if (!rc)
        free(answer.payload);
    return rc;
}

int xenbus_read(uint32_t tx, const char *path, char **value, size_t *len)
{
    return call_path(XS_READ, tx, path, value, len);
}

int xenbus_write(uint32_t tx, const char *path, const char *value, size_t len)
{
    const struct xenbus_part parts[] = { string_part(path), { value, len } };

    return call_parts(XS_WRITE, tx, parts, 2);
}

int xenbus_printf(uint32_t tx, const char *path, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list args;
    int len;

    va_start(args, fmt);
    len = kvsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return len < TEXT_MAX ? xenbus_write(tx, path, text, len) : -EINVAL;
}

int xenbus_mkdir(uint32_t tx, const char *path)
{
    return call_path(XS_MKDIR, tx, path, NULL, NULL);
}

int xenbus_rm(uint32_t tx, const char *path)
{
    return call_path(XS_RM, tx, path, NULL, NULL);
}

int xenbus_get_perms(uint32_t tx, const char *path, char **perms, size_t *len)
{
    return call_path(XS_GET_PERMS, tx, path, perms, len);
}

int xenbus_set_perms(uint32_t tx, const char *path, const char *perms, size_t len)
{
    const struct xenbus_part parts[] = { string_part(path), { perms, len } };

    return call_parts(XS_SET_PERMS, tx, parts, 2);
}

static unsigned int count_strings(const char *text, size_t len)
{
    unsigned int count = 0;

    for (size_t at = 0; at < len; at += strlen(text + at) + 1)
        count++;
    return count;
}

int xenbus_ls(uint32_t tx, const char *path, char ***names, unsigned int *count)
{
    size_t len;
    char *text;
    int rc = call_path(XS_DIRECTORY, tx, path, &text, &len);

    if (rc)
        return rc;
    *count = count_strings(text, len);
    *names = malloc(*count * sizeof(**names) + len + 1);
    if (*names) {
        char *at = memcpy(*names + *count, text, len + 1);

        for (unsigned int i = 0; i < *count; i++, at += strlen(at) + 1)
            (*names)[i] = at;
    }
    free(text);
    return *names ? 0 : -ENOMEM;
}

int xenbus_transaction_start(uint32_t *tx)
{
    char *text;
    int rc = call_path(XS_TRANSACTION_START, 0, "", &text, NULL);

    if (rc)
        return rc;
    *tx = strtoul(text, NULL, 10);
    free(text);
    return 0;
}

int xenbus_transaction_end(uint32_t tx, bool commit)
{
    return call_path(XS_TRANSACTION_END, tx, commit ? "T" : "F", NULL, NULL);
}
