/* SPDX-License-Identifier: MIT */
/*
 * The xenstore daemon and those who mean no good: quotas, clients that stop reading, ring
 * pages with impossible contents, permissions in every combination, domain numbers used
 * again, no memory at any point. What has been made and undone leaves nothing behind.
 */
#include "xs_client.h"
#include "hv_host.h"
#include <ts/xs_ring.h>

/* A server in which guests 1 and 2 have homes of their own. */
struct house {
    struct xs_server *server;
    struct client root, guest[3];
};

static struct house house;

static void house_start(const struct xs_quota *quota)
{
    house.server = test_server(quota);
    client_start(&house.root, house.server, 0);
    for (domid_t d = 1; d < 3; d++) {
        char request[64];

        client_start(&house.guest[d], house.server, d);
        snprintf(request, sizeof(request), "/local/domain/%u|", d);
        assert_string_equal(ask(&house.root, XS_MKDIR, request), "OK|");
        snprintf(request, sizeof(request), "/local/domain/%u|n%u|", d, d);
        assert_string_equal(ask(&house.root, XS_SET_PERMS, request), "OK|");
    }
}

static struct xs_stats stats_now(void)
{
    struct xs_stats stats;

    xs_server_stats(house.server, &stats);
    return stats;
}

/* Guest 1 is destroyed, with all that it had: nothing of it is left. */
static void house_end(const struct xs_stats *before)
{
    struct xs_stats after;

    assert_int_equal(xs_server_release(house.server, 1), 0);
    assert_string_equal(ask(&house.root, XS_RM, "/local/domain/1|"), "OK|");
    if (before) {
        struct client *again = &house.guest[1];

        client_start(again, house.server, 1);
        assert_string_equal(ask(&house.root, XS_MKDIR, "/local/domain/1|"), "OK|");
        assert_string_equal(ask(&house.root, XS_SET_PERMS, "/local/domain/1|n1|"), "OK|");
        after = stats_now();
        assert_int_equal(after.bytes, before->bytes);
        assert_int_equal(after.nodes, before->nodes);
        assert_int_equal(after.watches, before->watches);
        assert_int_equal(after.transactions, before->transactions);
        assert_int_equal(after.connections, before->connections);
        assert_int_equal(after.accounts, before->accounts);
        assert_int_equal(after.permission_sets, before->permission_sets);
    }
    test_server_end(house.server);
}

static void too_many_nodes(void **state)
{
    struct xs_stats before;
    char request[64];

    (void)state;
    house_start(NULL);
    before = stats_now();
    for (int i = 0; i < 999; i++) {
        snprintf(request, sizeof(request), "n/%d|x", i);
        assert_string_equal(ask(&house.guest[1], XS_WRITE, request),
                            i < 998 ? "OK|" : "!ENOSPC");
    }
    assert_string_equal(ask(&house.guest[1], XS_MKDIR, "d/e|"), "!ENOSPC");
    assert_string_equal(ask(&house.guest[2], XS_WRITE, "mine|x"), "OK|");
    assert_string_equal(ask(&house.root, XS_WRITE, "/local/domain/1/more|x"), "OK|");
    assert_string_equal(ask(&house.guest[1], XS_RM, "n/0|"), "OK|");
    assert_string_equal(ask(&house.guest[1], XS_RM, "n/1|"), "OK|");
    assert_string_equal(ask(&house.guest[1], XS_MKDIR, "d|"), "OK|");
    assert_string_equal(ask(&house.guest[2], XS_RM, "mine|"), "OK|");
    house_end(&before);
}

/* In a transaction the same limits hold, and hold again when it ends. */
static void too_many_nodes_in_transactions(void **state)
{
    struct xs_quota quota = { .nodes = 10, .transaction_nodes = 8 };
    struct xs_stats before;
    struct client *c;
    uint32_t tx[2];

    (void)state;
    house_start(&quota);
    before = stats_now();
    c = &house.guest[1];
    for (int t = 0; t < 2; t++) {
        tx[t] = (uint32_t)strtoul(ask(c, XS_TRANSACTION_START, "|"), NULL, 10);
        for (int i = 0; i < 6; i++) {
            char request[16];

            snprintf(request, sizeof(request), "%c%d|", "ab"[t], i);
            assert_string_equal(ask_in(c, XS_MKDIR, tx[t], request), "OK|");
        }
        assert_string_equal(ask_in(c, XS_READ, tx[t], "x|"), "!ENOENT");
        assert_string_equal(ask_in(c, XS_READ, tx[t], "y|"), "!ENOSPC");
    }
    assert_string_equal(ask_in(c, XS_TRANSACTION_END, tx[0], "T|"), "OK|");
    assert_string_equal(ask_in(c, XS_TRANSACTION_END, tx[1], "T|"), "!ENOSPC");
    assert_string_equal(ask(c, XS_READ, "b0|"), "!ENOENT");
    house_end(&before);
}

