/* SPDX-License-Identifier: MIT */
/* The end that asks: files first, then one command. See session.c for the other side. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum sending {
    SENDING_NONE,
    SENDING_NAME,
    SENDING_ASKED, /* whether it is wanted */
    SENDING_HELD,  /* it is, but the program is to say what to send */
    SENDING_DATA,
    SENDING_END,  /* complete or given up, as `result` says */
    SENDING_DONE, /* the end is sent, the result has not come */
};

struct outgoing_file {
    enum sending state;
    bool is_instead; /* of one that was offered before */
    bool given_up, answered;
    char name[TS_REMOTE_MAX_NAME + 1];
    uint64_t size, sent;
    uint8_t digest[TS_DIGEST_BYTES];
    struct ts_err result;
};

enum asking { ASKING_NONE, ASKING_ARGS, ASKING_EXEC, ASKING_RUNS, ASKING_OVER };

enum closing { OPEN, CLOSE_DUE, CLOSE_SENT, LOST };

struct ts_remote_client {
    struct wire wire;
    struct ts_remote_client_ops ops;
    void *context;
    struct outgoing_file file;
    enum asking command;
    size_t args_size, args_sent;
    bool told_connected, heard, input_short, end_due, interrupt_due, terminal_due;
    struct ts_remote_terminal terminal;
    enum closing closing;
    char args[TS_REMOTE_MAX_ARGS];
    struct link link;
};

struct ts_remote_client *ts_remote_client_create(const struct ts_remote_channel *channel,
                                                 uint64_t session,
                                                 const struct ts_remote_client_ops *ops,
                                                 void *context)
{
    struct ts_remote_client *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->wire.channel = *channel;
    c->ops = *ops;
    c->context = context;
    link_init(&c->link, session, true, 0);
    return c;
}

void ts_remote_client_destroy(struct ts_remote_client *c)
{
    free(c);
}

/* --- sending --- */

static void send_name(struct ts_remote_client *c)
{
    struct outgoing_file *file = &c->file;
    uint8_t head[8 + TS_DIGEST_BYTES];

    put_u64(head, file->size);
    memcpy(head + 8, file->digest, TS_DIGEST_BYTES);
    if (message_send(&c->link, file->is_instead ? MSG_FILE_INSTEAD : MSG_FILE, head,
                     sizeof(head), file->name, strlen(file->name)) >= 0)
        file->state = SENDING_ASKED;
}

/* One message of the file. */
static void send_data(struct ts_remote_client *c)
{
    struct outgoing_file *file = &c->file;
    uint64_t left = file->size - file->sent;
    uint8_t bytes[FRAME_PAYLOAD - 1];
    size_t n = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);

    if (!n || file->answered) {
        file->given_up = n != 0;
        file->state = SENDING_END;
        return;
    }
    if (c->ops.file_read(c->context, bytes, n) != n) {
        file->given_up = true;
        file->state = SENDING_END;
        return;
    }
    message_send(&c->link, MSG_FILE_DATA, NULL, 0, bytes, n);
    file->sent += n;
    if (c->ops.file_progress)
        c->ops.file_progress(c->context, file->sent, file->size);
}

static void send_end(struct ts_remote_client *c)
{
    uint8_t given_up = c->file.given_up;

    if (message_send(&c->link, MSG_FILE_END, &given_up, 1, NULL, 0) >= 0)
        c->file.state = SENDING_DONE;
}

static void send_terminal(struct ts_remote_client *c)
{
    uint8_t bytes[5] = { c->terminal.is_terminal };

    put_u16(bytes + 1, c->terminal.columns);
    put_u16(bytes + 3, c->terminal.rows);
    c->terminal_due = message_send(&c->link, MSG_TERMINAL, bytes, 5, NULL, 0) < 0;
}

