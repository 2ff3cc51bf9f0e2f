/* SPDX-License-Identifier: MIT */
/*
 * Requests: one table of all message types, what their payloads are made of, and how they
 * are answered. A request's message becomes its answer, and stands in the queue before
 * its handler runs, so that events of its doing come after it.
 */
#include "server.h"

#include <string.h>

#define PRIVILEGED 1u

struct handler {
    int (*fn)(struct xs_request *request);
    unsigned int flags;
};

static const struct handler handlers[XS_TYPE_COUNT] = {
    [XS_CONTROL] = { xs_handle_control, PRIVILEGED },
    [XS_DIRECTORY] = { xs_handle_directory, 0 },
    [XS_READ] = { xs_handle_read, 0 },
    [XS_GET_PERMS] = { xs_handle_get_perms, 0 },
    [XS_WATCH] = { xs_handle_watch, 0 },
    [XS_UNWATCH] = { xs_handle_unwatch, 0 },
    [XS_TRANSACTION_START] = { xs_handle_transaction_start, 0 },
    [XS_TRANSACTION_END] = { xs_handle_transaction_end, 0 },
    [XS_INTRODUCE] = { xs_handle_introduce, PRIVILEGED },
    [XS_RELEASE] = { xs_handle_release, PRIVILEGED },
    [XS_GET_DOMAIN_PATH] = { xs_handle_get_domain_path, 0 },
    [XS_WRITE] = { xs_handle_write, 0 },
    [XS_MKDIR] = { xs_handle_mkdir, 0 },
    [XS_RM] = { xs_handle_rm, 0 },
    [XS_SET_PERMS] = { xs_handle_set_perms, 0 },
    [XS_IS_DOMAIN_INTRODUCED] = { xs_handle_is_domain_introduced, 0 },
    [XS_RESUME] = { xs_handle_resume, PRIVILEGED },
    [XS_SET_TARGET] = { xs_handle_set_target, PRIVILEGED },
    [XS_RESET_WATCHES] = { xs_handle_reset_watches, 0 },
    [XS_DIRECTORY_PART] = { xs_handle_directory_part, 0 },
};

/* The errors that have a name on the wire. */
static const struct {
    int error;
    const char *name;
} errors[] = {
    { XEN_EINVAL, "EINVAL" }, { XEN_EACCES, "EACCES" },   { XEN_EEXIST, "EEXIST" },
    { XEN_EISDIR, "EISDIR" }, { XEN_ENOENT, "ENOENT" },   { XEN_ENOMEM, "ENOMEM" },
    { XEN_ENOSPC, "ENOSPC" }, { XEN_EIO, "EIO" },         { XEN_ENOTEMPTY, "ENOTEMPTY" },
    { XEN_ENOSYS, "ENOSYS" }, { XEN_EROFS, "EROFS" },     { XEN_EBUSY, "EBUSY" },
    { XEN_EAGAIN, "EAGAIN" }, { XEN_EISCONN, "EISCONN" }, { XEN_E2BIG, "E2BIG" },
    { XEN_EPERM, "EPERM" },
};

static const char *error_name(int error)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].error == error)
            return errors[i].name;
    return "EINVAL";
}

int xs_request_prefix(struct xs_request *request, const char **strings,
                      unsigned int count, const char **rest, uint32_t *rest_length)
{
    const char *at = request->data, *end = at + request->length;

    for (unsigned int i = 0; i < count; i++) {
        const char *zero = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;

        if (!zero)
            return -XEN_EINVAL;
        strings[i] = at;
        at = zero + 1;
    }
    if (rest) {
        *rest = at;
        *rest_length = (uint32_t)(end - at);
    }
    return 0;
}

int xs_request_strings(struct xs_request *request, const char **strings,
                       unsigned int count)
{
    uint32_t rest_length;
    const char *rest;
    int rc = xs_request_prefix(request, strings, count, &rest, &rest_length);

    return rc || rest_length ? -XEN_EINVAL : 0;
}

int xs_parse_number(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (!*text)
        return -XEN_EINVAL;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(*text - '0');

        if (*text < '0' || *text > '9' || digit > max || value > (max - digit) / 10)
            return -XEN_EINVAL;
        value = value * 10 + digit;
    }
    *out = value;
    return 0;
}

char *xs_reply_space(struct xs_request *request, uint32_t length)
{
    struct xs_message *message = request->message;

    message->header.len = length;
    if (length <= message->capacity)
        return message->data;
    message->blob = xs_blob_new(request->connection->server, NULL, length);
    return message->blob ? message->blob->data : NULL;
}

int xs_reply(struct xs_request *request, const void *data, uint32_t length)
{
    char *space = xs_reply_space(request, length);

    if (!space)
        return -XEN_ENOMEM;
    memmove(space, data, length);
    return 0;
}

int xs_reply_text(struct xs_request *request, const char *text)
{
    return xs_reply(request, text, (uint32_t)strlen(text) + 1);
}

int xs_reply_ok(struct xs_request *request)
{
    return xs_reply_text(request, "OK");
}

static int dispatch(struct xs_request *request, uint32_t type)
{
    const struct handler *handler = type < XS_TYPE_COUNT ? &handlers[type] : NULL;

    if (!handler || !handler->fn)
        return -XEN_ENOSYS;
    if ((handler->flags & PRIVILEGED) && !request->connection->is_privileged)
        return -XEN_EACCES;
    if (request->transaction &&
        !xs_transaction_find(request->connection, request->transaction))
        return -XEN_ENOENT;
    return handler->fn(request);
}

void xs_request_handle(struct xs_connection *connection, struct xs_message *message)
{
    struct xs_server *server = connection->server;
    uint32_t type = message->header.type;
    struct xs_request request = {
        .connection = connection,
        .message = message,
        .transaction = message->header.tx_id,
        .data = message->data,
        .length = message->header.len,
    };
    int rc;

    message->header.type = XS_ERROR;
    xs_message_queue(connection, message);
    server->stats.requests++;
    server->work += request.length / XS_WORK_BYTES;
    rc = dispatch(&request, type);
    if (!rc) {
        message->header.type = type;
        server->work += message->header.len / XS_WORK_BYTES;
        return;
    }
    xs_blob_put(server, message->blob);
    message->blob = NULL;
    (void)xs_reply_text(&request, error_name(-rc));
}
