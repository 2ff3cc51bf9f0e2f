/* SPDX-License-Identifier: MIT */
/*
 * The life-cycle manager on models of everything around it: what each request does, what
 * happens when domains end, and that no failure at any call leaves anything behind.
 */
#include "test.h"
#include "ts_fake.h"

#include <stdio.h>
#include <stdlib.h>

#include <abi/sched.h>

#define SECOND 1000000000ull

static struct ts_manager *m;
static struct ts_err err;

static int start(void **state)
{
    (void)state;
    m = fake_manager_start(4096);
    return m ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    fake_fail_at(0);
    while (ts_domain_next(m, ts_domain_by_id(m, 0)))
        assert_int_equal(
            ts_domain_destroy(m, ts_domain_next(m, ts_domain_by_id(m, 0))->id, NULL), 0);
    assert_int_equal(fake_nr_nodes() <= 3, true); /* those above the domains' */
    fake_manager_stop(m);
    return 0;
}

static struct ts_config config_of(const char *name)
{
    struct ts_config c;

    ts_config_init(&c);
    snprintf(c.name, sizeof(c.name), "%s", name);
    c.kernel = "kernel";
    c.cmdline = "hello";
    c.memory_kib = 128;
    return c;
}

static domid_t create(const struct ts_config *c)
{
    domid_t id = 0;

    memset(&err, 0, sizeof(err));
    if (ts_domain_create(m, c, &id, &err))
        fail_msg("%s", err.text);
    return id;
}

static void expect_refusal(int rc, int wanted, const char *text)
{
    assert_int_equal(rc, wanted);
    if (!strstr(err.text, text))
        fail_msg("\"%s\" instead of \"%s\"", err.text, text);
    memset(&err, 0, sizeof(err));
}

static const char *node(domid_t id, const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "/local/domain/%u%s%s", id, *name ? "/" : "", name);
    return fake_node(path);
}

static const char *perms(domid_t id, const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "/local/domain/%u%s%s", id, *name ? "/" : "", name);
    return fake_node_perms(path);
}

/* --- creating --- */

static void create_and_destroy(void **state)
{
    struct ts_config c = config_of("one");
    const struct ts_domain *d;
    char mine[32], text[32];
    domid_t id;

    (void)state;
    c.vcpus = 1;
    c.max_vcpus = 2;
    c.max_memory_kib = 256;
    id = create(&c);
    d = ts_domain_by_name(m, "one");
    assert_ptr_equal(d, ts_domain_by_id(m, id));
    assert_true(fake_is_running(id));
    assert_true(fake_is_introduced(id));
    assert_int_equal(d->state, TS_DOM_LIVE);
    assert_int_not_equal(ts_console_port(fake_consoles(), id), 0);
    assert_string_equal(node(id, "name"), "one");
    assert_string_equal(node(id, "cpu/0/availability"), "online");
    assert_string_equal(node(id, "cpu/1/availability"), "offline");
    assert_string_equal(node(id, "memory/static-max"), "256");
    assert_string_equal(node(id, "memory/target"), "128");
    snprintf(text, sizeof(text), "%llu", (unsigned long long)d->console_mfn);
    assert_string_equal(node(id, "console/ring-ref"), text);
    snprintf(mine, sizeof(mine), "0n%u", id);
    assert_string_equal(perms(id, "memory/target"), mine);
    assert_string_equal(fake_node_perms(node(id, "vm")), mine);
    snprintf(mine, sizeof(mine), "%un-", id);
    assert_string_equal(perms(id, "control/shutdown"), mine);
    assert_string_equal(perms(id, "data"), mine);
    assert_string_equal(fake_events_seen(), "created one\n");
    assert_int_equal(ts_domain_destroy(m, id, &err), 0);
    assert_null(node(id, ""));
    assert_null(ts_domain_by_id(m, id));
    assert_int_equal(fake_nr_domains(), 0);
    assert_string_equal(fake_events_seen(), "destroyed one\n");
}

