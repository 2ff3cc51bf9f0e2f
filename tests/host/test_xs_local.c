/* SPDX-License-Identifier: MIT */
/*
 * The calls with which the toolstack itself uses the store: results, callbacks that turn
 * on their own watches and handles, and a thousand domains that come and go.
 */
#include "xs_client.h"

static struct xs_server *server;
static struct xs_local *root;

static void start(void)
{
    server = test_server(NULL);
    root = xs_local_open(server, 0);
    assert_non_null(root);
}

static void end(void)
{
    xs_local_close(root);
    test_server_end(server);
}

static int write_text(uint32_t tx, const char *path, const char *text)
{
    return xs_local_write(root, tx, path, text, strlen(text));
}

static void values(void **state)
{
    char text[8];
    size_t length = 0;

    (void)state;
    start();
    assert_int_equal(write_text(0, "/a/b", "1234567"), 0);
    assert_int_equal(xs_local_read(root, 0, "/a/b", text, sizeof(text), &length), 0);
    assert_string_equal(text, "1234567");
    assert_int_equal(length, 7);
    assert_int_equal(xs_local_read(root, 0, "/a/b", text, 7, &length), -XEN_E2BIG);
    assert_int_equal(length, 7);
    assert_int_equal(xs_local_read(root, 0, "/a", text, 1, NULL), 0);
    assert_string_equal(text, "");
    assert_int_equal(xs_local_read(root, 0, "/x", text, 1, NULL), -XEN_ENOENT);
    assert_int_equal(xs_local_read(root, 0, "", text, 1, NULL), -XEN_EINVAL);
    assert_int_equal(xs_local_read(root, 9, "/a", text, 1, NULL), -XEN_ENOENT);
    assert_int_equal(xs_local_remove(root, 0, "/x"), -XEN_ENOENT);
    assert_int_equal(xs_local_remove(root, 0, "/a"), 0);
    assert_int_equal(xs_local_remove(root, 0, "/a"), -XEN_ENOENT);
    assert_int_equal(xs_local_transaction_end(root, 1, true), -XEN_ENOENT);
    assert_int_equal(xs_local_watch(root, "@other", "", NULL, NULL), -XEN_EINVAL);
    assert_int_equal(xs_local_set_permissions(root, 0, "/", NULL, 0), -XEN_EINVAL);
    end();
}

static unsigned int calls;
static char last_path[64], last_token[16];

static void note(void *context, const char *path, const char *token)
{
    assert_ptr_equal(context, &calls);
    calls++;
    strcpy(last_path, path);
    strcpy(last_token, token);
}

static void callbacks(void **state)
{
    (void)state;
    start();
    calls = 0;
    assert_int_equal(xs_local_watch(root, "/w", "tok", note, &calls), 0);
    assert_int_equal(calls, 0);
    run(server);
    assert_int_equal(calls, 1);
    assert_string_equal(last_path, "/w");
    assert_string_equal(last_token, "tok");
    for (int i = 0; i < 100; i++)
        write_text(0, "/w/x", "1");
    assert_int_equal(calls, 1);
    run(server);
    assert_int_equal(calls, 101);
    assert_string_equal(last_path, "/w/x");
    write_text(0, "/w/x", "1");
    assert_int_equal(xs_local_unwatch(root, "/w", "tok"), 0);
    run(server);
    assert_int_equal(calls, 101);
    end();
}

static struct xs_local *other;

static void unwatch_itself(void *context, const char *path, const char *token)
{
    (void)context, (void)path;
    calls++;
    assert_int_equal(xs_local_unwatch(other, "/w", token), 0);
    assert_int_equal(write_text(0, "/w/y", "again"), 0);
}

static void close_itself(void *context, const char *path, const char *token)
{
    (void)context, (void)path, (void)token;
    calls++;
    xs_local_close(other);
}

static void callbacks_may_end_themselves(void **state)
{
    (void)state;
    start();
    calls = 0;
    other = xs_local_open(server, 0);
    assert_int_equal(xs_local_watch(other, "/w", "1", unwatch_itself, NULL), 0);
    assert_int_equal(xs_local_watch(other, "/w", "2", unwatch_itself, NULL), 0);
    write_text(0, "/w/x", "1");
    run(server);
    assert_int_equal(calls, 2);
    assert_int_equal(xs_local_watch(other, "/w", "3", close_itself, NULL), 0);
    assert_int_equal(xs_local_watch(other, "/w", "4", close_itself, NULL), 0);
    write_text(0, "/w/x", "1");
    run(server);
    assert_int_equal(calls, 3);
    end();
}