static void send_args(struct ts_remote_client *c)
{
    c->args_sent += message_send_all(&c->link, MSG_ARGS, NULL, 0, c->args + c->args_sent,
                                     c->args_size - c->args_sent);
    if (c->args_sent == c->args_size)
        c->command = ASKING_EXEC;
}

/* Sends one message that is due, if any. */
static bool send_one(struct ts_remote_client *c)
{
    if (c->file.state == SENDING_NAME)
        send_name(c);
    else if (c->file.state == SENDING_DATA)
        send_data(c);
    else if (c->file.state == SENDING_END)
        send_end(c);
    else if (c->terminal_due)
        send_terminal(c);
    else if (c->command == ASKING_ARGS)
        send_args(c);
    else if (c->command == ASKING_EXEC &&
             message_send(&c->link, MSG_EXEC, NULL, 0, NULL, 0) >= 0)
        c->command = ASKING_RUNS;
    else if (c->command == ASKING_RUNS && c->interrupt_due)
        c->interrupt_due = message_send(&c->link, MSG_INTERRUPT, NULL, 0, NULL, 0) < 0;
    else if (c->command == ASKING_RUNS && c->end_due)
        c->end_due = message_send(&c->link, MSG_INPUT_END, NULL, 0, NULL, 0) < 0;
    else
        return false;
    return true;
}

static void send_due(struct ts_remote_client *c)
{
    while (link_room(&c->link) && send_one(c))
        ;
    if (c->input_short && c->command == ASKING_RUNS && link_room(&c->link)) {
        c->input_short = false;
        if (c->ops.input_ready)
            c->ops.input_ready(c->context);
    }
}

/* --- receiving --- */

static enum verdict take_wanted(struct ts_remote_client *c)
{
    struct outgoing_file *file = &c->file;

    if (file->state != SENDING_ASKED)
        return REFUSED;
    file->state = SENDING_HELD;
    if (file->is_instead || !c->ops.file_wanted || c->ops.file_wanted(c->context))
        file->state = SENDING_DATA;
    return TAKEN;
}

static enum verdict take_result(struct ts_remote_client *c, const uint8_t *bytes,
                                size_t n)
{
    struct outgoing_file *file = &c->file;
    uint32_t code;

    if (n < 4 || file->state < SENDING_ASKED || file->state == SENDING_HELD ||
        file->answered)
        return REFUSED;
    code = get_u32(bytes);
    if (code > INT32_MAX ||
        (!code && file->state != SENDING_ASKED && file->state != SENDING_DONE))
        return REFUSED;
    file->answered = true;
    if (code)
        ts_fail(&file->result, -(int)code, "%.*s", (int)(n - 4), (const char *)bytes + 4);
    return TAKEN;
}

static enum verdict take_output(struct ts_remote_client *c, const uint8_t *bytes,
                                size_t n)
{
    size_t offset = c->link.in_offset, left, taken;

    if (!n || c->command != ASKING_RUNS)
        return REFUSED;
    left = n - 1 - offset;
    taken = c->ops.output(c->context, bytes[0], bytes + 1 + offset, left);
    if (taken >= left)
        return TAKEN;
    c->link.in_offset += taken;
    return LATER;
}

static enum verdict take_raw(struct ts_remote_client *c, const uint8_t *bytes, size_t n)
{
    if (n != 1 || c->command != ASKING_RUNS)
        return REFUSED;
    if (c->ops.set_raw)
        c->ops.set_raw(c->context, bytes[0] != 0);
    return TAKEN;
}

static enum verdict take_save(struct ts_remote_client *c, const uint8_t *bytes, size_t n)
{
    if (n <= 8 || c->command != ASKING_RUNS)
        return REFUSED;
    c->ops.save(c->context, get_u64(bytes), bytes + 8, n - 8);
    return TAKEN;
}

static enum verdict take_exit(struct ts_remote_client *c, const uint8_t *bytes, size_t n)
{
    if (n != 4 || c->command != ASKING_RUNS)
        return REFUSED;
    c->command = ASKING_OVER;
    c->ops.exit(c->context, (int)get_u32(bytes));
    return TAKEN;
}