static void bad_configurations(void **state)
{
    static char line[2000];
    struct ts_config c = config_of("good");
    domid_t id = create(&c);

    (void)state;
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_EEXIST,
                   "there is a domain \"good\" already: number 1");
    c = config_of("");
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_EINVAL,
                   "cannot be a domain's");
    c = config_of("12");
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_EINVAL,
                   "cannot be a domain's");
    c = config_of("a/b");
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_EINVAL,
                   "cannot be a domain's");
    memset(c.name, 'x', sizeof(c.name));
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_EINVAL, "at most 63");
    c = config_of("other");
    c.kernel = NULL;
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_EINVAL, "no kernel is given");
    c.kernel = "absent";
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_ENOENT,
                   "absent cannot be read");
    c = config_of("other");
    c.vcpus = 0;
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_EINVAL, "1 to 128 vCPUs");
    c = config_of("other");
    c.max_memory_kib = 64;
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_EINVAL, "is below the 128");
    c.max_memory_kib = 0;
    c.memory_kib = 1ull << 50;
    expect_refusal(ts_domain_check(m, &c, &err), -XEN_EINVAL, "cannot have");
    c.memory_kib = 64 << 10;
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_ENOMEM,
                   "domain \"other\" cannot be built: out of memory");
    memset(line, 'x', sizeof(line) - 1);
    c = config_of("other");
    c.cmdline = line;
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_EINVAL, "command line");
    c = config_of("other");
    memcpy(c.uuid, ts_domain_by_name(m, "good")->uuid, sizeof(c.uuid));
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_EEXIST, "UUID");
    fake_file("text", "not a kernel", 12);
    c = config_of("other");
    c.kernel = "text";
    expect_refusal(ts_domain_check(m, &c, &err), -XEN_ENOEXEC, "text is not an ELF file");
    c = config_of("other");
    c.ramdisk = "text";
    assert_int_equal(ts_domain_check(m, &c, &err), 0);
    assert_int_equal(fake_loaded_files(), 0);
    assert_int_equal(fake_nr_domains(), 1);
}

static void vcpus_are_pinned(void **state)
{
    const struct ts_cpu_set sets[] = { { { 1 } }, { { 2 } } };
    struct ts_config c = config_of("pinned");
    struct ts_cpu_set hard, soft;
    domid_t id;

    (void)state;
    c.vcpus = 3;
    c.hard = (struct ts_affinity){ true, { { 3 } }, sets, 2 };
    c.soft = (struct ts_affinity){ false, { { 0 } }, sets + 1, 1 };
    id = create(&c);
    for (unsigned int i = 0; i < 3; i++) {
        assert_int_equal(
            fake_hv()->ops->vcpu_get_affinity(fake_hv(), id, i, &hard, &soft), 0);
        assert_int_equal(hard.bits[0], i + 1);
        assert_int_equal(soft.bits[0], i ? 0xff : 2);
    }
}

/* The n-th call fails, for every n: nothing is left, there is a reason, and the name can
 * be used again. Then the same for allocations. */
static void every_step_of_creating_fails(void **state)
{
    void (*const inject[])(unsigned long) = { fake_fail_at, fake_fail_alloc_at };
    const struct ts_cpu_set first = { { 1 } };
    struct ts_config c = config_of("one");

    (void)state;
    c.hard.is_set = true;
    c.soft.vcpu = &first;
    c.soft.nr_vcpus = 1;
    c.sched.weight = 128;
    c.ramdisk = "kernel";
    for (unsigned int how = 0; how < 2; how++) {
        unsigned long n = 0;
        domid_t id;
        int rc;

        do {
            memset(&err, 0, sizeof(err));
            inject[how](++n);
            rc = ts_domain_create(m, &c, &id, &err);
            inject[how](0);
            if (!rc)
                continue;
            assert_int_not_equal(err.text[0], 0);
            fake_hv_check_empty();
            assert_true(fake_nr_nodes() <= 3);
            assert_int_equal(fake_loaded_files(), 0);
            assert_null(ts_domain_by_name(m, "one"));
        } while (rc);
        assert_true(n > (how ? 5 : 60));
        assert_int_equal(ts_domain_destroy(m, id, &err), 0);
    }
}

