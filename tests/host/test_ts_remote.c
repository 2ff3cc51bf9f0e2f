/* SPDX-License-Identifier: MIT */
/* The remote protocol: both ends over channels that take little at a time, lose, garble
 * and add bytes, and are cut. */
#include "test.h"
#include "../../toolstack/remote/internal.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_CLIENTS 3
#define LINE_BYTES  (1u << 16)
#define OUTPUT_SIZE 60000

/* --- a line: a queue of bytes with its errors --- */

struct line {
    uint8_t bytes[LINE_BYTES];
    size_t n;
    unsigned int error_rate; /* one error in so many bytes; 0: none */
    bool is_short;           /* takes and gives a few bytes at a time */
    bool is_cut;
};

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static void line_put(struct line *line, uint8_t byte)
{
    if (line->error_rate && !random_below(line->error_rate)) {
        switch (random_below(3)) {
        case 0:
            return;
        case 1:
            byte ^= (uint8_t)(1u << random_below(8));
            break;
        default:
            line->bytes[line->n++] = (uint8_t)random_below(256);
        }
    }
    line->bytes[line->n++] = byte;
}

static size_t line_write(void *context, const void *bytes, size_t n)
{
    struct line *line = context;
    size_t room = (sizeof(line->bytes) - line->n) / 2;

    if (line->is_cut)
        return n;
    if (line->is_short)
        n = random_below(100) < n ? random_below(100) % (n + 1) : n;
    if (n > room)
        n = room;
    for (size_t i = 0; i < n; i++)
        line_put(line, ((const uint8_t *)bytes)[i]);
    return n;
}

/* --- the server's program: keeps one file, its commands are below --- */

struct program {
    char file[TS_REMOTE_MAX_NAME + 1];
    uint8_t *bytes;
    size_t n;
    uint8_t offered[TS_DIGEST_BYTES], digest[TS_DIGEST_BYTES]; /* of the last file */
    uint8_t stands_for[TS_DIGEST_BYTES];
    unsigned int files, had, files_dropped, closed;
    int refuse;         /* file_begin() answers this */
    size_t refuse_from; /* file_data() fails at this byte */
    size_t produced;
    unsigned int interrupts;
    struct ts_remote_session *talker, *saver;
    size_t saved;
};

static struct program program;

static int file_begin(void *context, struct ts_remote_session *session,
                      const struct ts_remote_file *file, struct ts_err *err)
{
    (void)context;
    (void)session;
    if (program.refuse)
        return ts_fail(err, program.refuse, "no room for %s", file->name);
    strcpy(program.file, file->name);
    if (file->stands_for)
        memcpy(program.stands_for, file->stands_for, TS_DIGEST_BYTES);
    if (!memcmp(program.digest, file->digest, TS_DIGEST_BYTES)) {
        program.had++;
        return TS_REMOTE_HAVE_IT;
    }
    memcpy(program.offered, file->digest, TS_DIGEST_BYTES);
    free(program.bytes);
    program.bytes = malloc(file->size + 1);
    program.n = 0;
    return 0;
}

static int file_data(void *context, struct ts_remote_session *session, const void *bytes,
                     size_t n, struct ts_err *err)
{
    (void)context;
    (void)session;
    (void)err;
    if (program.refuse_from && program.n + n > program.refuse_from)
        return -XEN_ENOSPC;
    memcpy(program.bytes + program.n, bytes, n);
    program.n += n;
    return 0;
}

static int file_end(void *context, struct ts_remote_session *session, bool complete,
                    struct ts_err *err)
{
    (void)context;
    (void)session;
    (void)err;
    if (complete)
        memcpy(program.digest, program.offered, TS_DIGEST_BYTES);
    program.files += complete;
    program.files_dropped += !complete;
    return 0;
}

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 7 / 3 % 251);
}

static void talk(struct ts_remote_session *session)
{
    while (program.produced < OUTPUT_SIZE) {
        uint8_t bytes[700];
        size_t n = OUTPUT_SIZE - program.produced, sent;

        n = n < sizeof(bytes) ? n : sizeof(bytes);
        for (size_t i = 0; i < n; i++)
            bytes[i] = pattern(program.produced + i);
        sent = ts_remote_session_output(session, 1, bytes, n);
        program.produced += sent;
        if (sent < n)
            return;
    }
    ts_remote_session_exit(session, 7);
}

static void raw(struct ts_remote_session *session);