static enum verdict take_message(struct ts_remote_client *c, const struct link_message *m)
{
    switch (m->bytes[0]) {
    case MSG_FILE_RESULT:
        return take_result(c, m->bytes + 1, m->n - 1u);
    case MSG_OUTPUT:
        return take_output(c, m->bytes + 1, m->n - 1u);
    case MSG_EXIT:
        return take_exit(c, m->bytes + 1, m->n - 1u);
    case MSG_FILE_WANTED:
        return take_wanted(c);
    case MSG_RAW:
        return take_raw(c, m->bytes + 1, m->n - 1u);
    case MSG_SAVE:
        return take_save(c, m->bytes + 1, m->n - 1u);
    default:
        return REFUSED;
    }
}

static void lose(struct ts_remote_client *c, enum ts_remote_loss why)
{
    c->closing = LOST;
    c->ops.lost(c->context, why);
}

static void take_messages(struct ts_remote_client *c)
{
    const struct link_message *m;
    enum verdict verdict = TAKEN;

    while (verdict == TAKEN && (m = link_peek(&c->link))) {
        verdict = take_message(c, m);
        if (verdict == TAKEN)
            link_take(&c->link);
    }
    if (verdict == REFUSED)
        lose(c, TS_REMOTE_LOST_VERSION);
}

/* The file is over when its result has come: to the offer, or, in any order, when its end
 * has been sent. */
static void finish_file(struct ts_remote_client *c)
{
    struct outgoing_file *file = &c->file;

    if (!file->answered || (file->state != SENDING_ASKED && file->state != SENDING_DONE))
        return;
    file->state = SENDING_NONE;
    c->ops.file_done(c->context, file->result.code, file->result.text);
}

static void receive_reset(struct ts_remote_client *c, const struct frame *frame)
{
    uint8_t reason = frame->n ? frame->payload[0] : RESET_UNKNOWN;

    if (reason == RESET_VERSION)
        lose(c, TS_REMOTE_LOST_VERSION);
    else if (reason == RESET_FULL)
        lose(c, TS_REMOTE_LOST_FULL);
    else
        lose(c, TS_REMOTE_LOST_SESSION);
}

static void receive(struct ts_remote_client *c, const struct frame *frame, uint64_t now)
{
    if (frame->session != c->link.id || c->closing != OPEN)
        return;
    if (frame->type == FRAME_RESET) {
        receive_reset(c, frame);
    } else if (frame->version == TS_REMOTE_VERSION) {
        c->heard = true;
        link_receive(&c->link, frame, now);
    }
}

void ts_remote_client_bytes(struct ts_remote_client *c, const void *bytes, size_t n,
                            uint64_t now)
{
    const uint8_t *at = bytes;
    struct frame frame;
    bool is_complete;

    for (size_t i = 0; i < n;) {
        i += frame_reader_take(&c->wire.reader, at + i, n - i, &frame, &is_complete);
        if (is_complete)
            receive(c, &frame, now);
    }
}

/* --- the whole --- */

static void work(struct ts_remote_client *c)
{
    if (c->link.connected && !c->told_connected) {
        c->told_connected = true;
        if (c->ops.connected)
            c->ops.connected(c->context);
    }
    take_messages(c);
    if (c->closing != OPEN)
        return;
    send_due(c);
    finish_file(c);
    send_due(c);
}

static bool choose_frame(struct ts_remote_client *c, struct frame *frame, uint64_t now)
{
    static const uint8_t reason = RESET_CLOSED;

    if (c->closing == OPEN)
        return link_transmit(&c->link, frame, now);
    if (c->closing != CLOSE_DUE)
        return false;
    *frame = (struct frame){ .version = TS_REMOTE_VERSION,
                             .type = FRAME_RESET,
                             .session = c->link.id,
                             .payload = &reason,
                             .n = 1 };
    c->closing = CLOSE_SENT;
    return true;
}