static void too_much_else(void **state)
{
    struct xs_stats before;
    struct client *c;
    char request[3000];

    (void)state;
    house_start(NULL);
    before = stats_now();
    c = &house.guest[1];
    for (int i = 0; i < 129; i++) {
        snprintf(request, sizeof(request), "w%d|t|", i);
        assert_string_equal(ask(c, XS_WATCH, request), i < 128 ? "OK|" : "!E2BIG");
    }
    for (int i = 0; i < 11; i++) {
        const char *answer = ask(c, XS_TRANSACTION_START, "|");

        assert_int_equal(!strcmp(answer, "!ENOSPC"), i == 10);
    }
    memset(request, 'v', sizeof(request));
    memcpy(request, "big|", 4);
    request[4 + 2049] = '\0';
    assert_string_equal(ask(c, XS_WRITE, request), "!ENOSPC");
    request[4 + 2048] = '\0';
    assert_string_equal(ask(c, XS_WRITE, request), "OK|");
    assert_string_equal(ask(&house.root, XS_WRITE, request), "OK|");
    assert_string_equal(ask(&house.root, XS_RM, "/local/domain/0|"), "OK|");
    house_end(&before);
}

/* Whatever a guest fills with whatever it has, memory stays below the limit. */
static void too_much_memory(void **state)
{
    struct xs_quota quota = { .memory = 100000 };
    struct xs_stats before;
    struct client *c;
    char request[3000];
    uint32_t tx[10];
    unsigned int refused = 0;

    (void)state;
    house_start(&quota);
    before = stats_now();
    c = &house.guest[1];
    for (int t = 0; t < 10; t++)
        tx[t] = (uint32_t)strtoul(ask(c, XS_TRANSACTION_START, "|"), NULL, 10);
    for (int i = 0; i < 2000; i++) {
        int length = snprintf(request, sizeof(request), "v%u|", (unsigned int)i % 150);

        memset(request + length, 'x', 2000);
        request[length + 2000] = '\0';
        refused +=
            !strcmp(ask_in(c, XS_WRITE, i % 3 ? tx[i % 10] : 0, request), "!ENOMEM");
        if (i % 7 == 0)
            ask_in(c, XS_RM, i % 2 ? tx[i % 10] : 0, "v3|");
        if (i % 5 == 0)
            ask_in(c, XS_SET_PERMS, tx[i % 10], "v4|n1|x|");
        assert_true(stats_now().bytes < before.bytes + 110000);
    }
    assert_true(refused > 1000);
    assert_string_equal(ask(&house.guest[2], XS_WRITE, "mine|x"), "OK|");
    assert_string_equal(ask(&house.guest[2], XS_RM, "mine|"), "OK|");
    house_end(&before);
}

/* Requests, and nobody takes the answers: a few are carried out, then none; the daemon
 * keeps no more, others are served, and when the client reads again nothing is lost. */
static void client_that_does_not_read(void **state)
{
    struct client *c;
    struct xsd_sockmsg header = { XS_READ, 0, 0, 2 };
    uint32_t sent = 0, answered = 0;
    size_t bytes;

    (void)state;
    house_start(NULL);
    c = &house.guest[1];
    for (int i = 0; i < 3000; i++) {
        if (XS_BUFFER_SIZE - (c->buffer.to_daemon.tail - c->buffer.to_daemon.head) >=
            18) {
            header.req_id = ++sent;
            xs_buffer_send(&c->buffer, &header, sizeof(header));
            xs_buffer_send(&c->buffer, "x", 2);
        }
        xs_connection_ready(c->connection);
        run(house.server);
    }
    bytes = stats_now().bytes;
    assert_true(sent < 1000);
    for (int i = 0; i < 100; i++) {
        xs_connection_ready(c->connection);
        assert_string_equal(ask(&house.guest[2], XS_WRITE, "mine|x"), "OK|");
    }
    assert_true(stats_now().bytes < bytes + 1000);
    while (client_receive(c))
        assert_int_equal(c->header.req_id, ++answered);
    assert_int_equal(answered, sent);
    house_end(NULL);
}