static unsigned int gone;

static void on_gone(void *context, const char *path, const char *token)
{
    (void)context, (void)token;
    assert_string_equal(path, "@releaseDomain");
    gone++;
}

static void shutdown_is_told_once(void **state)
{
    struct client guest;

    (void)state;
    start();
    client_start(&guest, server, 3);
    assert_int_equal(xs_local_watch(root, "@releaseDomain", "t", on_gone, NULL), 0);
    run(server);
    gone = 0;
    assert_int_equal(xs_server_shutdown(server, 3), 0);
    assert_int_equal(xs_server_shutdown(server, 3), 0);
    assert_int_equal(xs_server_shutdown(server, 4), -XEN_ENOENT);
    run(server);
    assert_int_equal(gone, 1);
    assert_int_equal(xs_server_release(server, 3), 0);
    assert_true(guest.buffer.closed);
    run(server);
    assert_int_equal(gone, 2);
    end();
}

/* A client that hangs up, in the midst of anything, leaves nothing. */
static void hanging_up(void **state)
{
    struct xs_stats before, after;
    struct client socket;

    (void)state;
    start();
    xs_server_stats(server, &before);
    client_start(&socket, server, 0);
    assert_string_equal(ask(&socket, XS_WATCH, "/|t|"), "OK|");
    ask(&socket, XS_TRANSACTION_START, "|");
    xs_buffer_send(&socket.buffer, "abc", 3);
    socket.buffer.hung_up = true;
    xs_connection_ready(socket.connection);
    run(server);
    assert_true(socket.buffer.closed);
    xs_server_stats(server, &after);
    assert_int_equal(after.bytes, before.bytes);
    end();
}

/* --- domains that come and go --- */
#define DOMAINS 1000

static void build(domid_t d)
{
    const struct xs_permission home[] = { { 0, XS_ACCESS_NONE }, { d, XS_ACCESS_READ } };
    const struct xs_permission own[] = { { d, XS_ACCESS_NONE } };
    static const char *const keys[] = { "name", "memory/target", "console/port",
                                        "device/vif/0/state" };
    char path[64];
    uint32_t tx;

    assert_int_equal(xs_local_transaction_start(root, &tx), 0);
    snprintf(path, sizeof(path), "/local/domain/%u", d);
    assert_int_equal(xs_local_mkdir(root, tx, path), 0);
    assert_int_equal(xs_local_set_permissions(root, tx, path, home, 2), 0);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "/local/domain/%u/%s", d, keys[i]);
        assert_int_equal(write_text(tx, path, "value"), 0);
    }
    assert_int_equal(xs_local_set_permissions(root, tx, path, own, 1), 0);
    assert_int_equal(xs_local_transaction_end(root, tx, true), 0);
}

static void destroy(domid_t d)
{
    char path[64];

    snprintf(path, sizeof(path), "/local/domain/%u", d);
    assert_int_equal(xs_server_release(server, d), 0);
    assert_int_equal(xs_local_remove(root, 0, path), 0);
}

static void thousand_domains(void **state)
{
    static struct client guests[DOMAINS + 1];
    struct xs_stats before, after;

    (void)state;
    start();
    assert_int_equal(xs_local_mkdir(root, 0, "/local/domain"), 0);
    xs_server_stats(server, &before);
    for (int round = 0; round < 2; round++) {
        for (domid_t d = 1; d <= DOMAINS; d++) {
            build(d);
            client_start(&guests[d], server, d);
            assert_string_equal(ask(&guests[d], XS_WATCH, "device/vif/0/state|t|"),
                                "OK|");
            assert_string_equal(ask(&guests[d], XS_WRITE, "device/vif/0/state|1"), "OK|");
        }
        assert_true(xs_server_check(server));
        for (domid_t d = 1; d <= DOMAINS; d++)
            destroy((domid_t)(round ? d : DOMAINS + 1 - d));
        xs_server_stats(server, &after);
        after.requests = before.requests;
        assert_memory_equal(&before, &after, sizeof(after));
    }
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(callbacks),
        cmocka_unit_test(callbacks_may_end_themselves),
        cmocka_unit_test(shutdown_is_told_once),
        cmocka_unit_test(hanging_up),
        cmocka_unit_test(thousand_domains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