static void conflicting_transactions(void **state)
{
    struct ts_config c = config_of("one");
    domid_t id;

    (void)state;
    fake_store_conflicts(5);
    id = create(&c);
    assert_string_equal(node(id, "name"), "one");
    fake_store_conflicts(100);
    c = config_of("two");
    expect_refusal(ts_domain_create(m, &c, &id, &err), -XEN_EAGAIN, "xenstore");
    fake_store_conflicts(0);
    assert_int_equal(fake_nr_domains(), 1);
}

static void many_domains(void **state)
{
    unsigned int n = 0;
    const struct ts_domain *d = NULL;

    (void)state;
    for (unsigned int round = 0; round < 3; round++) {
        for (unsigned int i = 0; i < 60; i++) {
            struct ts_config c = config_of("x");

            snprintf(c.name, sizeof(c.name), "guest-%u", i);
            create(&c);
        }
        for (unsigned int i = 0; i < 60; i++) {
            char name[32];

            snprintf(name, sizeof(name), "guest-%u", (i * 7 + round) % 60);
            assert_int_equal(ts_domain_destroy(m, ts_domain_by_name(m, name)->id, &err),
                             0);
        }
    }
    while ((d = ts_domain_next(m, d)))
        n++;
    assert_int_equal(n, 1);
    assert_string_equal(ts_domain_by_id(m, 0)->name, "Domain-0");
}

/* --- requests --- */

static void finding(void **state)
{
    struct ts_config c = config_of("one");
    domid_t id = create(&c);
    char text[8];

    (void)state;
    snprintf(text, sizeof(text), "%u", id);
    assert_ptr_equal(ts_domain_find(m, "one", &err), ts_domain_find(m, text, &err));
    assert_null(ts_domain_find(m, "two", &err));
    expect_refusal(-1, -1, "there is no domain \"two\"");
    assert_null(ts_domain_find(m, "99999999999", &err));
    assert_null(ts_domain_find(m, "", NULL));
}

static void pauses_are_counted(void **state)
{
    struct ts_config c = config_of("one");
    domid_t id;

    (void)state;
    c.start_paused = true;
    id = create(&c);
    assert_false(fake_is_running(id));
    assert_int_equal(ts_domain_pause(m, id, &err), 0);
    assert_int_equal(fake_pause_count(id), 2);
    assert_int_equal(ts_domain_unpause(m, id, &err), 0);
    assert_int_equal(ts_domain_by_id(m, id)->pauses, 1);
    assert_int_equal(ts_domain_unpause(m, id, &err), 0);
    assert_true(fake_is_running(id));
    expect_refusal(ts_domain_unpause(m, id, &err), -XEN_EINVAL, "is not paused");
    expect_refusal(ts_domain_pause(m, 0, &err), -XEN_EPERM, "domain 0 cannot be paused");
    expect_refusal(ts_domain_destroy(m, 0, &err), -XEN_EPERM, "domain 0 cannot be");
    expect_refusal(ts_domain_pause(m, 99, &err), -XEN_ESRCH, "there is no domain 99");
    fake_fail_at(1);
    expect_refusal(ts_domain_pause(m, id, &err), -XEN_EOVERFLOW, "cannot be paused");
}