/* Events that nobody reads: a bounded number, then one for each watch. */
static void watcher_that_does_not_read(void **state)
{
    struct client *c;
    struct xs_stats before;
    unsigned int events = 0, last_events[2] = { 0, 0 };
    char request[64];

    (void)state;
    house_start(NULL);
    c = &house.guest[1];
    before = stats_now();
    ask(c, XS_WATCH, "a|one|");
    ask(c, XS_WATCH, "/local/domain/1/a|two|");
    while (client_receive(c))
        continue;
    for (unsigned int i = 0; i < 20000; i++) {
        snprintf(request, sizeof(request), "/local/domain/1/a|%u", i);
        assert_string_equal(ask(&house.root, XS_WRITE, request), "OK|");
        assert_true(stats_now().bytes < before.bytes + 80000);
    }
    while (client_receive(c)) {
        events++;
        assert_int_equal(c->header.type, XS_WATCH_EVENT);
        last_events[0] += !strcmp(client_text(c), "a|one|");
        last_events[1] += !strcmp(client_text(c), "/local/domain/1/a|two|");
    }
    assert_true(events > 500 && events < 2000);
    assert_int_equal(last_events[0] + last_events[1], events);
    assert_string_equal(ask(&house.root, XS_WRITE, "/local/domain/1/a|1"), "OK|");
    assert_true(client_receive(c));
    assert_string_equal(client_text(c), "a|one|");
    house_end(&before);
}

/* Each has a turn: a client with many requests waiting does not delay another's. */
static void turns(void **state)
{
    struct xsd_sockmsg header = { XS_READ, 0, 0, 2 };
    struct client *greedy, *modest;

    (void)state;
    house_start(NULL);
    greedy = &house.guest[1];
    modest = &house.guest[2];
    for (int i = 0; i < 200; i++) {
        xs_buffer_send(&greedy->buffer, &header, sizeof(header));
        xs_buffer_send(&greedy->buffer, "x", 2);
    }
    xs_connection_ready(greedy->connection);
    client_send(modest, XS_READ, 0, "x", 2);
    xs_server_step(house.server);
    assert_true(client_poll(modest));
    house_end(NULL);
}

/* --- the ring --- */
static struct xenstore_domain_interface page;
static unsigned int signals, closes;

static void on_signal(void *context)
{
    (void)context;
    signals++;
}

static void on_close(void *context)
{
    (void)context;
    closes++;
}

static void ring_put(const void *data, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        page.req[MASK_XENSTORE_IDX(page.req_prod++)] = ((const char *)data)[i];
}

static uint32_t ring_take(char *data)
{
    uint32_t length = 0;

    while (page.rsp_cons != page.rsp_prod)
        data[length++] = page.rsp[MASK_XENSTORE_IDX(page.rsp_cons++)];
    return length;
}

/* Sends XS_READ of "/" and expects EACCES: the ring works. */
static void ring_works(struct xs_connection *connection)
{
    struct xsd_sockmsg header = { XS_READ, 77, 0, 2 };
    char data[XENSTORE_RING_SIZE];

    ring_put(&header, sizeof(header));
    ring_put("/", 2);
    xs_connection_ready(connection);
    run(house.server);
    assert_int_equal(ring_take(data), sizeof(header) + 7);
    memcpy(&header, data, sizeof(header));
    assert_int_equal(header.type, XS_ERROR);
    assert_int_equal(header.req_id, 77);
    assert_string_equal(data + sizeof(header), "EACCES");
}

static struct xs_connection *ring_start(struct xs_ring *ring)
{
    struct xs_connection *connection;
    struct xs_transport transport;

    signals = closes = 0;
    memset(&page, 0, sizeof(page));
    page.req_cons = page.req_prod = 0xfffffff0u;
    page.rsp_cons = page.rsp_prod = 0xfffffffeu;
    xs_ring_init(ring, &page, on_signal, on_close, NULL);
    transport = xs_ring_transport(ring);
    assert_int_equal(xs_server_introduce(house.server, 7, &transport, &connection), 0);
    return connection;
}

