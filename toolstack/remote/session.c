/* SPDX-License-Identifier: MIT */
/*
 * A session as the server sees it: any number of files, each FILE, FILE_DATA...,
 * FILE_END and answered by one FILE_RESULT, as soon as it fails or when it is complete;
 * then ARGS... and EXEC; then input one way and OUTPUT..., EXIT the other. Anything else
 * is refused.
 */
#include "server.h"

#include <stdlib.h>
#include <string.h>

struct ts_remote_session *session_create(struct ts_remote_server *server, uint64_t id,
                                         uint64_t now)
{
    struct ts_remote_session *s = malloc(sizeof(*s));

    if (!s)
        return NULL;
    memset(s, 0, offsetof(struct ts_remote_session, args));
    s->server = server;
    link_init(&s->link, id, false, now);
    return s;
}

void session_destroy(struct ts_remote_session *s)
{
    const struct ts_remote_server *server = s->server;

    if (s->file.state == FILE_COMING)
        server->ops.file_end(server->context, s, false, NULL);
    server->ops.closed(server->context, s);
    free(s);
}

/* --- files --- */

/* rc: what the program has answered; it may have said why. */
static void file_failed(struct ts_remote_session *s, int rc)
{
    if (!s->result.code)
        ts_fail(&s->result, rc, "%s", ts_err_text(rc));
    s->file.state = FILE_FAILED;
    s->result_due = true;
}

static enum verdict take_file(struct ts_remote_session *s, const uint8_t *bytes, size_t n)
{
    const struct ts_remote_server *server = s->server;
    char name[TS_REMOTE_MAX_NAME + 1];
    uint64_t size;
    int rc;

    if (s->command != COMMAND_NONE || s->file.state != FILE_NONE || n < 9 ||
        n - 8 > TS_REMOTE_MAX_NAME || memchr(bytes + 8, 0, n - 8))
        return REFUSED;
    size = get_u64(bytes);
    memcpy(name, bytes + 8, n - 8);
    name[n - 8] = '\0';
    s->result = (struct ts_err){ 0 };
    s->file = (struct incoming_file){ .state = FILE_COMING, .size = size };
    if (server->limits.max_file && size > server->limits.max_file)
        rc = ts_fail(&s->result, -XEN_E2BIG, "a file has at most %llu bytes here",
                     (unsigned long long)server->limits.max_file);
    else
        rc = server->ops.file_begin(server->context, s, name, size, &s->result);
    if (rc)
        file_failed(s, rc);
    return TAKEN;
}

static enum verdict take_file_data(struct ts_remote_session *s, const uint8_t *bytes,
                                   size_t n)
{
    const struct ts_remote_server *server = s->server;
    struct incoming_file *file = &s->file;
    int rc;

    if (file->state == FILE_FAILED)
        return TAKEN;
    if (file->state != FILE_COMING || n > file->size - file->got)
        return REFUSED;
    file->got += n;
    file->crc = crc32_update(file->crc, bytes, n);
    rc = server->ops.file_data(server->context, s, bytes, n, &s->result);
    if (rc) {
        server->ops.file_end(server->context, s, false, NULL);
        file_failed(s, rc);
    }
    return TAKEN;
}

static enum verdict take_file_end(struct ts_remote_session *s, const uint8_t *bytes,
                                  size_t n)
{
    const struct ts_remote_server *server = s->server;
    enum file_state state = s->file.state;
    bool complete;
    int rc;

    if (state == FILE_NONE || n != 5)
        return REFUSED;
    s->file.state = FILE_NONE;
    if (state == FILE_FAILED)
        return TAKEN;
    complete = !bytes[4] && s->file.got == s->file.size && s->file.crc == get_u32(bytes);
    if (!complete)
        ts_fail(&s->result, -XEN_EIO, "the file has not come completely");
    rc = server->ops.file_end(server->context, s, complete, complete ? &s->result : NULL);
    if (rc && !s->result.code)
        ts_fail(&s->result, rc, "%s", ts_err_text(rc));
    s->result_due = true;
    return TAKEN;
}

/* --- the command --- */

static enum verdict take_args(struct ts_remote_session *s, const uint8_t *bytes, size_t n)
{
    if (s->command != COMMAND_NONE || s->file.state != FILE_NONE ||
        n > sizeof(s->args) - s->args_size)
        return REFUSED;
    memcpy(s->args + s->args_size, bytes, n);
    s->args_size += n;
    return TAKEN;
}

