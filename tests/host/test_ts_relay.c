/* SPDX-License-Identifier: MIT */
/* The relay: whole frames from many clients to one channel and back, and nobody waits for
 * a client that does not read. */
#include "test.h"
#include "../../toolstack/remote/internal.h"

#include <stdlib.h>
#include <ts/relay.h>

static struct ts_relay *relay;

static int set_up(void **state)
{
    (void)state;
    relay = ts_relay_create();
    assert_non_null(relay);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ts_relay_destroy(relay);
    return 0;
}

static struct frame frame_of(uint64_t session, enum frame_type type, const char *text)
{
    return (struct frame){ .version = TS_REMOTE_VERSION,
                           .type = (uint8_t)type,
                           .session = session,
                           .payload = (const uint8_t *)text,
                           .n = strlen(text) };
}

static size_t encode(uint64_t session, enum frame_type type, const char *text,
                     uint8_t bytes[FRAME_ENCODED])
{
    const struct frame frame = frame_of(session, type, text);

    return frame_encode(&frame, bytes);
}

static void client_says(struct ts_relay_client *client, uint64_t session,
                        enum frame_type type, const char *text)
{
    uint8_t bytes[FRAME_ENCODED];

    ts_relay_from_client(client, bytes, encode(session, type, text, bytes));
}

static void machine_says(uint64_t session, enum frame_type type, const char *text)
{
    uint8_t bytes[FRAME_ENCODED];

    ts_relay_from_machine(relay, bytes, encode(session, type, text, bytes));
}

/* Fails unless these bytes are a frame of that session and text. */
static void assert_frame(const uint8_t *bytes, size_t n, uint64_t session,
                         const char *text)
{
    static struct frame_reader reader;
    struct frame frame;
    bool is_complete = false;

    for (size_t i = 0; i < n;) {
        assert_false(is_complete);
        i += frame_reader_take(&reader, bytes + i, n - i, &frame, &is_complete);
    }
    assert_true(is_complete);
    assert_int_equal(frame.session, session);
    assert_int_equal(frame.n, strlen(text));
    assert_memory_equal(frame.payload, text, frame.n);
}

static void machine_hears(uint64_t session, const char *text)
{
    const uint8_t *bytes;
    size_t n = ts_relay_for_machine(relay, &bytes);

    assert_frame(bytes, n, session, text);
    ts_relay_machine_took(relay, n);
}

static void machine_hears_nothing(void)
{
    const uint8_t *bytes;

    assert_int_equal(ts_relay_for_machine(relay, &bytes), 0);
}

static void client_hears(struct ts_relay_client *client, uint64_t session,
                         const char *text)
{
    const uint8_t *bytes;
    size_t n = ts_relay_for_client(client, &bytes);

    assert_frame(bytes, n, session, text);
    ts_relay_client_took(client, n);
}

static void client_hears_nothing(const struct ts_relay_client *client)
{
    const uint8_t *bytes;

    assert_int_equal(ts_relay_for_client(client, &bytes), 0);
}

/* --- who gets what --- */

static void frames_go_to_whom_they_concern(void **state)
{
    struct ts_relay_client *a = ts_relay_join(relay), *b = ts_relay_join(relay);

    (void)state;
    client_says(a, 1, FRAME_HELLO, "from a");
    client_says(b, 2, FRAME_HELLO, "from b");
    machine_hears(1, "from a");
    machine_hears(2, "from b");
    machine_hears_nothing();
    machine_says(2, FRAME_WELCOME, "to b");
    client_hears_nothing(a);
    client_hears(b, 2, "to b");
    machine_says(1, FRAME_WELCOME, "to a");
    client_hears(a, 1, "to a");
    machine_says(3, FRAME_DATA, "to nobody");
    client_hears_nothing(a);
    client_hears_nothing(b);
}

static void clients_take_turns(void **state)
{
    struct ts_relay_client *a = ts_relay_join(relay), *b = ts_relay_join(relay);

    (void)state;
    for (unsigned int i = 0; i < 3; i++)
        client_says(a, 1, FRAME_DATA, "a");
    client_says(b, 2, FRAME_DATA, "b1");
    client_says(b, 2, FRAME_DATA, "b2");
    machine_hears(1, "a");
    machine_hears(2, "b1");
    machine_hears(1, "a");
    machine_hears(2, "b2");
    machine_hears(1, "a");
    machine_hears_nothing();
}