static void ring_indices(void **state)
{
    struct xs_connection *connection;
    struct xs_ring ring;

    (void)state;
    house_start(NULL);
    connection = ring_start(&ring);
    assert_int_equal(page.server_features, XENSTORE_SERVER_FEATURE_RECONNECTION |
                                               XENSTORE_SERVER_FEATURE_ERROR);
    ring_works(connection);
    assert_true(signals > 0);
    ring_works(connection);
    for (uint32_t bad = XENSTORE_RING_SIZE + 1; bad; bad *= 2) {
        page.req_prod = page.req_cons + bad;
        signals = 0;
        xs_connection_ready(connection);
        run(house.server);
        assert_int_equal(page.error, XENSTORE_ERROR_RINGIDX);
        assert_int_equal(signals, 1); /* the guest learns of it */
        page.req_prod = page.req_cons;
        xs_connection_ready(connection);
        run(house.server);
        assert_int_equal(page.connection, XENSTORE_CONNECTED);
        page.connection = XENSTORE_RECONNECT;
        xs_connection_ready(connection);
        run(house.server);
        assert_int_equal(page.connection, XENSTORE_CONNECTED);
        assert_int_equal(page.error, XENSTORE_ERROR_NONE);
        assert_int_equal(page.req_cons | page.req_prod | page.rsp_cons | page.rsp_prod,
                         0);
        ring_works(connection);
    }
    assert_int_equal(xs_server_release(house.server, 7), 0);
    assert_int_equal(closes, 1);
    house_end(NULL);
}

static void ring_protocol(void **state)
{
    struct xsd_sockmsg header = { XS_WRITE, 1, 0, XENSTORE_PAYLOAD_MAX + 1 };
    struct xs_connection *connection;
    struct xs_stats before;
    struct xs_ring ring;

    (void)state;
    house_start(NULL);
    connection = ring_start(&ring);
    before = stats_now();
    ring_put(&header, sizeof(header));
    xs_connection_ready(connection);
    run(house.server);
    assert_int_equal(page.error, XENSTORE_ERROR_PROTO);
    page.connection = XENSTORE_RECONNECT;
    xs_connection_ready(connection);
    run(house.server);
    /* a request cut short by a new start, with a watch and a transaction */
    header.len = 100;
    ring_put(&header, sizeof(header));
    ring_put("half", 4);
    xs_connection_ready(connection);
    run(house.server);
    assert_true(stats_now().bytes > before.bytes);
    page.connection = XENSTORE_RECONNECT;
    xs_connection_ready(connection);
    run(house.server);
    assert_int_equal(stats_now().bytes, before.bytes);
    ring_works(connection);
    assert_int_equal(xs_server_release(house.server, 7), 0);
    house_end(NULL);
}

/* Anything at all in the page, again and again. */
static void ring_noise(void **state)
{
    struct xs_connection *connection;
    struct xs_ring ring;

    (void)state;
    host_random_seed(7);
    house_start(NULL);
    connection = ring_start(&ring);
    for (int i = 0; i < 30000; i++) {
        char *bytes = (char *)&page;

        for (int n = 0; n < 40; n++)
            bytes[host_random() % sizeof(page)] = (char)(host_random() % 24);
        page.connection = !(host_random() % 4);
        if (host_random() % 2)
            page.req_prod = page.req_cons + (uint32_t)(host_random() % 1024);
        if (host_random() % 2)
            page.rsp_cons = page.rsp_prod;
        xs_connection_ready(connection);
        run(house.server);
    }
    assert_true(xs_server_check(house.server));
    assert_string_equal(ask(&house.guest[2], XS_WRITE, "mine|x"), "OK|");
    assert_int_equal(xs_server_release(house.server, 7), 0);
    house_end(NULL);
}