static enum verdict take_exec(struct ts_remote_session *s)
{
    const struct ts_remote_server *server = s->server;
    const char **argv;
    int argc = 0;

    if (s->command != COMMAND_NONE || s->file.state != FILE_NONE || !s->args_size ||
        s->args[s->args_size - 1])
        return REFUSED;
    for (size_t i = 0; i < s->args_size; i++)
        argc += !s->args[i];
    argv = calloc((size_t)argc + 1, sizeof(*argv));
    if (!argv)
        return LATER;
    argc = 0;
    for (size_t i = 0; i < s->args_size; i += strlen(s->args + i) + 1)
        argv[argc++] = s->args + i;
    s->command = COMMAND_RUNNING;
    server->ops.exec(server->context, s, argc, argv);
    free(argv);
    return TAKEN;
}

static enum verdict take_input(struct ts_remote_session *s, const uint8_t *bytes,
                               size_t n)
{
    const struct ts_remote_server *server = s->server;
    size_t left = n - s->link.in_offset, taken;

    if (s->command != COMMAND_RUNNING)
        return TAKEN;
    taken = server->ops.input(server->context, s, bytes + s->link.in_offset, left);
    if (taken >= left)
        return TAKEN;
    s->link.in_offset += taken;
    return LATER;
}

static enum verdict take_signal(struct ts_remote_session *s,
                                void (*tell)(void *, struct ts_remote_session *))
{
    if (s->command == COMMAND_RUNNING)
        tell(s->server->context, s);
    return TAKEN;
}

static enum verdict take_message(struct ts_remote_session *s,
                                 const struct link_message *m)
{
    const uint8_t *bytes = m->bytes + 1;
    size_t n = m->n - 1u;

    switch (m->bytes[0]) {
    case MSG_FILE:
        return take_file(s, bytes, n);
    case MSG_FILE_DATA:
        return take_file_data(s, bytes, n);
    case MSG_FILE_END:
        return take_file_end(s, bytes, n);
    case MSG_ARGS:
        return take_args(s, bytes, n);
    case MSG_EXEC:
        return take_exec(s);
    }
    if (s->command == COMMAND_NONE)
        return REFUSED;
    switch (m->bytes[0]) {
    case MSG_INPUT:
        return take_input(s, bytes, n);
    case MSG_INPUT_END:
        return take_signal(s, s->server->ops.input_end);
    case MSG_INTERRUPT:
        return take_signal(s, s->server->ops.interrupt);
    default:
        return REFUSED;
    }
}

/* --- answers --- */

static void send_due(struct ts_remote_session *s)
{
    uint8_t code[4];

    if (s->result_due) {
        put_u32(code, (uint32_t)-s->result.code);
        s->result_due = message_send(&s->link, MSG_FILE_RESULT, code, 4, s->result.text,
                                     strlen(s->result.text)) < 0;
    }
    if (s->command == COMMAND_ENDED) {
        put_u32(code, (uint32_t)s->exit_code);
        if (message_send(&s->link, MSG_EXIT, code, 4, NULL, 0) >= 0)
            s->command = COMMAND_REPORTED;
    }
}

bool session_work(struct ts_remote_session *s)
{
    const struct ts_remote_server *server = s->server;
    const struct link_message *m;
    enum verdict verdict = TAKEN;

    send_due(s);
    while (!s->result_due && verdict == TAKEN && (m = link_peek(&s->link))) {
        verdict = take_message(s, m);
        if (verdict == TAKEN)
            link_take(&s->link);
        send_due(s);
    }
    if (s->output_short && s->command == COMMAND_RUNNING && link_room(&s->link)) {
        s->output_short = false;
        server->ops.output_ready(server->context, s);
        send_due(s);
    }
    return verdict != REFUSED;
}

void ts_remote_session_set_data(struct ts_remote_session *s, void *data)
{
    s->data = data;
}

void *ts_remote_session_data(const struct ts_remote_session *s)
{
    return s->data;
}

size_t ts_remote_session_output(struct ts_remote_session *s, unsigned int stream,
                                const void *bytes, size_t n)
{
    uint8_t head = (uint8_t)stream;
    size_t sent;

    if (s->command != COMMAND_RUNNING)
        return n;
    sent = message_send_all(&s->link, MSG_OUTPUT, &head, 1, bytes, n);
    s->output_short |= sent < n;
    return sent;
}

void ts_remote_session_exit(struct ts_remote_session *s, int code)
{
    if (s->command != COMMAND_RUNNING)
        return;
    s->command = COMMAND_ENDED;
    s->exit_code = code;
}