static void renaming(void **state)
{
    struct ts_config c = config_of("one"), other = config_of("other");
    domid_t id = create(&c);
    char path[128];

    (void)state;
    create(&other);
    expect_refusal(ts_domain_rename(m, id, "other", &err), -XEN_EEXIST,
                   "\"other\" already");
    assert_int_equal(ts_domain_rename(m, id, "one", &err), 0);
    assert_int_equal(ts_domain_rename(m, id, "two", &err), 0);
    assert_null(ts_domain_by_name(m, "one"));
    assert_int_equal(ts_domain_by_name(m, "two")->id, id);
    assert_string_equal(node(id, "name"), "two");
    snprintf(path, sizeof(path), "%s/name", node(id, "vm"));
    assert_string_equal(fake_node(path), "two");
    for (unsigned long n = 1; n <= 4; n++) {
        fake_fail_at(n);
        assert_true(ts_domain_rename(m, id, "three", &err) < 0);
        memset(&err, 0, sizeof(err));
        assert_int_equal(ts_domain_by_name(m, "two")->id, id);
        assert_string_equal(node(id, "name"), "two");
    }
}

static void limits(void **state)
{
    struct ts_config c = config_of("one");
    struct ts_cpu_set cpus = { { 2 } };
    domid_t id;

    (void)state;
    c.vcpus = 2;
    id = create(&c);
    assert_int_equal(ts_domain_set_vcpus(m, id, 1, &err), 0);
    assert_string_equal(node(id, "cpu/1/availability"), "offline");
    expect_refusal(ts_domain_set_vcpus(m, id, 3, &err), -XEN_EINVAL,
                   "1 to 2 vCPUs, not 3");
    assert_int_equal(ts_domain_set_max_mem(m, id, 512, &err), 0);
    assert_string_equal(node(id, "memory/static-max"), "512");
    expect_refusal(ts_domain_set_max_mem(m, id, 100, &err), -XEN_EINVAL, "has 128 KiB");
    fake_fail_at(5); /* begin, write and end of the node; look; then the limit itself */
    expect_refusal(ts_domain_set_max_mem(m, id, 1024, &err), -XEN_EINVAL, "refuses");
    assert_string_equal(node(id, "memory/static-max"), "512");
    assert_int_equal(ts_domain_set_target(m, id, 100, &err), 0);
    assert_string_equal(node(id, "memory/target"), "100");
    assert_int_equal(fake_max_pages(id), 25);
    fake_fail_at(3); /* look; the limit; the node */
    expect_refusal(ts_domain_set_target(m, id, 200, &err), -XEN_ENOSPC, "by xenstore");
    assert_int_equal(fake_max_pages(id), 25);
    assert_string_equal(node(id, "memory/target"), "100");
    fake_fail_at(2);
    expect_refusal(ts_domain_set_target(m, id, 200, &err), -XEN_EINVAL, "refuses");
    expect_refusal(ts_domain_set_target(m, id, 516, &err), -XEN_EINVAL, "up to 512 KiB");
    assert_int_equal(fake_max_pages(id), 25);
    assert_int_equal(ts_domain_pin(m, id, TS_ALL_VCPUS, &cpus, NULL, &err), 0);
    assert_true(ts_cpu_set_has(fake_affinity(id, 1), 1));
    assert_false(ts_cpu_set_has(fake_affinity(id, 0), 0));
    expect_refusal(ts_domain_pin(m, id, 2, &cpus, NULL, &err), -XEN_EINVAL,
                   "has no vCPU 2");
    assert_int_equal(ts_domain_pin(m, 0, 0, &cpus, NULL, &err), 0);
}

/* --- ending --- */

static domid_t only_domain(void)
{
    const struct ts_domain *d = ts_domain_next(m, ts_domain_by_id(m, 0));

    assert_non_null(d);
    return d->id;
}

