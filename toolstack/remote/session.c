/* SPDX-License-Identifier: MIT */
/*
 * A session as the server sees it: any number of files, each offered by FILE; answered
 * by FILE_RESULT (refused, or there already) or by FILE_WANTED. Then comes another offer,
 * FILE_INSTEAD, answered likewise, or FILE_DATA..., FILE_END, answered by one FILE_RESULT
 * as soon as it fails or when it is complete.
 * Then ARGS... and EXEC; then input one way and OUTPUT..., SAVE..., RAW, EXIT the other. TERMINAL
 * may come at any time. Anything else is refused.
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
    s->opened = now;
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

/* A file is over, by what the program has answered; it may have said why. */
static void file_over(struct ts_remote_session *s, int rc)
{
    if (rc < 0 && !s->result.code)
        ts_fail(&s->result, rc, "%s", ts_err_text(rc));
    s->file.state = FILE_NONE;
    s->result_due = true;
}

static int begin_file(struct ts_remote_session *s, const struct ts_remote_file *file)
{
    const struct ts_remote_server *server = s->server;

    if (server->limits.max_file && file->size > server->limits.max_file)
        return ts_fail(&s->result, -XEN_E2BIG, "a file has at most %llu bytes here",
                       (unsigned long long)server->limits.max_file);
    return server->ops.file_begin(server->context, s, file, &s->result);
}

/* bytes: of the message; stands_for: as of struct ts_remote_file. */
static enum verdict take_offer(struct ts_remote_session *s, const uint8_t *bytes,
                               size_t n, const uint8_t *stands_for)
{
    const size_t head = 8 + TS_DIGEST_BYTES;
    char name[TS_REMOTE_MAX_NAME + 1];
    struct ts_remote_file file = { .name = name, .stands_for = stands_for };
    int rc;

    if (n <= head || n - head > TS_REMOTE_MAX_NAME || memchr(bytes + head, 0, n - head))
        return REFUSED;
    memcpy(name, bytes + head, n - head);
    name[n - head] = '\0';
    s->result = (struct ts_err){ 0 };
    s->file = (struct incoming_file){ .state = FILE_COMING,
                                      .size = get_u64(bytes),
                                      .is_instead = stands_for };
    memcpy(s->file.wanted, bytes + 8, TS_DIGEST_BYTES);
    ts_digest_begin(&s->file.digest);
    file.size = s->file.size;
    file.digest = s->file.wanted;
    rc = begin_file(s, &file);
    if (rc)
        file_over(s, rc);
    else
        s->wanted_due = true;
    return TAKEN;
}

static enum verdict take_file(struct ts_remote_session *s, const uint8_t *bytes, size_t n)
{
    if (s->command != COMMAND_NONE || s->file.state != FILE_NONE)
        return REFUSED;
    return take_offer(s, bytes, n, NULL);
}

static enum verdict take_file_instead(struct ts_remote_session *s, const uint8_t *bytes,
                                      size_t n)
{
    const struct ts_remote_server *server = s->server;
    uint8_t stands_for[TS_DIGEST_BYTES];

    if (s->file.state != FILE_COMING || s->file.got || s->file.is_instead)
        return REFUSED;
    memcpy(stands_for, s->file.wanted, sizeof(stands_for));
    s->file.state = FILE_NONE;
    server->ops.file_end(server->context, s, false, NULL);
    return take_offer(s, bytes, n, stands_for);
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
    ts_digest_add(&file->digest, bytes, n);
    rc = server->ops.file_data(server->context, s, bytes, n, &s->result);
    if (rc) {
        server->ops.file_end(server->context, s, false, NULL);
        file_over(s, rc);
        file->state = FILE_FAILED;
    }
    return TAKEN;
}

static bool is_complete(struct incoming_file *file)
{
    uint8_t digest[TS_DIGEST_BYTES];

    ts_digest_end(&file->digest, digest);
    return file->got == file->size && !memcmp(digest, file->wanted, sizeof(digest));
}

static enum verdict take_file_end(struct ts_remote_session *s, const uint8_t *bytes,
                                  size_t n)
{
    const struct ts_remote_server *server = s->server;
    enum file_state state = s->file.state;
    bool complete;
    int rc;

    if (state == FILE_NONE || n != 1)
        return REFUSED;
    s->file.state = FILE_NONE;
    if (state == FILE_FAILED)
        return TAKEN;
    complete = !bytes[0] && is_complete(&s->file);
    if (!complete)
        ts_fail(&s->result, -XEN_EIO, "the file was not sent completely, or has changed");
    rc = server->ops.file_end(server->context, s, complete, complete ? &s->result : NULL);
    file_over(s, rc);
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

static enum verdict take_terminal(struct ts_remote_session *s, const uint8_t *bytes,
                                  size_t n)
{
    if (n != 5)
        return REFUSED;
    s->terminal = (struct ts_remote_terminal){
        .is_terminal = bytes[0] != 0,
        .columns = get_u16(bytes + 1),
        .rows = get_u16(bytes + 3),
    };
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
    case MSG_FILE_INSTEAD:
        return take_file_instead(s, bytes, n);
    case MSG_FILE_DATA:
        return take_file_data(s, bytes, n);
    case MSG_FILE_END:
        return take_file_end(s, bytes, n);
    case MSG_ARGS:
        return take_args(s, bytes, n);
    case MSG_EXEC:
        return take_exec(s);
    case MSG_TERMINAL:
        return take_terminal(s, bytes, n);
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

static void send_raw(struct ts_remote_session *s)
{
    uint8_t raw = s->raw;

    s->raw_due = message_send(&s->link, MSG_RAW, &raw, 1, NULL, 0) < 0;
}

static void send_due(struct ts_remote_session *s)
{
    uint8_t code[4];

    if (s->raw_due)
        send_raw(s);
    if (s->wanted_due)
        s->wanted_due = message_send(&s->link, MSG_FILE_WANTED, NULL, 0, NULL, 0) < 0;
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
    while (!s->result_due && !s->wanted_due && verdict == TAKEN &&
           (m = link_peek(&s->link))) {
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
    if (s->raw_due) {
        s->output_short = true;
        return 0;
    }
    sent = message_send_all(&s->link, MSG_OUTPUT, &head, 1, bytes, n);
    s->output_short |= sent < n;
    return sent;
}

size_t ts_remote_session_save(struct ts_remote_session *s, uint64_t offset,
                              const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    size_t done = 0;
    uint8_t head[8];

    if (s->command != COMMAND_RUNNING)
        return n;
    while (done < n) {
        int sent;

        put_u64(head, offset + done);
        sent = message_send(&s->link, MSG_SAVE, head, sizeof(head), at + done, n - done);
        if (sent < 0)
            break;
        done += (size_t)sent;
    }
    s->output_short |= done < n;
    return done;
}

void ts_remote_session_set_raw(struct ts_remote_session *s, bool raw)
{
    if (s->command != COMMAND_RUNNING || raw == s->raw)
        return;
    s->raw = raw;
    send_raw(s);
}

const struct ts_remote_terminal *ts_remote_session_terminal(
    const struct ts_remote_session *s)
{
    return &s->terminal;
}

void ts_remote_session_exit(struct ts_remote_session *s, int code)
{
    if (s->command != COMMAND_RUNNING)
        return;
    s->command = COMMAND_ENDED;
    s->exit_code = code;
}