uint64_t ts_remote_client_run(struct ts_remote_client *c, uint64_t now)
{
    uint64_t next = TS_REMOTE_NEVER;
    struct frame frame;

    if (c->closing == OPEN)
        work(c);
    if (c->closing == OPEN)
        next = link_tick(&c->link, now);
    while (wire_flush(&c->wire) && choose_frame(c, &frame, now))
        wire_send(&c->wire, &frame);
    return next;
}

void ts_remote_client_rejoin(struct ts_remote_client *c, uint64_t now)
{
    c->wire.n = c->wire.written = 0;
    link_resend(&c->link, now);
}

uint64_t ts_remote_client_heard(const struct ts_remote_client *c)
{
    return c->heard ? c->link.heard : 0;
}

int ts_remote_client_send_file(struct ts_remote_client *c, const char *name,
                               uint64_t size, const uint8_t digest[TS_DIGEST_BYTES])
{
    size_t n = strlen(name);

    if (!n || n > TS_REMOTE_MAX_NAME)
        return -XEN_EINVAL;
    if (c->file.state != SENDING_NONE || c->command != ASKING_NONE)
        return -XEN_EBUSY;
    c->file = (struct outgoing_file){ .state = SENDING_NAME, .size = size };
    memcpy(c->file.name, name, n);
    memcpy(c->file.digest, digest, TS_DIGEST_BYTES);
    return 0;
}

void ts_remote_client_send(struct ts_remote_client *c)
{
    if (c->file.state == SENDING_HELD)
        c->file.state = SENDING_DATA;
}

void ts_remote_client_send_instead(struct ts_remote_client *c, uint64_t size,
                                   const uint8_t digest[TS_DIGEST_BYTES])
{
    struct outgoing_file *file = &c->file;

    if (file->state != SENDING_HELD)
        return;
    file->is_instead = true;
    file->size = size;
    memcpy(file->digest, digest, TS_DIGEST_BYTES);
    file->state = SENDING_NAME;
}

void ts_remote_client_set_terminal(struct ts_remote_client *c,
                                   const struct ts_remote_terminal *terminal)
{
    c->terminal = *terminal;
    c->terminal_due = true;
}

int ts_remote_client_exec(struct ts_remote_client *c, int argc, const char *const *argv)
{
    if (argc < 1)
        return -XEN_EINVAL;
    if (c->file.state != SENDING_NONE || c->command != ASKING_NONE)
        return -XEN_EBUSY;
    c->args_size = 0;
    for (int i = 0; i < argc; i++) {
        size_t n = strlen(argv[i]) + 1;

        if (n > sizeof(c->args) - c->args_size)
            return -XEN_E2BIG;
        memcpy(c->args + c->args_size, argv[i], n);
        c->args_size += n;
    }
    c->command = ASKING_ARGS;
    return 0;
}

size_t ts_remote_client_input(struct ts_remote_client *c, const void *bytes, size_t n)
{
    size_t sent = 0;

    if (c->command == ASKING_OVER)
        return n;
    if (c->command == ASKING_RUNS && !c->end_due && !c->interrupt_due)
        sent = message_send_all(&c->link, MSG_INPUT, NULL, 0, bytes, n);
    c->input_short |= sent < n;
    return sent;
}

void ts_remote_client_input_end(struct ts_remote_client *c)
{
    c->end_due = c->command != ASKING_OVER;
}

void ts_remote_client_interrupt(struct ts_remote_client *c)
{
    c->interrupt_due = c->command != ASKING_OVER;
}

void ts_remote_client_close(struct ts_remote_client *c)
{
    if (c->closing == OPEN)
        c->closing = CLOSE_DUE;
}

bool ts_remote_client_is_closed(const struct ts_remote_client *c)
{
    return c->closing == LOST ||
           (c->closing == CLOSE_SENT && c->wire.written == c->wire.n);
}