static void ends_by_itself(void **state)
{
    static const struct {
        unsigned int reason;
        enum ts_action action;
        const char *events;
        unsigned int domains;
    } rows[] = {
        { SHUTDOWN_poweroff, TS_DESTROY, "ended d\ndestroyed d\n", 0 },
        { SHUTDOWN_poweroff, TS_PRESERVE, "ended d\npreserved d\n", 1 },
        { SHUTDOWN_reboot, TS_RESTART, "ended d\nrestarted d\n", 1 },
        { SHUTDOWN_crash, TS_RENAME_RESTART,
          "ended d\nrenamed d-1\nrestarted d\npreserved d-1\n", 2 },
        { SHUTDOWN_watchdog, TS_DESTROY, "ended d\ndestroyed d\n", 0 },
        { SHUTDOWN_suspend, TS_DESTROY, "ended d\npreserved d\n", 1 },
        { SHUTDOWN_soft_reset, TS_RESTART, "ended d\nrestarted d\n", 1 },
        { SHUTDOWN_crash, TS_COREDUMP_DESTROY, "ended d\npreserved d\n", 1 },
        { SHUTDOWN_watchdog, TS_COREDUMP_RESTART, "ended d\npreserved d\n", 1 },
    };

    (void)state;
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ts_config c = config_of("d");
        domid_t id;

        c.on_poweroff = c.on_reboot = c.on_crash = c.on_watchdog = c.on_soft_reset =
            rows[i].action;
        id = create(&c);
        fake_events_seen();
        assert_false(ts_manager_domains_changed(m));
        fake_domain_ends(id, rows[i].reason);
        assert_false(ts_manager_domains_changed(m));
        assert_string_equal(fake_events_seen(), rows[i].events);
        assert_false(ts_manager_domains_changed(m));
        assert_string_equal(fake_events_seen(), "");
        assert_int_equal(fake_nr_domains(), rows[i].domains);
        while (fake_nr_domains())
            assert_int_equal(ts_domain_destroy(m, only_domain(), &err), 0);
    }
}

/* A domain that is kept for its core: what follows when that has been taken, or not. */
static void cores_are_waited_for(void **state)
{
    static const struct {
        enum ts_action action;
        bool taken;
        const char *events;
        unsigned int domains;
    } rows[] = {
        { TS_COREDUMP_DESTROY, true, "destroyed d\n", 0 },
        { TS_COREDUMP_DESTROY, false, "preserved d\n", 1 },
        { TS_COREDUMP_RESTART, true, "restarted d\n", 1 },
        { TS_COREDUMP_RESTART, false, "preserved d\n", 1 },
    };

    (void)state;
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ts_config c = config_of("d");
        domid_t id;

        c.on_crash = rows[i].action;
        id = create(&c);
        assert_int_equal(ts_domain_core_done(m, id, true, &err), -XEN_EINVAL);
        fake_domain_ends(id, SHUTDOWN_crash);
        ts_manager_domains_changed(m);
        assert_true(ts_domain_by_id(m, id)->wants_core);
        assert_false(ts_manager_domains_changed(m));
        fake_events_seen();
        assert_int_equal(ts_domain_core_done(m, id, rows[i].taken, &err), 0);
        assert_string_equal(fake_events_seen(), rows[i].events);
        assert_int_equal(fake_nr_domains(), rows[i].domains);
        assert_int_equal(ts_domain_core_done(m, id, true, &err),
                         rows[i].taken ? -XEN_ESRCH : -XEN_EINVAL);
        while (fake_nr_domains())
            assert_int_equal(ts_domain_destroy(m, only_domain(), &err), 0);
    }
}

/* Who waits for its core may give it up. */
static void one_with_a_core_is_destroyed_or_reset(void **state)
{
    struct ts_config c = config_of("d");
    domid_t id;

    (void)state;
    c.on_crash = TS_COREDUMP_DESTROY;
    id = create(&c);
    fake_domain_ends(id, SHUTDOWN_crash);
    ts_manager_domains_changed(m);
    assert_int_equal(ts_domain_reset(m, id, &err), 0);
    id = only_domain();
    assert_true(fake_is_running(id));
    assert_false(ts_domain_by_id(m, id)->wants_core);
    fake_domain_ends(id, SHUTDOWN_crash);
    ts_manager_domains_changed(m);
    assert_true(ts_domain_by_id(m, id)->wants_core);
    assert_int_equal(ts_domain_crash(m, id, &err), -XEN_EINVAL);
    assert_int_equal(ts_domain_destroy(m, id, &err), 0);
    assert_int_equal(ts_domain_reset(m, id, &err), -XEN_ESRCH);
    assert_int_equal(ts_domain_crash(m, 0, &err), -XEN_EPERM);
}