/* The file of "save", its second half first. */
static void save(struct ts_remote_session *session)
{
    while (program.saved < OUTPUT_SIZE) {
        size_t offset = (program.saved + OUTPUT_SIZE / 2) % OUTPUT_SIZE, sent;
        size_t n = OUTPUT_SIZE / 2 - program.saved % (OUTPUT_SIZE / 2);
        uint8_t bytes[OUTPUT_SIZE / 2];

        for (size_t i = 0; i < n; i++)
            bytes[i] = pattern(offset + i);
        sent = ts_remote_session_save(session, offset, bytes, n);
        program.saved += sent;
        if (sent < n)
            return;
    }
    ts_remote_session_exit(session, 3);
}

static void exec(void *context, struct ts_remote_session *session, int argc,
                 const char *const *argv)
{
    (void)context;
    if (!strcmp(argv[0], "talk")) {
        program.produced = 0;
        program.talker = session;
        talk(session);
    } else if (!strcmp(argv[0], "save")) {
        program.saver = session;
        save(session);
    } else if (!strcmp(argv[0], "raw")) {
        raw(session);
    } else if (!strcmp(argv[0], "count")) {
        ts_remote_session_exit(session, argc);
    } else {
        assert_string_equal(argv[0], "echo");
    }
}

/* Echo: what comes in goes out, as far as there is room. */
static size_t input(void *context, struct ts_remote_session *session, const void *bytes,
                    size_t n)
{
    (void)context;
    return ts_remote_session_output(session, 2, bytes, n);
}

static void input_end(void *context, struct ts_remote_session *session)
{
    (void)context;
    ts_remote_session_exit(session, 0);
}

static void interrupt(void *context, struct ts_remote_session *session)
{
    (void)context;
    program.interrupts++;
    ts_remote_session_set_raw(session, false);
    ts_remote_session_exit(session, 130);
}

static void output_ready(void *context, struct ts_remote_session *session)
{
    (void)context;
    if (session == program.talker)
        talk(session);
    else if (session == program.saver)
        save(session);
}

static void closed(void *context, struct ts_remote_session *session)
{
    (void)context;
    program.closed++;
    if (session == program.talker)
        program.talker = NULL;
}

static const struct ts_remote_server_ops server_ops = {
    file_begin, file_data, file_end,     exec,   input,
    input_end,  interrupt, output_ready, closed,
};

/* --- a client's program --- */

struct user {
    struct ts_remote_client *client;
    struct line to_server; /* its own; the server's is heard by all */
    bool connected, is_deaf;
    bool holds, is_wanted; /* the file */
    size_t file_size, file_read, short_at;
    uint64_t progress;
    bool file_is_done;
    int file_code;
    char file_text[TS_ERR_TEXT];
    uint8_t out[OUTPUT_SIZE];
    size_t n;
    uint8_t file[OUTPUT_SIZE];
    size_t saved;
    size_t typed, to_type;
    bool is_raw;
    size_t raw_at; /* so much output had come then */
    bool has_exited, is_lost;
    int exit_code;
    enum ts_remote_loss why;
};

static struct user users[MAX_CLIENTS];
static unsigned int nr_users;
static struct line from_server;
static struct ts_remote_server *server;
static uint64_t now;

static void connected(void *context)
{
    ((struct user *)context)->connected = true;
}

static bool file_wanted(void *context)
{
    struct user *u = context;

    assert_false(u->is_wanted);
    u->is_wanted = true;
    return !u->holds;
}

static size_t file_read(void *context, void *bytes, size_t n)
{
    struct user *u = context;

    if (u->short_at && u->file_read + n > u->short_at)
        return 0;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)bytes)[i] = pattern(u->file_read + i);
    u->file_read += n;
    return n;
}

static void file_progress(void *context, uint64_t sent, uint64_t size)
{
    struct user *u = context;

    assert_true(sent > u->progress && sent <= size);
    u->progress = sent;
}

static void file_done(void *context, int code, const char *text)
{
    struct user *u = context;

    assert_false(u->file_is_done);
    u->file_is_done = true;
    u->file_code = code;
    strcpy(u->file_text, text);
}

static size_t take_output(void *context, unsigned int stream, const void *bytes, size_t n)
{
    struct user *u = context;

    assert_true(stream == 1 || stream == 2);
    if (u->is_deaf)
        return 0;
    if (n > 300)
        n = 300;
    assert_true(n <= sizeof(u->out) - u->n);
    memcpy(u->out + u->n, bytes, n);
    u->n += n;
    return n;
}

static void take_save(void *context, uint64_t offset, const void *bytes, size_t n)
{
    struct user *u = context;

    assert_true(n && offset <= OUTPUT_SIZE - n);
    memcpy(u->file + offset, bytes, n);
    u->saved += n;
}

