/* SPDX-License-Identifier: MIT */
/* Turns of xenstore's clients: fair by the work that they cause, not by their number. */
#include "xs_client.h"

#include "../../toolstack/xenstore/server.h"

#define NAMES  300
#define CROWD  50
#define DEBT   (XS_TURN_LISTS * XS_TURN_QUANTUM) /* units: no debt is greater */
#define AHEAD  8     /* requests that a busy client has sent */
#define SECOND 20000 /* steps */

struct busy {
    struct client client;
    uint32_t type;
    const char *text;
    uint32_t length;
    unsigned int sent, answered;
};

static struct busy cheap, costly, crowd[CROWD];
static struct xs_server *server;

static void start(struct busy *busy, domid_t domid, uint32_t type, const char *text)
{
    *busy = (struct busy){ .type = type, .text = text };
    busy->length = (uint32_t)strlen(text) + 1;
    if (type == XS_DIRECTORY_PART)
        busy->length += 2; /* "0", which text has after its own zero */
    client_start(&busy->client, server, domid);
}

static void begin(void)
{
    struct xs_permission anybody = { 0, XS_ACCESS_READ };
    struct xs_local *local;
    char path[32];

    server = test_server(NULL);
    local = xs_local_open(server, 0);
    for (int i = 0; i < NAMES; i++) {
        snprintf(path, sizeof(path), "/big/%d", i);
        assert_int_equal(xs_local_write(local, 0, path, "x", 1), 0);
    }
    assert_int_equal(xs_local_set_permissions(local, 0, "/big", &anybody, 1), 0);
    assert_int_equal(xs_local_set_permissions(local, 0, "/big/1", &anybody, 1), 0);
    xs_local_close(local);
    start(&cheap, 1, XS_READ, "/big/1");
    start(&costly, 2, XS_DIRECTORY_PART, "/big\0000");
    run(server);
}

static void send_one(struct busy *busy)
{
    struct xsd_sockmsg header = { busy->type, ++busy->sent, 0, busy->length };

    xs_buffer_send(&busy->client.buffer, &header, sizeof(header));
    xs_buffer_send(&busy->client.buffer, busy->text, busy->length);
    xs_connection_ready(busy->client.connection);
}

static void take_answers(struct busy *busy)
{
    while (client_poll(&busy->client)) {
        assert_int_equal(busy->client.header.type, busy->type);
        busy->answered++;
    }
}

/* Never without something to do. */
static void keep_busy(struct busy *busy)
{
    take_answers(busy);
    while (busy->sent < busy->answered + AHEAD)
        send_one(busy);
}

static uint64_t due(const struct busy *busy)
{
    return busy->client.connection->due;
}

/* What one request costs, unit for unit the same each time. */
static uint64_t cost(struct busy *busy)
{
    uint64_t before;

    xs_turn_charge(busy->client.connection, 0);
    before = due(busy) < server->now ? server->now : due(busy);
    send_one(busy);
    run(server);
    take_answers(busy);
    assert_int_equal(busy->sent, busy->answered);
    return due(busy) - before;
}

static void test_units(void **state)
{
    uint64_t small, big;

    (void)state;
    begin();
    small = cost(&cheap);
    big = cost(&costly);
    assert_in_range(small, XS_WORK_SIGNAL + XS_WORK_TURN, 64);
    assert_in_range(big, 2 * NAMES, 4 * NAMES);
    assert_int_equal(cost(&cheap), small);
    assert_int_equal(cost(&costly), big);
    test_server_end(server);
}

static void test_equal_work_for_both(void **state)
{
    uint64_t small, big, mine, others;

    (void)state;
    begin();
    small = cost(&cheap);
    big = cost(&costly);
    cheap.answered = cheap.sent = costly.answered = costly.sent = 0;
    for (int i = 0; i < SECOND; i++) {
        keep_busy(&cheap);
        keep_busy(&costly);
        xs_server_step(server);
    }
    mine = cheap.answered * small;
    others = costly.answered * big;
    assert_true(costly.answered > 100);
    assert_in_range(mine * 100 / others, 90, 111);
    test_server_end(server);
}

