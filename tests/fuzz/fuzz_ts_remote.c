/* SPDX-License-Identifier: MIT */
/*
 * Both ends of the remote protocol against a hostile peer. Input is a list of steps: a
 * byte that says which, and its operands. Frames are made with right checksums and
 * numbers near the right ones, so that what is inside is looked at too.
 */
#include "../../toolstack/remote/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at, *end;
};

static struct ts_remote_server *server;
static struct ts_remote_client *client;
static uint64_t now;
static unsigned int open_files, choice;

static uint8_t take(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

static size_t write_some(void *context, const void *bytes, size_t n)
{
    (void)context;
    for (size_t i = 0; i < n; i++)
        assert(i == 0 || i == n - 1 || ((const uint8_t *)bytes)[i]);
    return choice & 1 ? n : n / 2 + 1;
}

/* --- the server's program: does what `choice` says --- */

static int file_begin(void *context, struct ts_remote_session *session,
                      const struct ts_remote_file *file, struct ts_err *err)
{
    (void)context;
    (void)session;
    if (file->digest[0] == 'h')
        return TS_REMOTE_HAVE_IT;
    assert(*file->name && strlen(file->name) <= TS_REMOTE_MAX_NAME);
    if (choice & 2)
        return ts_fail(err, -XEN_ENOSPC, "full");
    open_files++;
    return 0;
}

static int file_data(void *context, struct ts_remote_session *session, const void *bytes,
                     size_t n, struct ts_err *err)
{
    (void)context;
    (void)session;
    (void)err;
    free(n ? memcpy(malloc(n), bytes, n) : NULL);
    return choice & 4 ? -XEN_EIO : 0;
}

static int file_end(void *context, struct ts_remote_session *session, bool complete,
                    struct ts_err *err)
{
    (void)context;
    (void)session;
    (void)complete;
    (void)err;
    assert(open_files);
    open_files--;
    return choice & 8 ? -XEN_EIO : 0;
}

static void exec(void *context, struct ts_remote_session *session, int argc,
                 const char *const *argv)
{
    (void)context;
    assert(argc > 0 && !argv[argc]);
    for (int i = 0; i < argc; i++)
        (void)ts_remote_session_output(session, 1, argv[i], strlen(argv[i]));
    if (choice & 16)
        ts_remote_session_exit(session, argc);
}

static size_t input(void *context, struct ts_remote_session *session, const void *bytes,
                    size_t n)
{
    (void)context;
    return ts_remote_session_output(session, 2, bytes, choice & 32 ? n : n / 2);
}

static void end(void *context, struct ts_remote_session *session)
{
    (void)context;
    ts_remote_session_set_raw(session, choice & 64);
    ts_remote_session_exit(session, 0);
}

static void output_ready(void *context, struct ts_remote_session *session)
{
    static const char text[3000];

    (void)context;
    ts_remote_session_output(session, 1, text, sizeof(text));
    ts_remote_session_save(session, UINT64_MAX - choice, text, choice);
}

static void closed(void *context, struct ts_remote_session *session)
{
    (void)context;
    (void)session;
}

/* --- the client's --- */

static bool file_wanted(void *context)
{
    (void)context;
    return choice & 4;
}

static size_t file_read(void *context, void *bytes, size_t n)
{
    (void)context;
    memset(bytes, 'f', n);
    return choice & 64 ? 0 : n;
}

static void file_done(void *context, int code, const char *text)
{
    (void)context;
    assert(code <= 0 && strlen(text) < TS_ERR_TEXT);
}

static size_t output(void *context, unsigned int stream, const void *bytes, size_t n)
{
    (void)context;
    (void)stream;
    free(n ? memcpy(malloc(n), bytes, n) : NULL);
    return choice & 128 ? n / 2 : n;
}

static void save(void *context, uint64_t offset, const void *bytes, size_t n)
{
    (void)context;
    (void)offset;
    assert(n);
    free(memcpy(malloc(n), bytes, n));
}

static void client_exit(void *context, int code)
{
    (void)context;
    (void)code;
}

static void lost(void *context, enum ts_remote_loss why)
{
    (void)context;
    assert(why <= TS_REMOTE_LOST_FULL);
}

/* --- steps --- */

/* A right frame to one end. */
static void step_frame(struct input *in, bool to_server)
{
    uint8_t payload[FRAME_PAYLOAD], out[FRAME_ENCODED];
    struct frame frame = { .version = TS_REMOTE_VERSION };
    size_t n;

    frame.type = take(in);
    frame.flags = take(in);
    frame.window = take(in);
    frame.session = take(in) % 4;
    if (!to_server)
        frame.session = 1;
    frame.seq = (uint32_t)(int8_t)take(in);
    frame.ack = (uint32_t)(int8_t)take(in);
    frame.n = take(in) * 4u;
    frame.n += take(in) % 4;
    if (frame.n > FRAME_PAYLOAD)
        frame.n = FRAME_PAYLOAD;
    if (frame.n > (size_t)(in->end - in->at))
        frame.n = (size_t)(in->end - in->at);
    memcpy(payload, in->at, frame.n);
    in->at += frame.n;
    frame.payload = payload;
    n = frame_encode(&frame, out);
    if (to_server)
        ts_remote_server_bytes(server, out, n, now);
    else
        ts_remote_client_bytes(client, out, n, now);
}

static void step_raw(struct input *in)
{
    size_t n = take(in);

    if (n > (size_t)(in->end - in->at))
        n = (size_t)(in->end - in->at);
    ts_remote_server_bytes(server, in->at, n, now);
    ts_remote_client_bytes(client, in->at, n, now);
    in->at += n;
}

static void step_client(struct input *in)
{
    static const char *const argv[] = { "a", "bc" };
    static const uint8_t digest[TS_DIGEST_BYTES];

    switch (take(in) % 9) {
    case 0:
        (void)ts_remote_client_send_file(client, "file", take(in) * 64u, digest);
        break;
    case 1:
        (void)ts_remote_client_exec(client, 2, argv);
        break;
    case 2:
        (void)ts_remote_client_input(client, "text", 4);
        break;
    case 3:
        ts_remote_client_input_end(client);
        break;
    case 4:
        ts_remote_client_interrupt(client);
        break;
    case 5:
        ts_remote_client_set_terminal(client,
                                      &(struct ts_remote_terminal){ true, 80, 24 });
        break;
    case 6:
        ts_remote_client_send(client);
        break;
    case 7:
        ts_remote_client_send_instead(client, take(in), digest);
        break;
    default:
        ts_remote_client_rejoin(client, now);
    }
}

static void step(struct input *in)
{
    switch (take(in) % 6) {
    case 0:
    case 1:
        step_frame(in, true);
        break;
    case 2:
        step_frame(in, false);
        break;
    case 3:
        step_raw(in);
        break;
    case 4:
        step_client(in);
        break;
    default:
        choice = take(in);
        now += take(in) * 64u;
    }
    assert(ts_remote_server_run(server, now) > now);
    assert(ts_remote_client_run(client, now) > now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ts_remote_server_ops server_ops = {
        file_begin, file_data, file_end, exec, input, end, end, output_ready, closed,
    };
    static const struct ts_remote_client_ops client_ops = {
        .file_wanted = file_wanted,
        .file_read = file_read,
        .file_done = file_done,
        .output = output,
        .save = save,
        .exit = client_exit,
        .lost = lost,
    };
    static const struct ts_remote_limits limits = { .max_sessions = 3 };
    const struct ts_remote_channel channel = { .write = write_some };
    struct input in = { data, data + size };

    now = 0;
    open_files = choice = 0;
    server = ts_remote_server_create(&channel, &server_ops, NULL, &limits);
    client = ts_remote_client_create(&channel, 1, &client_ops, NULL);
    assert(server && client);
    while (in.at < in.end)
        step(&in);
    ts_remote_server_destroy(server);
    ts_remote_client_destroy(client);
    assert(!open_files);
    return 0;
}