static void set_raw(void *context, bool raw)
{
    struct user *u = context;

    u->is_raw = raw;
    u->raw_at = u->n;
}

static void has_exited(void *context, int code)
{
    struct user *u = context;

    assert_false(u->has_exited);
    u->has_exited = true;
    u->exit_code = code;
}

static void type(struct user *u)
{
    while (u->typed < u->to_type) {
        uint8_t byte = pattern(u->typed);

        if (!ts_remote_client_input(u->client, &byte, 1))
            return;
        u->typed++;
    }
    ts_remote_client_input_end(u->client);
}

static void input_ready(void *context)
{
    struct user *u = context;

    if (u->to_type)
        type(u);
}

static void lost(void *context, enum ts_remote_loss why)
{
    struct user *u = context;

    assert_false(u->is_lost);
    u->is_lost = true;
    u->why = why;
}

static const struct ts_remote_client_ops client_ops = {
    connected, file_wanted, file_read,  file_progress, file_done, take_output,
    take_save, set_raw,     has_exited, input_ready,   lost,
};

/* --- the world --- */

static struct user *add_user(void)
{
    struct user *u = &users[nr_users++];
    const struct ts_remote_channel channel = { &u->to_server, line_write };

    u->to_server.error_rate = from_server.error_rate;
    u->to_server.is_short = from_server.is_short && nr_users == 1;
    u->client = ts_remote_client_create(&channel, 0x100 + nr_users, &client_ops, u);
    assert_non_null(u->client);
    return u;
}

static void start_server(const struct ts_remote_limits *limits)
{
    const struct ts_remote_channel channel = { &from_server, line_write };

    server = ts_remote_server_create(&channel, &server_ops, NULL, limits);
    assert_non_null(server);
}

static int set_up(void **state)
{
    (void)state;
    memset(users, 0, sizeof(users));
    memset(&from_server, 0, sizeof(from_server));
    memset(&program, 0, sizeof(program));
    nr_users = 0;
    now = 1000;
    random_state = 1;
    start_server(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ts_remote_server_destroy(server);
    for (unsigned int i = 0; i < nr_users; i++)
        ts_remote_client_destroy(users[i].client);
    free(program.bytes);
    return 0;
}

static size_t piece(const struct line *line, size_t left)
{
    return line->is_short && left > 1 ? 1 + random_below((uint32_t)left) : left;
}

static void deliver_to_server(struct line *line)
{
    for (size_t at = 0, n; at < line->n; at += n) {
        n = piece(line, line->n - at);
        ts_remote_server_bytes(server, line->bytes + at, n, now);
    }
    line->n = 0;
}

static void deliver_to_users(void)
{
    for (size_t at = 0, n; at < from_server.n; at += n) {
        n = piece(&from_server, from_server.n - at);
        for (unsigned int i = 0; i < nr_users; i++)
            ts_remote_client_bytes(users[i].client, from_server.bytes + at, n, now);
    }
    from_server.n = 0;
}

static void step(void)
{
    ts_remote_server_run(server, now);
    deliver_to_users();
    for (unsigned int i = 0; i < nr_users; i++) {
        ts_remote_client_run(users[i].client, now);
        deliver_to_server(&users[i].to_server);
    }
    now += 10;
}

static void run(unsigned int ms)
{
    for (uint64_t end = now + ms; now < end;)
        step();
}

static bool run_until(const bool *what, unsigned int ms)
{
    for (uint64_t end = now + ms; now < end && !*what;)
        step();
    return *what;
}

static void pattern_digest(size_t size, uint8_t digest[TS_DIGEST_BYTES])
{
    struct ts_digest d;

    ts_digest_begin(&d);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = pattern(i);

        ts_digest_add(&d, &byte, 1);
    }
    ts_digest_end(&d, digest);
}

static void offer_file(struct user *u, size_t size, const uint8_t digest[TS_DIGEST_BYTES])
{
    u->file_size = size;
    u->file_read = u->progress = 0;
    u->file_is_done = u->is_wanted = false;
    assert_int_equal(ts_remote_client_send_file(u->client, "boot/kernel", size, digest),
                     0);
}

static void send_file(struct user *u, size_t size)
{
    uint8_t digest[TS_DIGEST_BYTES];

    pattern_digest(size, digest);
    offer_file(u, size, digest);
}

static void execute(struct user *u, const char *command)
{
    assert_int_equal(ts_remote_client_exec(u->client, 1, &command), 0);
}

static void assert_pattern(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(bytes[i], pattern(i));
}

/* --- frames --- */