/* Its core was taken before it was made to crash: it is not asked for another one. */
static void made_to_crash(void **state)
{
    struct ts_config c = config_of("d");
    domid_t id;

    (void)state;
    c.on_crash = TS_COREDUMP_RESTART;
    id = create(&c);
    fake_events_seen();
    assert_int_equal(ts_domain_crash(m, id, &err), 0);
    ts_manager_domains_changed(m);
    assert_string_equal(fake_events_seen(), "ended d\nrestarted d\n");
    id = only_domain();
    fake_domain_ends(id, SHUTDOWN_crash);
    ts_manager_domains_changed(m);
    assert_true(ts_domain_by_id(m, id)->wants_core);
}

/* Every call of a reset fails: the domain is as it was, or gone with a reason. */
static void every_step_of_a_reset_fails(void **state)
{
    bool failed = true;

    (void)state;
    for (unsigned long n = 1; failed; n++) {
        struct ts_config c = config_of("d");
        domid_t id = create(&c);
        int rc;

        fake_fail_at(n);
        rc = ts_domain_reset(m, id, &err);
        failed = fake_has_failed();
        fake_fail_at(0);
        assert_true(failed || !rc);
        while (fake_nr_domains())
            assert_int_equal(ts_domain_destroy(m, only_domain(), &err), 0);
        fake_hv_check_empty();
    }
}

static void restarted_domain_is_the_same(void **state)
{
    struct ts_config c = config_of("d");
    uint8_t uuid[TS_UUID_BYTES];
    domid_t id;

    (void)state;
    c.start_paused = true;
    c.on_crash = TS_RENAME_RESTART;
    id = create(&c);
    assert_int_equal(ts_domain_unpause(m, id, &err), 0);
    memcpy(uuid, ts_domain_by_id(m, id)->uuid, sizeof(uuid));
    fake_domain_ends(id, SHUTDOWN_reboot);
    ts_manager_domains_changed(m);
    assert_int_not_equal(only_domain(), id);
    id = only_domain();
    assert_true(fake_is_running(id));
    assert_int_equal(ts_domain_by_id(m, id)->restarts, 1);
    assert_memory_equal(ts_domain_by_id(m, id)->uuid, uuid, sizeof(uuid));
    assert_string_equal(node(id, "name"), "d");
    fake_domain_ends(id, SHUTDOWN_crash);
    ts_manager_domains_changed(m);
    assert_memory_equal(ts_domain_by_name(m, "d")->uuid, uuid, sizeof(uuid));
    assert_memory_not_equal(ts_domain_by_name(m, "d-1")->uuid, uuid, sizeof(uuid));
    assert_int_equal(ts_domain_by_name(m, "d-1")->state, TS_DOM_PRESERVED);
    assert_int_equal(ts_domain_by_name(m, "d-1")->ended_with, SHUTDOWN_crash);
    assert_string_equal(node(id, "name"), "d-1");
    assert_non_null(fake_node(node(id, "vm")));
    assert_non_null(fake_node(node(ts_domain_by_name(m, "d")->id, "vm")));
}