/* Whatever its debt. */
static void test_alone_nobody_waits(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 500; i++) {
        send_one(&costly);
        xs_server_step(server);
        take_answers(&costly);
        for (int n = 0; n < 8 && costly.answered < costly.sent; n++) {
            xs_connection_ready(costly.client.connection);
            xs_server_step(server);
            take_answers(&costly);
        }
        assert_int_equal(costly.sent, costly.answered);
    }
    assert_true(due(&costly) <= server->now + DEBT);
    test_server_end(server);
}

/* Somebody who has had much waits for others, but not for ever. */
static void test_debt_is_limited(void **state)
{
    uint64_t small;

    (void)state;
    begin();
    small = cost(&cheap);
    xs_turn_charge(costly.client.connection, ~0u);
    assert_in_range(due(&costly), server->now + DEBT / 2, server->now + DEBT);
    cheap.answered = cheap.sent = costly.answered = costly.sent = 0;
    send_one(&costly);
    while (!costly.answered) {
        keep_busy(&cheap);
        xs_server_step(server);
        take_answers(&costly);
        assert_true(cheap.answered <= DEBT / small + AHEAD);
    }
    assert_true(cheap.answered >= DEBT / 2 / small);
    test_server_end(server);
}

static void test_debt_is_forgiven_when_nobody_waits(void **state)
{
    (void)state;
    begin();
    xs_turn_charge(costly.client.connection, ~0u);
    for (unsigned int i = 0; i < XS_TURN_LISTS; i++) {
        send_one(&cheap);
        run(server);
        take_answers(&cheap);
    }
    assert_true(due(&costly) <= server->now);
    test_server_end(server);
}

static void test_idleness_saves_up_nothing(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 1000; i++)
        (void)cost(&costly);
    cheap.answered = cheap.sent = costly.answered = costly.sent = 0;
    for (int i = 0; i < SECOND / 4; i++) {
        keep_busy(&cheap);
        keep_busy(&costly);
        xs_server_step(server);
    }
    assert_true(costly.answered > 20);
    test_server_end(server);
}

static void test_many(void **state)
{
    unsigned int least = ~0u, most = 0;

    (void)state;
    begin();
    for (unsigned int i = 0; i < CROWD; i++)
        start(&crowd[i], (domid_t)(10 + i), XS_READ, "/big/1");
    for (int i = 0; i < SECOND; i++) {
        for (unsigned int k = 0; k < CROWD; k++)
            keep_busy(&crowd[k]);
        keep_busy(&costly);
        xs_server_step(server);
    }
    for (unsigned int i = 0; i < CROWD; i++) {
        least = crowd[i].answered < least ? crowd[i].answered : least;
        most = crowd[i].answered > most ? crowd[i].answered : most;
    }
    assert_true(least > 100 && most - least <= 3);
    assert_in_range(costly.answered, 1, most / 10);
    test_server_end(server);
}

/* Who writes pays for the events of others. */
static void test_events_are_paid_by_their_cause(void **state)
{
    struct xs_permission perms[] = { { 2, XS_ACCESS_NONE }, { 1, XS_ACCESS_READ } };
    struct xs_local *local;
    uint64_t reader, writer;
    char text[32];

    (void)state;
    begin();
    local = xs_local_open(server, 0);
    xs_local_write(local, 0, "/news", "x", 1);
    xs_local_set_permissions(local, 0, "/news", perms, 2);
    xs_local_close(local);
    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof(text), "/news|%d|", i);
        ask(&cheap.client, XS_WATCH, text);
    }
    while (client_receive(&cheap.client))
        continue;
    server->now += DEBT;
    cheap.client.connection->due = costly.client.connection->due = server->now;
    reader = writer = server->now;
    ask(&costly.client, XS_WRITE, "/news|y");
    writer = due(&costly) - writer;
    reader = due(&cheap) - reader;
    assert_true(writer >= 100 * XS_WORK_EVENT);
    assert_true(reader <= writer / 4);
    test_server_end(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_equal_work_for_both),
        cmocka_unit_test(test_alone_nobody_waits),
        cmocka_unit_test(test_debt_is_limited),
        cmocka_unit_test(test_debt_is_forgiven_when_nobody_waits),
        cmocka_unit_test(test_idleness_saves_up_nothing),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_events_are_paid_by_their_cause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