static void checksum(void **state)
{
    (void)state;
    assert_int_equal(crc32_update(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(crc32_update(crc32_update(0, "1234", 4), "56789", 5), 0xcbf43926);
}

static bool push(struct frame_reader *reader, uint8_t byte, struct frame *frame)
{
    bool is_complete;

    assert_int_equal(frame_reader_take(reader, &byte, 1, frame, &is_complete), 1);
    return is_complete;
}

/* Feeds a frame; true if it was the last byte that completed it. */
static bool feed(struct frame_reader *reader, const uint8_t *bytes, size_t n,
                 struct frame *frame)
{
    bool complete = false;

    for (size_t i = 0; i < n; i++) {
        assert_false(complete);
        complete = push(reader, bytes[i], frame);
    }
    return complete;
}

static void frames_of_all_sizes(void **state)
{
    static struct frame_reader reader;
    static uint8_t payload[FRAME_PAYLOAD], out[FRAME_ENCODED];

    (void)state;
    for (size_t n = 0; n <= FRAME_PAYLOAD; n++) {
        const struct frame sent = { 1, FRAME_DATA, 3,       7, 0x1122334455667788,
                                    9, 0xffffffff, payload, n };
        struct frame got;

        memset(payload, n % 3 ? 0xff : 0, n);
        if (n)
            payload[n / 2] = (uint8_t)(n % 2);
        assert_true(feed(&reader, out, frame_encode(&sent, out), &got));
        assert_int_equal(got.session, sent.session);
        assert_int_equal(got.seq, 9);
        assert_int_equal(got.ack, 0xffffffff);
        assert_int_equal(got.window, 7);
        assert_int_equal(got.n, n);
        assert_memory_equal(got.payload, payload, n);
    }
}

static void any_wrong_bit_is_noticed(void **state)
{
    static struct frame_reader reader;
    const struct frame sent = {
        1, FRAME_DATA, 0, 0, 5, 6, 7, (const uint8_t *)"a\0b", 3
    };
    uint8_t out[FRAME_ENCODED];
    size_t n = frame_encode(&sent, out);
    struct frame got;

    (void)state;
    for (size_t bit = 8; bit < 8 * (n - 1); bit++) {
        out[bit / 8] ^= (uint8_t)(1u << bit % 8);
        for (size_t i = 0; i < n; i++)
            assert_false(push(&reader, out[i], &got));
        out[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(feed(&reader, out, n, &got));
}

static void a_frame_follows_garbage(void **state)
{
    static struct frame_reader reader;
    const struct frame sent = { .version = 1, .type = FRAME_ACK };
    uint8_t out[FRAME_ENCODED];
    struct frame got;

    (void)state;
    for (unsigned int i = 0; i < 3 * FRAME_ENCODED; i++)
        assert_false(push(&reader, 0xa5, &got));
    assert_true(feed(&reader, out, frame_encode(&sent, out), &got));
}

/* --- sessions --- */

static void file_and_command(void **state)
{
    struct user *u = add_user();
    static const char *const args[] = { "count", "", "three" };

    (void)state;
    send_file(u, 100000);
    assert_int_equal(ts_remote_client_send_file(u->client, "x", 1, program.digest),
                     -XEN_EBUSY);
    assert_true(run_until(&u->file_is_done, 5000));
    assert_int_equal(u->file_code, 0);
    assert_int_equal(u->progress, 100000);
    assert_string_equal(program.file, "boot/kernel");
    assert_int_equal(program.n, 100000);
    assert_pattern(program.bytes, program.n);
    send_file(u, 0);
    assert_true(run_until(&u->file_is_done, 5000));
    assert_int_equal(program.files, 2);
    assert_int_equal(ts_remote_client_exec(u->client, 3, args), 0);
    assert_true(run_until(&u->has_exited, 1000));
    assert_int_equal(u->exit_code, 3);
    ts_remote_client_close(u->client);
    run(100);
    assert_true(ts_remote_client_is_closed(u->client));
    assert_int_equal(program.closed, 1);
}

static void lines_with_errors(void **state)
{
    for (unsigned int seed = 1; seed <= 12; seed++) {
        struct user *u;

        tear_down(state);
        set_up(state);
        random_state = seed;
        from_server.error_rate = seed < 7 ? 20000 : 3000;
        from_server.is_short = true;
        u = add_user();
        send_file(u, 50000);
        assert_true(run_until(&u->file_is_done, 600000));
        assert_int_equal(u->file_code, 0);
        assert_pattern(program.bytes, 50000);
        if (seed % 2) {
            execute(u, "talk");
        } else {
            execute(u, "echo");
            u->to_type = OUTPUT_SIZE;
            type(u);
        }
        assert_true(run_until(&u->has_exited, 600000));
        assert_int_equal(u->exit_code, seed % 2 ? 7 : 0);
        assert_int_equal(u->n, OUTPUT_SIZE);
        assert_pattern(u->out, u->n);
    }
}

static void goes_on_after_a_cut(void **state)
{
    struct user *u = add_user();

    (void)state;
    send_file(u, 200000);
    while (u->progress < 100000)
        step();
    from_server.is_cut = u->to_server.is_cut = true;
    run(20000);
    assert_false(u->file_is_done);
    from_server.is_cut = u->to_server.is_cut = false;
    ts_remote_client_rejoin(u->client, now);
    assert_true(run_until(&u->file_is_done, 2000));
    assert_int_equal(u->file_code, 0);
    assert_pattern(program.bytes, 200000);
    assert_int_equal(program.files, 1);
}

static void output_goes_on_at_once_after_a_cut(void **state)
{
    struct user *u = add_user();
    size_t n;

    (void)state;
    execute(u, "talk");
    while (u->n < 20000)
        step();
    from_server.is_cut = true;
    run(20000);
    n = u->n;
    assert_true(n < OUTPUT_SIZE);
    from_server.is_cut = false;
    ts_remote_client_rejoin(u->client, now);
    run(100);
    assert_true(u->n > n);
    assert_true(run_until(&u->has_exited, 5000));
    assert_int_equal(u->n, OUTPUT_SIZE);
    assert_pattern(u->out, u->n);
}

static void deaf_client_holds_up_no_other(void **state)
{
    struct user *deaf = add_user(), *other = add_user();

    (void)state;
    deaf->is_deaf = true;
    execute(deaf, "talk");
    run(1000);
    assert_true(program.produced < OUTPUT_SIZE);
    send_file(other, 100000);
    assert_true(run_until(&other->file_is_done, 3000));
    execute(other, "count");
    assert_true(run_until(&other->has_exited, 1000));
    run(40000);
    assert_int_equal(program.closed, 0);
    deaf->is_deaf = false;
    assert_true(run_until(&deaf->has_exited, 20000));
    assert_pattern(deaf->out, OUTPUT_SIZE);
}

static void interrupt_ends_a_command(void **state)
{
    struct user *u = add_user();

    (void)state;
    execute(u, "echo");
    run(100);
    ts_remote_client_interrupt(u->client);
    assert_true(run_until(&u->has_exited, 1000));
    assert_int_equal(u->exit_code, 130);
    assert_int_equal(program.interrupts, 1);
}

static void files_that_are_there_are_not_sent(void **state)
{
    struct user *u = add_user(), *other = add_user();

    (void)state;
    send_file(u, 30000);
    assert_true(run_until(&u->file_is_done, 1000));
    send_file(other, 30000);
    assert_true(run_until(&other->file_is_done, 1000));
    assert_int_equal(other->file_code, 0);
    assert_int_equal(other->progress, 0);
    assert_int_equal(program.had, 1);
    assert_int_equal(program.files, 1);
    send_file(other, 30001);
    assert_true(run_until(&other->file_is_done, 1000));
    assert_int_equal(program.files, 2);
}

/* Offers a file of one size; when that is wanted, sends one of another size instead. */
static void send_instead(struct user *u, size_t size, size_t instead)
{
    uint8_t digest[TS_DIGEST_BYTES];

    u->holds = true;
    send_file(u, size);
    assert_true(run_until(&u->is_wanted, 100000));
    run(1000);
    assert_int_equal(u->progress, 0);
    pattern_digest(instead, digest);
    ts_remote_client_send_instead(u->client, instead, digest);
    assert_true(run_until(&u->file_is_done, 100000));
}

static void check_sent_instead(void)
{
    uint8_t digest[TS_DIGEST_BYTES];
    struct user *u = add_user();

    send_instead(u, 100000, 40000);
    assert_int_equal(u->file_code, 0);
    assert_int_equal(program.n, 40000);
    assert_pattern(program.bytes, program.n);
    assert_string_equal(program.file, "boot/kernel");
    assert_int_equal(program.files, 1);
    assert_int_equal(program.files_dropped, 1);
    pattern_digest(100000, digest);
    assert_memory_equal(program.stands_for, digest, TS_DIGEST_BYTES);
}

static void something_else_is_sent_instead(void **state)
{
    (void)state;
    check_sent_instead();
}

static void something_else_is_sent_over_a_bad_line(void **state)
{
    for (random_state = 1; random_state < 5; random_state++) {
        tear_down(state);
        set_up(state);
        from_server.error_rate = 5000;
        check_sent_instead();
    }
}

static void what_is_sent_instead_may_be_there(void **state)
{
    struct user *u = add_user();

    (void)state;
    send_file(u, 5000);
    assert_true(run_until(&u->file_is_done, 1000));
    send_instead(u, 6000, 5000);
    assert_int_equal(u->file_code, 0);
    assert_int_equal(program.had, 1);
    assert_int_equal(program.files, 1);
    execute(u, "talk");
    assert_true(run_until(&u->has_exited, 10000));
}

static void what_is_sent_instead_may_be_refused(void **state)
{
    struct user *u = add_user();

    (void)state;
    u->holds = true;
    send_file(u, 5000);
    assert_true(run_until(&u->is_wanted, 1000));
    program.refuse = -XEN_ENOSPC;
    ts_remote_client_send_instead(u->client, 9000, program.digest);
    assert_true(run_until(&u->file_is_done, 1000));
    assert_int_equal(u->file_code, -XEN_ENOSPC);
    program.refuse = 0;
    send_file(u, 5000); /* itself, after all */
    assert_true(run_until(&u->is_wanted, 1000));
    ts_remote_client_send(u->client);
    assert_true(run_until(&u->file_is_done, 1000));
    assert_int_equal(u->file_code, 0);
    assert_pattern(program.bytes, 5000);
    ts_remote_client_send(u->client); /* nothing is held now */
    ts_remote_client_send_instead(u->client, 1, program.digest);
    run(100);
    assert_int_equal(program.files, 1);
}

/* "raw" tells of its terminal, goes into raw mode, says so, and leaves it. */
static void raw(struct ts_remote_session *session)
{
    const struct ts_remote_terminal *t = ts_remote_session_terminal(session);
    char text[16] = "";

    snprintf(text, sizeof(text), "%d %u %u", t->is_terminal, t->columns, t->rows);
    ts_remote_session_output(session, 1, text, strlen(text));
    ts_remote_session_set_raw(session, true);
    ts_remote_session_output(session, 1, "raw", 3);
}

static void terminal_and_its_mode(void **state)
{
    const struct ts_remote_terminal terminal = { true, 132, 43 };
    struct user *u = add_user();

    (void)state;
    ts_remote_client_set_terminal(u->client, &terminal);
    execute(u, "raw");
    run(100);
    assert_true(u->is_raw);
    assert_int_equal(u->raw_at, 8);
    assert_memory_equal(u->out, "1 132 43raw", 11);
    u->is_raw = true;
    ts_remote_client_interrupt(u->client);
    assert_true(run_until(&u->has_exited, 1000));
    assert_false(u->is_raw);
}

static void check_save(void)
{
    struct user *u = add_user();

    execute(u, "save");
    assert_true(run_until(&u->has_exited, 600000));
    assert_int_equal(u->exit_code, 3);
    assert_int_equal(u->saved, OUTPUT_SIZE);
    for (size_t i = 0; i < OUTPUT_SIZE; i++)
        assert_int_equal(u->file[i], pattern(i));
}

static void a_file_is_saved(void **state)
{
    (void)state;
    check_save();
}

static void a_file_is_saved_over_a_bad_line(void **state)
{
    (void)state;
    from_server.error_rate = 5000;
    from_server.is_short = true;
    check_save();
}

/* --- what goes wrong --- */

static void a_file_that_changes_is_refused(void **state)
{
    struct user *u = add_user();
    uint8_t digest[TS_DIGEST_BYTES];

    (void)state;
    pattern_digest(5000, digest);
    digest[31] ^= 1;
    offer_file(u, 5000, digest);
    assert_true(run_until(&u->file_is_done, 1000));
    assert_int_equal(u->file_code, -XEN_EIO);
    assert_int_equal(program.files, 0);
    assert_int_equal(program.files_dropped, 1);
}

static void files_that_fail(void **state)
{
    struct user *u = add_user();

    (void)state;
    program.refuse = -XEN_ENOSPC;
    send_file(u, 100000);
    assert_true(run_until(&u->file_is_done, 1000));
    assert_int_equal(u->file_code, -XEN_ENOSPC);
    assert_string_equal(u->file_text, "no room for boot/kernel");
    assert_true(u->progress < 100000);
    program.refuse = 0;
    program.refuse_from = 30000;
    send_file(u, 100000);
    assert_true(run_until(&u->file_is_done, 1000));
    assert_string_equal(u->file_text, "no space left");
    assert_int_equal(program.files_dropped, 1);
    program.refuse_from = 0;
    u->short_at = 40000;
    send_file(u, 100000);
    assert_true(run_until(&u->file_is_done, 1000));
    assert_int_equal(u->file_code, -XEN_EIO);
    assert_int_equal(program.files_dropped, 2);
    u->short_at = 0;
    send_file(u, 100);
    assert_true(run_until(&u->file_is_done, 1000));
    assert_int_equal(u->file_code, 0);
}

static void files_have_a_limit(void **state)
{
    static const struct ts_remote_limits limits = { .max_file = 1000 };
    struct user *u = add_user();

    (void)state;
    ts_remote_server_destroy(server);
    start_server(&limits);
    send_file(u, 1001);
    assert_true(run_until(&u->file_is_done, 1000));
    assert_int_equal(u->file_code, -XEN_E2BIG);
    assert_string_equal(u->file_text, "a file has at most 1000 bytes here");
}

static void silent_sessions_end(void **state)
{
    struct user *u = add_user();

    (void)state;
    send_file(u, 2000000);
    while (u->progress < 100000)
        step();
    u->to_server.is_cut = true;
    run(29000);
    assert_int_equal(program.closed, 0);
    run(2000);
    assert_int_equal(program.closed, 1);
    assert_int_equal(program.files_dropped, 1);
    u->to_server.is_cut = false;
    assert_true(run_until(&u->is_lost, 10000));
    assert_int_equal(u->why, TS_REMOTE_LOST_SESSION);
    assert_true(ts_remote_client_is_closed(u->client));
}

static void idle_clients_stay(void **state)
{
    struct user *u = add_user();

    (void)state;
    execute(u, "echo");
    run(100000);
    assert_int_equal(program.closed, 0);
    assert_true(ts_remote_client_heard(u->client) + 6000 > now);
    ts_remote_client_input_end(u->client);
    assert_true(run_until(&u->has_exited, 1000));
}

static void a_server_that_was_held_up_forgets_nobody(void **state)
{
    struct user *u = add_user();

    (void)state;
    execute(u, "echo");
    run(100);
    for (int i = 0; i < 3; i++) {
        now += 60000;
        ts_remote_server_run(server, now);
        assert_int_equal(program.closed, 0);
    }
    run(2000);
    assert_int_equal(program.closed, 0);
    ts_remote_client_input_end(u->client);
    assert_true(run_until(&u->has_exited, 1000));
}

static void restarted_server_is_noticed(void **state)
{
    struct user *u = add_user();

    (void)state;
    execute(u, "echo");
    run(100);
    assert_true(u->connected);
    ts_remote_server_destroy(server);
    start_server(NULL);
    assert_true(run_until(&u->is_lost, 6000));
    assert_int_equal(u->why, TS_REMOTE_LOST_SESSION);
}

static void full_server_says_so(void **state)
{
    static const struct ts_remote_limits limits = { .max_sessions = 2 };

    (void)state;
    ts_remote_server_destroy(server);
    start_server(&limits);
    for (unsigned int i = 0; i < 3; i++)
        add_user();
    assert_true(run_until(&users[2].is_lost, 6000));
    assert_int_equal(users[2].why, TS_REMOTE_LOST_FULL);
    assert_false(users[0].is_lost || users[1].is_lost);
}

/* Clients that only open sessions do not keep others out. */
static void unused_sessions_make_room(void **state)
{
    static const struct ts_remote_limits limits = { .max_sessions = 2 };

    (void)state;
    ts_remote_server_destroy(server);
    start_server(&limits);
    add_user();
    execute(add_user(), "echo");
    run(2000);
    add_user();
    assert_true(run_until(&users[2].connected, 1000));
    assert_false(users[1].is_lost || users[2].is_lost);
    assert_true(run_until(&users[0].is_lost, 6000));
}

static void other_versions_are_refused(void **state)
{
    struct user *u = add_user();
    const struct frame hello = { .version = TS_REMOTE_VERSION + 1,
                                 .type = FRAME_HELLO,
                                 .session = 0x101 };
    uint8_t bytes[FRAME_ENCODED];

    (void)state;
    u->to_server.is_cut = true;
    ts_remote_server_bytes(server, bytes, frame_encode(&hello, bytes), now);
    assert_true(run_until(&u->is_lost, 100));
    assert_int_equal(u->why, TS_REMOTE_LOST_VERSION);
}

static void message_against_the_protocol(void **state)
{
    const struct frame hello = { .version = TS_REMOTE_VERSION,
                                 .type = FRAME_HELLO,
                                 .session = 0x101 };
    const struct frame input = { .version = TS_REMOTE_VERSION,
                                 .type = FRAME_DATA,
                                 .session = 0x101,
                                 .payload = (const uint8_t[]){ MSG_INPUT, 'x' },
                                 .n = 2 };
    struct user *u = add_user();
    uint8_t bytes[FRAME_ENCODED];

    (void)state;
    u->to_server.is_cut = true;
    ts_remote_server_bytes(server, bytes, frame_encode(&hello, bytes), now);
    ts_remote_server_bytes(server, bytes, frame_encode(&input, bytes), now);
    run(100);
    assert_int_equal(program.closed, 1);
    assert_true(u->is_lost);
}

/* Messages to the server, their types: "f" FILE, "i" FILE_INSTEAD, "d" FILE_DATA. */
static void check_refused(const char *messages)
{
    const struct frame hello = { .version = TS_REMOTE_VERSION,
                                 .type = FRAME_HELLO,
                                 .session = 0x101 };
    uint8_t bytes[FRAME_ENCODED], message[1 + 8 + TS_DIGEST_BYTES + 1] = { 0 };
    struct user *u = add_user();
    unsigned int seq = 0;

    u->to_server.is_cut = true;
    message[1] = 9; /* size */
    message[sizeof(message) - 1] = 'n';
    ts_remote_server_bytes(server, bytes, frame_encode(&hello, bytes), now);
    for (; *messages; messages++, seq++) {
        const struct frame frame = { .version = TS_REMOTE_VERSION,
                                     .type = FRAME_DATA,
                                     .session = 0x101,
                                     .window = 16,
                                     .seq = seq,
                                     .payload = message,
                                     .n = *messages == 'd' ? 3 : sizeof(message) };

        assert_int_equal(program.closed, 0);
        message[0] = *messages == 'f'   ? MSG_FILE
                     : *messages == 'i' ? MSG_FILE_INSTEAD
                                        : MSG_FILE_DATA;
        message[9]++; /* digest */
        ts_remote_server_bytes(server, bytes, frame_encode(&frame, bytes), now);
        run(100);
    }
    assert_int_equal(program.closed, 1);
    assert_int_equal(program.files, 0);
}

static void offers_against_the_protocol(void **state)
{
    static const char *const messages[] = { "i", "d", "ff", "fii", "fdi", "fidi", "fif" };

    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        tear_down(state);
        set_up(state);
        check_refused(messages[i]);
    }
}

static void arguments_are_checked(void **state)
{
    static char big[TS_REMOTE_MAX_ARGS + 1];
    static const uint8_t digest[TS_DIGEST_BYTES];
    const char *argv[2] = { "count", big };
    struct user *u = add_user();

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    assert_int_equal(ts_remote_client_exec(u->client, 0, argv), -XEN_EINVAL);
    assert_int_equal(ts_remote_client_exec(u->client, 2, argv), -XEN_E2BIG);
    assert_int_equal(ts_remote_client_send_file(u->client, "", 1, digest), -XEN_EINVAL);
    assert_int_equal(ts_remote_client_send_file(u->client, big, 1, digest), -XEN_EINVAL);
    big[TS_REMOTE_MAX_ARGS - 7] = '\0';
    assert_int_equal(ts_remote_client_exec(u->client, 2, argv), 0);
    assert_true(run_until(&u->has_exited, 1000));
    assert_int_equal(u->exit_code, 2);
    assert_int_equal(ts_remote_client_exec(u->client, 1, argv), -XEN_EBUSY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksum),
        cmocka_unit_test(frames_of_all_sizes),
        cmocka_unit_test(any_wrong_bit_is_noticed),
        cmocka_unit_test(a_frame_follows_garbage),
        TEST(file_and_command),
        TEST(lines_with_errors),
        TEST(goes_on_after_a_cut),
        TEST(output_goes_on_at_once_after_a_cut),
        TEST(deaf_client_holds_up_no_other),
        TEST(interrupt_ends_a_command),
        TEST(files_that_are_there_are_not_sent),
        TEST(something_else_is_sent_instead),
        TEST(something_else_is_sent_over_a_bad_line),
        TEST(what_is_sent_instead_may_be_there),
        TEST(what_is_sent_instead_may_be_refused),
        TEST(terminal_and_its_mode),
        TEST(a_file_is_saved),
        TEST(a_file_is_saved_over_a_bad_line),
        TEST(a_file_that_changes_is_refused),
        TEST(files_that_fail),
        TEST(files_have_a_limit),
        TEST(silent_sessions_end),
        TEST(idle_clients_stay),
        TEST(a_server_that_was_held_up_forgets_nobody),
        TEST(restarted_server_is_noticed),
        TEST(full_server_says_so),
        TEST(unused_sessions_make_room),
        TEST(other_versions_are_refused),
        TEST(message_against_the_protocol),
        TEST(offers_against_the_protocol),
        TEST(arguments_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