/* Every call of a restart fails: the domain is back, kept, or gone with a reason. */
static void every_step_of_restarting_fails(void **state)
{
    static const unsigned int reasons[] = { SHUTDOWN_reboot, SHUTDOWN_crash };

    (void)state;
    for (unsigned int r = 0; r < 2; r++) {
        bool failed = true;

        for (unsigned long n = 1; failed; n++) {
            struct ts_config c = config_of("d");
            domid_t id;

            c.on_crash = TS_RENAME_RESTART;
            id = create(&c);
            fake_domain_ends(id, reasons[r]);
            fake_fail_at(n);
            ts_manager_domains_changed(m);
            failed = fake_has_failed();
            fake_fail_at(0);
            ts_manager_domains_changed(m); /* if it was the look that failed */
            while (fake_nr_domains())
                assert_int_equal(ts_domain_destroy(m, only_domain(), &err), 0);
            fake_hv_check_empty();
            assert_true(fake_nr_nodes() <= 3);
        }
    }
}

static void restart_loop_is_broken(void **state)
{
    struct ts_config c = config_of("d");
    unsigned int n = 0;

    (void)state;
    create(&c);
    for (; fake_nr_domains(); n++) {
        assert_true(n < 20);
        fake_domain_ends(only_domain(), SHUTDOWN_reboot);
        ts_manager_domains_changed(m);
    }
    assert_int_equal(n, 11);
    assert_non_null(strstr(fake_events_seen(), "restart-failed d\n"));
    create(&c);
    for (n = 0; n < 30; n++) { /* one that runs for a while each time */
        fake_set_time((n + 2) * 2 * SECOND);
        fake_domain_ends(only_domain(), SHUTDOWN_reboot);
        ts_manager_domains_changed(m);
        assert_int_equal(fake_nr_domains(), 1);
    }
}

/* A kernel that crashes on its way up takes longer for it; it leaves few cores. */
static void crash_loop_is_broken(void **state)
{
    struct ts_config c = config_of("d");
    unsigned int n = 0;

    (void)state;
    c.on_crash = TS_COREDUMP_RESTART;
    create(&c);
    for (; fake_nr_domains(); n++) {
        domid_t id = only_domain();

        assert_true(n < 20);
        fake_set_time((n + 1) * 30 * SECOND);
        fake_domain_ends(id, SHUTDOWN_crash);
        ts_manager_domains_changed(m);
        if (ts_domain_by_id(m, id))
            assert_int_equal(ts_domain_core_done(m, id, true, &err), 0);
    }
    assert_int_equal(n, 6);
    assert_non_null(strstr(fake_events_seen(), "restart-failed d\n"));
}

/* A few at a time; those that another program has destroyed are noticed. */
static void many_end_at_once(void **state)
{
    unsigned int rounds = 0;

    (void)state;
    for (unsigned int i = 0; i < 60; i++) {
        struct ts_config c = config_of("x");
        domid_t id;

        snprintf(c.name, sizeof(c.name), "guest-%u", i);
        id = create(&c);
        if (i % 3)
            fake_domain_ends(id, SHUTDOWN_poweroff);
    }
    while (ts_manager_domains_changed(m))
        rounds++;
    assert_int_equal(fake_nr_domains(), 20);
    assert_int_equal(rounds, 2);
}

static void asked_to_shut_down(void **state)
{
    struct ts_config c = config_of("d");
    domid_t id = create(&c);

    (void)state;
    assert_int_equal(ts_domain_shutdown(m, id, TS_SHUT_POWEROFF, 0, false, &err), 0);
    assert_string_equal(node(id, "control/shutdown"), "poweroff");
    assert_int_equal(ts_domain_by_id(m, id)->state, TS_DOM_STOPPING);
    assert_int_equal(fake_timer(), 0);
    assert_int_equal(ts_domain_shutdown(m, id, TS_SHUT_REBOOT, 5 * SECOND, false, &err),
                     0);
    assert_int_equal(fake_timer(), 6 * SECOND);
    fake_events_seen();
    fake_set_time(6 * SECOND);
    ts_manager_timer(m);
    assert_string_equal(fake_events_seen(), "timeout d\n");
    assert_int_equal(fake_timer(), 0);
    assert_int_equal(ts_domain_shutdown(m, id, TS_SHUT_HALT, SECOND, true, &err), 0);
    fake_set_time(8 * SECOND);
    ts_manager_timer(m);
    assert_string_equal(fake_events_seen(), "timeout d\ndestroyed d\n");
    assert_int_equal(fake_nr_domains(), 0);
    id = create(&c);
    assert_int_equal(ts_domain_shutdown(m, id, TS_SHUT_POWEROFF, SECOND, true, &err), 0);
    fake_domain_ends(id, SHUTDOWN_poweroff);
    ts_manager_domains_changed(m);
    assert_int_equal(fake_timer(), 0);
    assert_int_equal(fake_nr_domains(), 0);
}