/* --- permissions --- */
/* What guest 1 may do with a node of these permissions; entry: of its own, 4: none. */
static void try_all(unsigned int owner, unsigned int others, unsigned int entry)
{
    unsigned int access = owner == 1 ? 7 : entry < 4 ? entry : others;
    const char *read = access & 1 ? "v" : "!EACCES", *ok = access & 2 ? "OK|" : "!EACCES";
    struct client *c = &house.guest[1];
    char request[64];
    int n;

    assert_string_equal(ask(&house.root, XS_WRITE, "/m/x|v"), "OK|");
    n = snprintf(request, sizeof(request), "/m/x|%c%u|", "nrwb"[others], owner);
    if (entry < 4)
        snprintf(request + n, sizeof(request) - (size_t)n, "%c1|", "nrwb"[entry]);
    assert_string_equal(ask(&house.root, XS_SET_PERMS, request), "OK|");
    assert_string_equal(ask(c, XS_READ, "/m/x|"), read);
    assert_string_equal(ask(c, XS_DIRECTORY, "/m/x|"), access & 1 ? "" : "!EACCES");
    assert_string_equal(ask(c, XS_READ, "/m/x/none|"),
                        access & 1 ? "!ENOENT" : "!EACCES");
    ask(c, XS_GET_PERMS, "/m/x|");
    assert_int_equal(c->header.type == XS_ERROR, !(access & 1));
    ask(c, XS_DIRECTORY_PART, "/m/x|0|");
    assert_int_equal(c->header.type == XS_ERROR, !(access & 1));
    assert_string_equal(ask(c, XS_WATCH, "/m/x|t|"), "OK|");
    assert_true(client_receive(c));
    assert_string_equal(ask(&house.root, XS_WRITE, "/m/x|v"), "OK|");
    run(house.server);
    assert_int_equal(client_receive(c), access & 1);
    assert_string_equal(ask(c, XS_UNWATCH, "/m/x|t|"), "OK|");
    assert_string_equal(ask(c, XS_WRITE, "/m/x|w"), ok);
    assert_string_equal(ask(&house.root, XS_READ, "/m/x|"), access & 2 ? "w" : "v");
    assert_string_equal(ask(c, XS_MKDIR, "/m/x/d|"), ok);
    assert_string_equal(ask(c, XS_WRITE, "/m/x/e/f|1"), ok);
    assert_string_equal(ask(c, XS_SET_PERMS, "/m/x|b1|"), owner == 1   ? "OK|"
                                                          : access & 4 ? "!EPERM"
                                                                       : "!EACCES");
    assert_string_equal(ask(c, XS_RM, "/m/x|"), ok);
    assert_string_equal(ask(&house.root, XS_RM, "/m/x|"), "OK|");
}

static void permission_matrix(void **state)
{
    (void)state;
    house_start(NULL);
    assert_string_equal(ask(&house.root, XS_MKDIR, "/m|"), "OK|");
    for (unsigned int owner = 0; owner < 3; owner++)
        for (unsigned int others = 0; others < 4; others++)
            for (unsigned int entry = 0; entry < 5; entry++)
                try_all(owner, others, entry);
    house_end(NULL);
}

/* A domain's number is given to another domain: it finds no rights that were not its. */
static void number_used_again(void **state)
{
    struct client *c;

    (void)state;
    house_start(NULL);
    c = &house.guest[1];
    assert_string_equal(ask(c, XS_WRITE, "own|x"), "OK|");
    assert_string_equal(ask(&house.guest[2], XS_WRITE, "for1|x"), "OK|");
    assert_string_equal(ask(&house.guest[2], XS_SET_PERMS, "for1|n2|b1|"), "OK|");
    assert_string_equal(ask(c, XS_READ, "/local/domain/2/for1|"), "x");
    assert_int_equal(xs_server_release(house.server, 1), 0);
    client_start(c, house.server, 1);
    assert_string_equal(ask(c, XS_READ, "own|"), "!EACCES");
    assert_string_equal(ask(c, XS_READ, "/local/domain/2/for1|"), "!EACCES");
    assert_string_equal(ask(&house.root, XS_GET_PERMS, "/local/domain/1/own|"), "n0|");
    assert_string_equal(ask(&house.root, XS_GET_PERMS, "/local/domain/2/for1|"), "n2|");
    /* prepared for a domain that is never introduced, and then forgotten */
    assert_string_equal(ask(&house.root, XS_WRITE, "/n|x"), "OK|");
    assert_string_equal(ask(&house.root, XS_SET_PERMS, "/n|n9|"), "OK|");
    assert_int_equal(xs_server_release(house.server, 9), -XEN_ENOENT);
    assert_string_equal(ask(&house.root, XS_GET_PERMS, "/n|"), "n0|");
    house_end(NULL);
}

/* A transaction that stays open while the tree goes on changing does not keep all of the
 * past: it ends with EAGAIN. */
static void transaction_left_open(void **state)
{
    struct xs_stats before;
    struct client *c;
    char request[64];
    uint32_t tx;

    (void)state;
    house_start(NULL);
    c = &house.guest[1];
    before = stats_now();
    tx = (uint32_t)strtoul(ask(c, XS_TRANSACTION_START, "|"), NULL, 10);
    assert_string_equal(ask_in(c, XS_WRITE, tx, "a|1"), "OK|");
    for (int i = 0; i < 9000; i++) {
        snprintf(request, sizeof(request), "/x/%d|y", i % 100);
        assert_string_equal(ask(&house.root, XS_WRITE, request), "OK|");
    }
    assert_string_equal(ask_in(c, XS_READ, tx, "a|"), "!ENOENT");
    assert_string_equal(ask_in(c, XS_WRITE, tx, "b|1"), "OK|");
    assert_string_equal(ask_in(c, XS_WRITE, tx, "/x/1|1"), "!EACCES");
    assert_string_equal(ask_in(c, XS_TRANSACTION_END, tx, "T|"), "!EAGAIN");
    assert_string_equal(ask(c, XS_READ, "b|"), "!ENOENT");
    assert_string_equal(ask(&house.root, XS_RM, "/x|"), "OK|");
    house_end(&before);
}