/* Frames come in pieces, and the channel takes them in pieces. */
static void pieces_are_put_together(void **state)
{
    struct ts_relay_client *a = ts_relay_join(relay), *b = ts_relay_join(relay);
    uint8_t bytes[FRAME_ENCODED], got[FRAME_ENCODED];
    size_t n = encode(1, FRAME_DATA, "in pieces", bytes), at = 0;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        machine_hears_nothing();
        ts_relay_from_client(a, bytes + i, 1);
    }
    client_says(b, 2, FRAME_DATA, "whole");
    for (const uint8_t *part; at < n; at++) {
        assert_true(ts_relay_for_machine(relay, &part) >= 1);
        got[at] = part[0];
        ts_relay_machine_took(relay, 1);
    }
    assert_frame(got, n, 1, "in pieces");
    machine_hears(2, "whole");
}

static void garbage_is_not_passed_on(void **state)
{
    struct ts_relay_client *a = ts_relay_join(relay), *b = ts_relay_join(relay);
    uint8_t bytes[FRAME_ENCODED];
    size_t n = encode(1, FRAME_DATA, "garbled", bytes);

    (void)state;
    bytes[n / 2] ^= 1;
    ts_relay_from_client(a, bytes, n);
    for (unsigned int i = 0; i < 100; i++)
        ts_relay_from_client(a, "no frame at all", 15);
    machine_hears_nothing();
    client_says(b, 2, FRAME_DATA, "whole");
    machine_hears(2, "whole");
    ts_relay_from_client(a, "", 1);
    client_says(a, 1, FRAME_DATA, "again");
    machine_hears(1, "again");
}

/* --- who does not read --- */

static void deaf_client_holds_up_no_other(void **state)
{
    static char text[4000];
    struct ts_relay_client *deaf = ts_relay_join(relay), *other = ts_relay_join(relay);
    const uint8_t *bytes;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    client_says(deaf, 1, FRAME_HELLO, "");
    client_says(other, 2, FRAME_HELLO, "");
    for (unsigned int i = 0; i < 1000; i++)
        machine_says(1, FRAME_DATA, text);
    assert_in_range(ts_relay_for_client(deaf, &bytes), TS_RELAY_INBOX - FRAME_ENCODED,
                    TS_RELAY_INBOX);
    machine_says(2, FRAME_DATA, "to the other");
    client_hears(other, 2, "to the other");
}

static void full_channel_stops_its_senders(void **state)
{
    static char text[4000];
    struct ts_relay_client *a = ts_relay_join(relay);
    unsigned int sent = 0, heard = 0;
    const uint8_t *bytes;
    size_t n;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    while (ts_relay_has_room(a)) {
        client_says(a, 1, FRAME_DATA, text);
        assert_true(++sent < 100);
    }
    while ((n = ts_relay_for_machine(relay, &bytes))) {
        ts_relay_machine_took(relay, n);
        heard++;
    }
    assert_int_equal(sent, heard);
    assert_true(ts_relay_has_room(a));
}

/* --- who comes and goes --- */

static void sessions_of_the_gone_are_closed(void **state)
{
    struct ts_relay_client *a = ts_relay_join(relay);
    static const char reason[] = { RESET_CLOSED, 0 };

    (void)state;
    client_says(a, 1, FRAME_HELLO, "");
    machine_hears(1, "");
    ts_relay_leave(a, 1000);
    assert_int_equal(ts_relay_run(relay, 1000), 1000 + TS_RELAY_GRACE_MS);
    machine_hears_nothing();
    assert_int_equal(ts_relay_run(relay, 1000 + TS_RELAY_GRACE_MS), UINT64_MAX);
    machine_hears(1, reason);
    machine_hears_nothing();
}

static void a_session_goes_on_elsewhere(void **state)
{
    struct ts_relay_client *a = ts_relay_join(relay), *b;

    (void)state;
    client_says(a, 1, FRAME_HELLO, "");
    machine_hears(1, "");
    ts_relay_leave(a, 1000);
    b = ts_relay_join(relay);
    client_says(b, 1, FRAME_ACK, "");
    machine_hears(1, "");
    assert_int_equal(ts_relay_run(relay, 100000), UINT64_MAX);
    machine_hears_nothing();
    machine_says(1, FRAME_DATA, "here");
    client_hears(b, 1, "here");
}