static void preserved_domain(void **state)
{
    struct ts_config c = config_of("d");
    domid_t id;

    (void)state;
    c.on_poweroff = TS_PRESERVE;
    id = create(&c);
    fake_domain_ends(id, SHUTDOWN_poweroff);
    ts_manager_domains_changed(m);
    expect_refusal(ts_domain_shutdown(m, id, TS_SHUT_POWEROFF, 0, false, &err),
                   -XEN_EINVAL, "has ended already");
    assert_non_null(node(id, "name"));
    assert_int_not_equal(ts_console_port(fake_consoles(), id), 0);
    assert_string_equal(ts_shutdown_text(ts_domain_by_id(m, id)->ended_with), "poweroff");
}

static void destroyed_by_others(void **state)
{
    struct ts_config c = config_of("d");
    domid_t id = create(&c);
    struct ts_hv *hv = fake_hv();

    (void)state;
    fake_events_seen();
    assert_int_equal(hv->ops->domain_destroy(hv, id), 0);
    assert_false(ts_manager_domains_changed(m));
    assert_string_equal(fake_events_seen(), "destroyed d\n");
    assert_null(node(id, ""));
    assert_int_equal(fake_nr_maps(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(create_and_destroy, start, stop),
        cmocka_unit_test_setup_teardown(bad_configurations, start, stop),
        cmocka_unit_test_setup_teardown(vcpus_are_pinned, start, stop),
        cmocka_unit_test_setup_teardown(every_step_of_creating_fails, start, stop),
        cmocka_unit_test_setup_teardown(conflicting_transactions, start, stop),
        cmocka_unit_test_setup_teardown(many_domains, start, stop),
        cmocka_unit_test_setup_teardown(finding, start, stop),
        cmocka_unit_test_setup_teardown(pauses_are_counted, start, stop),
        cmocka_unit_test_setup_teardown(renaming, start, stop),
        cmocka_unit_test_setup_teardown(limits, start, stop),
        cmocka_unit_test_setup_teardown(ends_by_itself, start, stop),
        cmocka_unit_test_setup_teardown(restarted_domain_is_the_same, start, stop),
        cmocka_unit_test_setup_teardown(every_step_of_restarting_fails, start, stop),
        cmocka_unit_test_setup_teardown(cores_are_waited_for, start, stop),
        cmocka_unit_test_setup_teardown(one_with_a_core_is_destroyed_or_reset, start,
                                        stop),
        cmocka_unit_test_setup_teardown(made_to_crash, start, stop),
        cmocka_unit_test_setup_teardown(every_step_of_a_reset_fails, start, stop),
        cmocka_unit_test_setup_teardown(restart_loop_is_broken, start, stop),
        cmocka_unit_test_setup_teardown(crash_loop_is_broken, start, stop),
        cmocka_unit_test_setup_teardown(many_end_at_once, start, stop),
        cmocka_unit_test_setup_teardown(asked_to_shut_down, start, stop),
        cmocka_unit_test_setup_teardown(preserved_domain, start, stop),
        cmocka_unit_test_setup_teardown(destroyed_by_others, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