/* --- no memory --- */
static int failures;

static void attempt(int rc)
{
    assert_true(rc >= 0 || rc == -XEN_ENOMEM || rc == -XEN_ENOENT);
    failures += rc == -XEN_ENOMEM;
}

static void ignore_event(void *context, const char *path, const char *token)
{
    (void)context, (void)path, (void)token;
}

static void all_operations(struct xs_local *root, struct xs_local *guest)
{
    const struct xs_permission perms[] = { { 1, 0 }, { 2, 3 } };
    uint32_t tx;

    attempt(xs_local_write(root, 0, "/h/1/a/b", "x", 1));
    attempt(xs_local_set_permissions(root, 0, "/h/1", perms, 2));
    attempt(xs_local_watch(root, "/h", "t", ignore_event, NULL));
    if (!xs_local_transaction_start(guest, &tx)) {
        int rc = xs_local_write(guest, tx, "/h/1/c/d", "y", 1);

        assert_true(rc <= 0);
        rc = xs_local_remove(root, 0, "/h/1/a");
        assert_true(rc <= 0);
        rc = xs_local_set_permissions(guest, tx, "/h/1", perms, 1);
        assert_true(rc <= 0);
        rc = xs_local_remove(guest, tx, "/h/1/c");
        assert_true(rc <= 0);
        rc = xs_local_transaction_end(guest, tx, true);
        assert_true(rc <= 0);
    } else {
        failures++;
    }
    attempt(xs_local_remove(root, 0, "/h"));
    xs_local_unwatch(root, "/h", "t");
}

static void no_memory_anywhere(void **state)
{
    bool failed = true;

    (void)state;
    for (long n = 0; failed; n++) {
        struct xs_server *server = test_server(NULL);
        struct xs_local *root = xs_local_open(server, 0),
                        *guest = xs_local_open(server, 1);

        failures = 0;
        allocations_left = n;
        all_operations(root, guest);
        failed = !allocations_left;
        allocations_left = -1;
        assert_true(xs_server_check(server));
        run(server);
        xs_local_close(root);
        xs_local_close(guest);
        test_server_end(server);
    }
}

/* Over the wire too; the daemon itself may fail to start. */
static void no_memory_for_messages(void **state)
{
    (void)state;
    for (long n = 0; n < 40; n++) {
        struct xs_config config = { .allocate = test_allocate, .release = test_release };
        struct xs_server *server;
        struct xs_connection *connection;
        struct xs_transport transport;
        struct xs_buffer buffer;
        struct xsd_sockmsg header = { XS_DIRECTORY, 0, 0, 2 };

        allocations_left = n;
        server = xs_server_create(&config);
        if (server) {
            xs_buffer_init(&buffer);
            transport = xs_buffer_transport(&buffer);
            if (!xs_server_introduce(server, 1, &transport, &connection)) {
                xs_buffer_send(&buffer, &header, sizeof(header));
                xs_buffer_send(&buffer, "/", 2);
                xs_connection_ready(connection);
                run(server);
            }
            allocations_left = -1;
            test_server_end(server);
        }
        allocations_left = -1;
        assert_int_equal(allocations, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_many_nodes),
        cmocka_unit_test(too_many_nodes_in_transactions),
        cmocka_unit_test(too_much_else),
        cmocka_unit_test(too_much_memory),
        cmocka_unit_test(client_that_does_not_read),
        cmocka_unit_test(watcher_that_does_not_read),
        cmocka_unit_test(turns),
        cmocka_unit_test(ring_indices),
        cmocka_unit_test(ring_protocol),
        cmocka_unit_test(ring_noise),
        cmocka_unit_test(permission_matrix),
        cmocka_unit_test(number_used_again),
        cmocka_unit_test(transaction_left_open),
        cmocka_unit_test(no_memory_anywhere),
        cmocka_unit_test(no_memory_for_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