/* As a command does: it ends its session and goes, the channel being busy. */
static void the_last_word_of_the_gone_is_passed_on(void **state)
{
    struct ts_relay_client *a = ts_relay_join(relay);

    (void)state;
    client_says(a, 1, FRAME_DATA, "input");
    client_says(a, 1, FRAME_RESET, "over");
    ts_relay_leave(a, 0);
    machine_hears(1, "input");
    machine_hears(1, "over");
    machine_hears_nothing();
    assert_int_equal(ts_relay_run(relay, 100000), UINT64_MAX);
}

static void the_gone_make_room(void **state)
{
    struct ts_relay_client *last = NULL;

    (void)state;
    for (unsigned int i = 0; i < TS_RELAY_MAX_CLIENTS; i++)
        assert_non_null(last = ts_relay_join(relay));
    client_says(last, 1, FRAME_HELLO, "");
    ts_relay_leave(last, 0);
    assert_non_null(last = ts_relay_join(relay));
    assert_null(ts_relay_join(relay));
    client_says(last, 2, FRAME_HELLO, "");
    machine_hears(2, "");
    machine_hears_nothing();
}

static void ended_sessions_are_forgotten(void **state)
{
    struct ts_relay_client *a = ts_relay_join(relay);

    (void)state;
    for (uint64_t session = 1; session < 2000; session++) {
        client_says(a, session, FRAME_HELLO, "");
        machine_hears(session, "");
        if (session % 2)
            client_says(a, session, FRAME_RESET, "");
        else
            machine_says(session, FRAME_RESET, "");
        if (session % 2)
            machine_hears(session, "");
        else
            client_hears(a, session, "");
    }
    ts_relay_leave(a, 0);
    assert_int_equal(ts_relay_run(relay, 0), UINT64_MAX);
}

/* One client cannot take all there is. */
static void sessions_of_a_client_are_limited(void **state)
{
    struct ts_relay_client *a = ts_relay_join(relay), *b = ts_relay_join(relay);
    const uint8_t *bytes;
    unsigned int passed = 0;
    size_t n;

    (void)state;
    for (uint64_t session = 1; session <= 300; session++) {
        client_says(a, session, FRAME_HELLO, "");
        for (; (n = ts_relay_for_machine(relay, &bytes)); passed++)
            ts_relay_machine_took(relay, n);
    }
    assert_int_equal(passed, 4);
    client_says(b, 1000, FRAME_HELLO, "");
    machine_hears(1000, "");
}

static void clients_are_limited(void **state)
{
    struct ts_relay_client *last = NULL;

    (void)state;
    for (unsigned int i = 0; i < TS_RELAY_MAX_CLIENTS; i++)
        assert_non_null(last = ts_relay_join(relay));
    assert_null(ts_relay_join(relay));
    ts_relay_leave(last, 0);
    assert_non_null(ts_relay_join(relay));
}

static void half_a_frame_is_dropped_when_the_machine_is_back(void **state)
{
    struct ts_relay_client *a = ts_relay_join(relay);
    const uint8_t *bytes;

    (void)state;
    client_says(a, 1, FRAME_DATA, "half of it went");
    assert_true(ts_relay_for_machine(relay, &bytes) > 5);
    ts_relay_machine_took(relay, 5);
    ts_relay_machine_again(relay);
    machine_hears_nothing();
    client_says(a, 1, FRAME_DATA, "whole");
    machine_hears(1, "whole");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_go_to_whom_they_concern),
        TEST(clients_take_turns),
        TEST(pieces_are_put_together),
        TEST(garbage_is_not_passed_on),
        TEST(deaf_client_holds_up_no_other),
        TEST(full_channel_stops_its_senders),
        TEST(sessions_of_the_gone_are_closed),
        TEST(a_session_goes_on_elsewhere),
        TEST(the_last_word_of_the_gone_is_passed_on),
        TEST(the_gone_make_room),
        TEST(ended_sessions_are_forgotten),
        TEST(sessions_of_a_client_are_limited),
        TEST(clients_are_limited),
        TEST(half_a_frame_is_dropped_when_the_machine_is_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
