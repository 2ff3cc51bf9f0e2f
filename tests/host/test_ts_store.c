/* SPDX-License-Identifier: MIT */
/*
 * The manager on the real xenstore daemon: a guest's ring is served, and neither a failure
 * at any call nor a guest's life leaves anything in the daemon.
 */
#include "test.h"
#include "ts_fake.h"

#include <stdio.h>

#include <abi/io/xs_wire.h>
#include <ts/store.h>
#include <ts/xs_local.h>
#include <ts/xs_server.h>

static struct xs_server *server;
static struct ts_store *store;
static struct ts_manager *m;
static struct xs_stats at_start;

static int start(void **state)
{
    static const struct xs_config config = { .seed = 1 };
    struct ts_hv *hv = fake_hv_start(1024);
    struct xs_local *local;

    (void)state;
    server = xs_server_create(&config);
    local = xs_local_open(server, 0);
    assert_int_equal(xs_local_mkdir(local, 0, "/local/domain"), 0);
    assert_int_equal(xs_local_mkdir(local, 0, "/vm"), 0);
    xs_local_close(local);
    store = ts_store_create(hv, server);
    m = fake_manager_start_on(&ts_store_ops, store);
    xs_server_stats(server, &at_start);
    return 0;
}

static void check_as_at_start(void)
{
    struct xs_stats now;

    while (xs_server_step(server))
        ;
    assert_true(xs_server_check(server));
    xs_server_stats(server, &now);
    assert_int_equal(now.nodes, at_start.nodes);
    assert_int_equal(now.connections, at_start.connections);
    assert_int_equal(now.transactions, 0);
    assert_int_equal(now.permission_sets, at_start.permission_sets);
    assert_int_equal(now.bytes, at_start.bytes);
}

static int stop(void **state)
{
    (void)state;
    fake_manager_stop(m);
    ts_store_destroy(store);
    xs_server_destroy(server);
    return 0;
}

static struct ts_config config_of(const char *name)
{
    struct ts_config c;

    ts_config_init(&c);
    snprintf(c.name, sizeof(c.name), "%s", name);
    c.kernel = "kernel";
    c.memory_kib = 128;
    return c;
}

/* A request of the guest's, and the payload of the answer. */
static const char *ask(const struct ts_domain *d, uint32_t type, const char *path)
{
    struct xenstore_domain_interface *ring = fake_frame(d->store_mfn);
    struct xsd_sockmsg head = { .type = type, .len = (uint32_t)strlen(path) + 1 };
    static char answer[XENSTORE_RING_SIZE];
    uint32_t n = 0;

    for (uint32_t i = 0; i < sizeof(head) + head.len; i++)
        ring->req[ring->req_prod++ % XENSTORE_RING_SIZE] =
            i < sizeof(head) ? ((const char *)&head)[i] : path[i - sizeof(head)];
    assert_true(ts_store_event(store, fake_peer(d->id, d->store_port)));
    while (xs_server_step(server))
        ;
    while (ring->rsp_cons != ring->rsp_prod)
        answer[n++] = ring->rsp[ring->rsp_cons++ % XENSTORE_RING_SIZE];
    answer[n] = '\0';
    assert_true(n >= sizeof(head));
    return answer + sizeof(head);
}

static void guest_reads_its_nodes(void **state)
{
    struct ts_config one = config_of("one"), two = config_of("two");
    const struct ts_domain *d;
    domid_t id, other;
    char path[64];

    (void)state;
    assert_int_equal(ts_domain_create(m, &one, &id, NULL), 0);
    assert_int_equal(ts_domain_create(m, &two, &other, NULL), 0);
    d = ts_domain_by_id(m, id);
    assert_string_equal(ask(d, XS_READ, "name"), "one");
    assert_string_equal(ask(d, XS_READ, "memory/target"), "128");
    assert_string_equal(ask(d, XS_READ, "control/shutdown"), "");
    assert_string_equal(ask(d, XS_RM, "control/shutdown"), "OK");
    assert_string_equal(ask(d, XS_RM, "name"), "EACCES");
    snprintf(path, sizeof(path), "/local/domain/%u/name", other);
    assert_string_equal(ask(d, XS_READ, path), "EACCES");
    assert_true(fake_events(id, d->store_port) > 0);
    assert_false(ts_store_event(store, 4000));
    assert_int_equal(ts_domain_shutdown(m, id, TS_SHUT_REBOOT, 0, false, NULL), 0);
    assert_string_equal(ask(d, XS_READ, "control/shutdown"), "reboot");
    assert_string_equal(ask(d, XS_RM, "control/shutdown"), "OK"); /* its own again */
    fake_domain_ends(id, 1);
    ts_manager_domains_changed(m);
    assert_string_equal(ask(ts_domain_by_name(m, "one"), XS_READ, "name"), "one");
    assert_int_equal(ts_domain_destroy(m, ts_domain_by_name(m, "one")->id, NULL), 0);
    assert_int_equal(ts_domain_destroy(m, other, NULL), 0);
    check_as_at_start();
}

static void every_step_fails(void **state)
{
    void (*const inject[])(unsigned long) = { fake_fail_at, fake_fail_alloc_at };

    (void)state;
    for (unsigned int how = 0; how < 2; how++) {
        int rc = -1;

        for (unsigned long n = 1; rc; n++) {
            struct ts_config c = config_of("one");
            domid_t id;

            inject[how](n);
            rc = ts_domain_create(m, &c, &id, NULL);
            inject[how](0);
            if (!rc)
                assert_int_equal(ts_domain_destroy(m, id, NULL), 0);
            check_as_at_start();
            fake_hv_check_empty();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(guest_reads_its_nodes, start, stop),
        cmocka_unit_test_setup_teardown(every_step_fails, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
