/* SPDX-License-Identifier: MIT */
/*
 * The commands on a model machine: what each verb does and prints, what mistakes are
 * answered with, and that JSON says the same (its schemas: test_cli_schema.py).
 */
#include "cli_user.h"
#include "test.h"
#include "ts_fake.h"

#include <stdio.h>
#include <stdlib.h>

#include <abi/sched.h>
#include <zlib.h>

#define SECOND 1000000000ull

static const char hello_cfg[] = "name='hello'\nkernel='kernel'\nmemory=1\n";

static void make_hello(void)
{
    fake_file("hello.cfg", hello_cfg, sizeof(hello_cfg) - 1);
    expect("create -q hello.cfg", 0, "", "");
}

static const char *node(domid_t id, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "/local/domain/%u/%s", id, name);
    return fake_node(path);
}

/* --- create --- */

static void test_create(void **state)
{
    (void)state;
    fake_file("hello.cfg", hello_cfg, sizeof(hello_cfg) - 1);
    expect("create hello.cfg", 0, "Domain 1 has been created: \"hello\"\n", "");
    assert_true(fake_is_running(1));
    expect("create -p hello.cfg name=second cmdline=a_b", 0,
           "Domain 2 has been created: \"second\"\n", "");
    assert_false(fake_is_running(2));
    assert_string_equal(ts_domain_by_id(manager, 2)->config->cmdline, "a_b");
    expect("create -q -f hello.cfg name=third", 0, "", "");
    expect("create kernel memory=2", 0, "Domain 4 has been created: \"kernel\"\n", "");
    assert_int_equal(ts_domain_by_id(manager, 4)->config->memory_kib, 2048);
    assert_int_equal(run_json("create hello.cfg name=fifth"), 0);
    assert_non_null(strstr(user.out, "\"name\":\t\"fifth\""));
}

static void test_create_dry(void **state)
{
    (void)state;
    fake_file("hello.cfg", hello_cfg, sizeof(hello_cfg) - 1);
    expect("create -n hello.cfg", 0, "", "");
    expect("create --dryrun hello.cfg kernel=missing", TS_EXIT_FILE, "", NULL);
    assert_int_equal(run_json("create -n hello.cfg"), 0);
    assert_int_equal(fake_nr_domains(), 0);
}

static void test_create_mistakes(void **state)
{
    static const char bad[] = "name='x'\nkernel='kernel'\nmemori=1\n";
    static const char type[] = "name='x'\nkernel='kernel'\nmemory=['a']\n";
    static const char text[] = "not a kernel at all, and long enough for its headers to "
                               "be looked at, at least a little";

    (void)state;
    make_hello();
    fake_file("bad.cfg", bad, sizeof(bad) - 1);
    fake_file("type.cfg", type, sizeof(type) - 1);
    fake_file("text", text, sizeof(text) - 1);
    expect_failure("create", TS_EXIT_USAGE, "missing");
    expect_failure("create hello.cfg word", TS_EXIT_USAGE, "\"word\" is not KEY=VALUE");
    expect_failure("create missing.cfg", TS_EXIT_FILE, "missing.cfg");
    expect_failure("create bad.cfg", TS_EXIT_CONFIG, "bad.cfg:3: unknown key \"memori\"");
    expect_failure("create type.cfg", TS_EXIT_CONFIG, "type.cfg:3");
    expect_failure("create hello.cfg", TS_EXIT_IN_USE, "\"hello\" already: number 1");
    expect_failure("create hello.cfg name=x kernel=text", TS_EXIT_KERNEL, "text");
    expect_failure("create hello.cfg name=x kernel=gone", TS_EXIT_FILE, "gone");
    expect_failure("create hello.cfg name=x ramdisk=gone", TS_EXIT_FILE, "gone");
    expect_failure("create hello.cfg name=x memory=100", TS_EXIT_MEMORY, "memory");
    expect_failure("create hello.cfg name=x vcpus=129", TS_EXIT_CONFIG, "vcpus");
    expect_failure("create hello.cfg name=x disk=['a']", TS_EXIT_CONFIG,
                   "\"disk\" is not supported yet");
    expect_failure("create hello.cfg name=x vif=['']", TS_EXIT_CONFIG, "\"vif\"");
    expect_failure("create hello.cfg name=x disk=[] kernel=gone", TS_EXIT_FILE, "gone");
    expect_failure("create nothing", TS_EXIT_MEMORY, "memory");
    expect_failure("create hello.cfg name=x kernel=nothing", TS_EXIT_MEMORY, "memory");
    assert_int_equal(fake_nr_domains(), 1);
    assert_int_equal(run_json("create bad.cfg"), TS_EXIT_CONFIG);
}

/* --- list --- */

static void test_list(void **state)
{
    static const char heading[] =
        "Name                                        ID   Mem VCPUs\tState\tTime(s)\n";
    static const char dom0[] = "Domain-0                                     0     0     "
                               "1     r-----       0.0\n";
    static const char hello[] = "hello                                        1     1    "
                                " 1     r-----       0.0\n";
    char all[512];

    (void)state;
    make_hello();
    snprintf(all, sizeof(all), "%s%s%s", heading, dom0, hello);
    expect("list", 0, all, "");
    snprintf(all, sizeof(all), "%s%s", heading, hello);
    expect("list hello", 0, all, "");
    expect("list 1", 0, all, "");
    expect_failure("list nobody", TS_EXIT_NO_DOMAIN, "there is no domain \"nobody\"");
    expect_failure("list hello 77", TS_EXIT_NO_DOMAIN, "there is no domain \"77\"");
    assert_string_equal(user.out, "");
    expect_part("list -v hello", "Reason-Code\tSecurity Label\n");
    expect_part("list -v hello", "        -                -\n");
    expect_part("list -l", "\"config\":");
    assert_int_equal(run_json("list"), 0);
    assert_int_equal(run_json("list -l"), 0);
    assert_int_equal(run_json("list nobody"), TS_EXIT_NO_DOMAIN);
    assert_non_null(strstr(user.out, "\"no-domain\""));
}

static void expect_state(const char *letters, const char *word)
{
    expect_part("list hello", letters);
    assert_int_equal(run_json("list hello"), 0);
    if (!strstr(user.out, word))
        fail_msg("no %s in %s", word, user.out);
}

static void test_states(void **state)
{
    (void)state;
    make_hello();
    expect("pause hello", 0, "", "");
    expect_state(" r-p--- ", "\"paused\"");
    expect("unpause hello", 0, "", "");
    expect_failure("unpause hello", TS_EXIT_FAILED, "not paused");
    fake_domain_ends(1, SHUTDOWN_poweroff);
    expect_state(" ---s-- ", "\"shutdown\"");
    fake_domain_ends(1, SHUTDOWN_crash);
    expect_state(" ---sc- ", "\"crashed\"");
    expect_part("list -v", "        3                -\n");
}

/* A domain that only the hypervisor knows. */
static void test_zombie(void **state)
{
    struct ts_domain_params params = { .max_vcpus = 1, .max_event_port = 10 };
    struct ts_hv *hv = fake_hv();
    domid_t id;

    (void)state;
    assert_int_equal(hv->ops->domain_create(hv, &params, &id), 0);
    expect_part("list", "\n(null)                                       1 ");
    assert_int_equal(run_json("list -l"), 0);
    assert_non_null(strstr(user.out, "\"zombie\""));
    expect_part("top -b -i 1", "(null)");
    assert_int_equal(hv->ops->domain_destroy(hv, id), 0);
}

/* --- one domain --- */

static void test_simple_verbs(void **state)
{
    static const char *const verbs[] = { "destroy", "pause",    "unpause", "domid",
                                         "console", "shutdown", "reboot" };
    char line[64];

    (void)state;
    make_hello();
    expect("domid hello", 0, "1\n", "");
    expect("domname 1", 0, "hello\n", "");
    expect_failure("domname hello", TS_EXIT_USAGE, "not a domain's number");
    expect_failure("domname 9", TS_EXIT_NO_DOMAIN, "\"9\"");
    expect("rename hello hi", 0, "", "");
    expect("domname 1", 0, "hi\n", "");
    assert_string_equal(node(1, "name"), "hi");
    expect_failure("rename hi 7", TS_EXIT_FAILED, "\"7\"");
    expect_failure("rename hi Domain-0", TS_EXIT_IN_USE, "already");
    expect_failure("rename Domain-0 x", TS_EXIT_FAILED, "domain 0");
    expect_failure("rename hi", TS_EXIT_USAGE, "rename DOMAIN NAME");
    expect_failure("rename hi a b", TS_EXIT_USAGE, "\"b\" is too much");
    for (unsigned int i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        snprintf(line, sizeof(line), "%s nobody", verbs[i]);
        expect_failure(line, TS_EXIT_NO_DOMAIN, "there is no domain \"nobody\"");
    }
    expect_failure("destroy 0", TS_EXIT_FAILED, "domain 0 cannot be destroyed");
    expect("destroy hi", 0, "", "");
    expect_failure("destroy hi", TS_EXIT_NO_DOMAIN, "hi");
}

static void test_simple_verbs_json(void **state)
{
    static const char *const lines[] = {
        "pause hello",       "unpause hello",   "domid hello",
        "domname 1",         "rename hello hi", "mem-max hi 2m",
        "vcpu-pin hi 0 1 -", "vcpu-set hi 1",   "destroy hi",
    };

    (void)state;
    make_hello();
    for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        int exit = run_json(lines[i]);

        if (exit)
            fail_msg("%s: %d: %s", lines[i], exit, user.err);
        assert_string_equal(user.err, "");
    }
    assert_string_equal(user.out, "{\n\t\"domain\":\tnull\n}\n");
}

static void test_mem_max(void **state)
{
    struct ts_domain_info info;

    (void)state;
    make_hello();
    expect("mem-max hello 2m", 0, "", "");
    assert_int_equal(fake_hv()->ops->domain_info(fake_hv(), 1, &info), 0);
    assert_int_equal(info.max_pages, 512);
    assert_string_equal(node(1, "memory/static-max"), "2048");
    expect("mem-max hello 1536", 0, "", "");
    assert_string_equal(node(1, "memory/static-max"), "1536");
    expect("mem-max hello 2097152b", 0, "", "");
    assert_string_equal(node(1, "memory/static-max"), "2048");
    expect("mem-max hello 1G", 0, "", "");
    expect_failure("mem-max hello 10", TS_EXIT_FAILED, "no limit below that");
    expect_failure("mem-max hello 1x", TS_EXIT_USAGE, "\"1x\" is not a size");
    expect_failure("mem-max hello m", TS_EXIT_USAGE, "\"m\" is not a size");
    expect_failure("mem-max hello -1", TS_EXIT_USAGE, "there is no option \"-1\"");
    expect_failure("mem-max hello 99999999999999999999", TS_EXIT_USAGE, "not a size");
    expect_failure("mem-max 0 1g", TS_EXIT_FAILED, "domain 0");
}

static void test_mem_set(void **state)
{
    (void)state;
    make_hello();
    expect("mem-max hello 4m", 0, "", "");
    expect("mem-set hello 3m", 0, "", "");
    assert_string_equal(node(1, "memory/target"), "3072");
    assert_int_equal(run_json("mem-set hello 512"), 0);
    assert_string_equal(node(1, "memory/target"), "512");
    expect_failure("mem-set hello 5m", TS_EXIT_FAILED, "up to 4096 KiB");
    expect_failure("mem-set hello 0", TS_EXIT_FAILED, "not 0");
    expect_failure("mem-set hello all", TS_EXIT_USAGE, "not a size");
    expect_failure("mem-set 0 1m", TS_EXIT_FAILED, "domain 0");
}

static void test_sysrq(void **state)
{
    (void)state;
    make_hello();
    expect("sysrq hello s", 0, "", "");
    assert_string_equal(node(1, "control/sysrq"), "s");
    assert_int_equal(run_json("sysrq hello 9"), 0);
    expect_failure("sysrq hello so", TS_EXIT_USAGE, "not one letter");
    expect_failure("sysrq hello /", TS_EXIT_FAILED, "letter or digit");
    expect_failure("sysrq 0 s", TS_EXIT_FAILED, "domain 0");
}

static void test_trigger(void **state)
{
    (void)state;
    make_hello();
    expect("trigger hello nmi", 0, "", "");
    assert_int_equal(fake_nmis(1), 1);
    assert_int_equal(run_json("trigger hello nmi 0"), 0);
    expect_failure("trigger hello nmi 1", TS_EXIT_FAILED, "no vCPU 1");
    expect_failure("trigger hello nmi x", TS_EXIT_USAGE, "\"x\" is not a vCPU");
    expect_failure("trigger hello power", TS_EXIT_USAGE, "only nmi");
    expect_failure("trigger 0 nmi", TS_EXIT_FAILED, "domain 0");
}

static void no_news(uint64_t deadline_ns)
{
    (void)deadline_ns;
}

/* On its way: the domain that "cores -w" waits for. */
static void crashes(uint64_t deadline_ns)
{
    (void)deadline_ns;
    if (user.waits == 3)
        fake_domain_ends(1, SHUTDOWN_crash);
    ts_manager_domains_changed(manager);
}

static void test_cores(void **state)
{
    (void)state;
    expect("create -q hello.cfg on_crash=coredump-restart", 0, "", "");
    expect("cores", 0, "", "");
    expect_failure("cores -d hello", TS_EXIT_FAILED, "not kept for its core");
    user.on_wait = crashes;
    expect_part("cores -w", "    1  hello");
    assert_true(user.has_woken);
    assert_int_equal(run_json("cores -w"), 0);
    expect_part("list -l", "\"life\":\t\"core\"");
    expect_failure("cores hello", TS_EXIT_USAGE, "-d or -k");
    expect_failure("cores -d", TS_EXIT_USAGE, "missing");
    expect_failure("cores -d -k hello", TS_EXIT_USAGE, "different");
    expect_failure("cores -d nobody", TS_EXIT_NO_DOMAIN, "nobody");
    expect_failure("dump-core -C hello core", TS_EXIT_FAILED, "ended already");
    expect("cores -d hello", 0, "", "");
    expect_part("domid hello", "2");
    fake_domain_ends(2, SHUTDOWN_crash);
    ts_manager_domains_changed(manager);
    assert_int_equal(run_json("cores -k hello"), 0);
    expect_part("list -l", "\"life\":\t\"preserved\"");
    expect("cores", 0, "", "");
    user.interrupted = true;
    assert_int_equal(run("cores -w"), TS_EXIT_INTERRUPTED);
}

static void test_dump_core(void **state)
{
    static const char *const help[] = { "dump-core", "-h", "1", "x" };
    static const char *const json[] = { "--format", "json", "dump-core", "1", "x" };

    (void)state;
    make_hello();
    user.on_wait = no_news;
    expect_failure("dump-core hello core", TS_EXIT_FAILED, "not said (yet) where");
    assert_int_equal(user.nr_saved, 0);
    fake_publish_list(1);
    expect("dump-core hello core", 0, "", "");
    assert_memory_equal(user.saved,
                        "\x7f"
                        "ELF",
                        4);
    user.is_terminal = true;
    expect("dump-core hello core", 0, "", NULL);
    assert_non_null(strstr(user.err, "\rwriting the core: "));
    assert_string_equal(strrchr(user.err, '\r'), "\r\033[K");
    user.is_terminal = false;
    assert_int_equal(run_json("dump-core 1 core"), 0);
    assert_non_null(strstr(user.out, "\"pages\":\t256,"));
    expect_failure("dump-core hello nowhere", TS_EXIT_FILE, "cannot be written");
    user.disk_limit = 20000;
    expect_failure("dump-core hello core", TS_EXIT_MEMORY, "disk is full");
    assert_int_equal(user.nr_saved, 0);
    user.disk_limit = 0;
    expect_failure("dump-core -C -R hello core", TS_EXIT_USAGE, "not both");
    expect("dump-core -R hello core", 0, "", "");
    expect_failure("dump-core hello core", TS_EXIT_FAILED, "not said (yet) where");
    fake_publish_list(2);
    expect("dump-core -L -C hello core", 0, "", "");
    ts_manager_domains_changed(manager);
    expect_failure("dump-core hello core", TS_EXIT_NO_DOMAIN, "hello");
    expect_failure("dump-core 0 core", TS_EXIT_FAILED, "domain 0");
    expect_failure("dump-core nobody core", TS_EXIT_NO_DOMAIN, "nobody");
    assert_null(ts_cli_saves(4, help));
    assert_null(ts_cli_saves(4, json));
    assert_string_equal(ts_cli_saves(5, json), "x");
}

static void test_sched(void **state)
{
    static const char heading[] = "Name                                ID Weight  Cap\n";
    char rows[256];

    (void)state;
    fake_file("hello.cfg", hello_cfg, sizeof(hello_cfg) - 1);
    expect("create -q hello.cfg cap=50", 0, "", "");
    snprintf(rows, sizeof(rows),
             "%sDomain-0                             0    256    0\n"
             "hello                                1    256   50\n",
             heading);
    expect("sched-credit2", 0, rows, "");
    expect("sched-credit2 -d hello -w 512", 0, "", "");
    expect("sched-credit2 -d 1 --cap=0", 0, "", "");
    snprintf(rows, sizeof(rows), "%shello                                1    512    0\n",
             heading);
    expect("sched-credit2 -d hello", 0, rows, "");
    assert_int_equal(ts_domain_by_id(manager, 1)->config->sched.weight, 512);
    expect("sched-credit2 -d 0 -w 1000", 0, "", "");
    assert_int_equal(run_json("sched-credit2"), 0);
    assert_int_equal(run_json("sched-credit2 -d hello -c 20"), 0);
    expect_failure("sched-credit2 -w 512", TS_EXIT_USAGE, "-d DOMAIN");
    expect_failure("sched-credit2 -d hello -w 0", TS_EXIT_USAGE, "from 1 to 65535");
    expect_failure("sched-credit2 -d hello -c 65536", TS_EXIT_USAGE, "from 0 to 65535");
    expect_failure("sched-credit2 -d nobody", TS_EXIT_NO_DOMAIN, "nobody");
}

/* --- vCPUs --- */

static void test_vcpus(void **state)
{
    static const char rows[] =
        "Name                                ID  VCPU   CPU State   Time(s) Affinity "
        "(Hard / "
        "Soft)\n"
        "smp                                  1     0    0   ---       0.0  1 / all\n"
        "smp                                  1     1    1   ---       0.0  all / 0\n";

    (void)state;
    fake_file("hello.cfg", hello_cfg, sizeof(hello_cfg) - 1);
    expect("create -q hello.cfg name=smp vcpus=2", 0, "", "");
    expect("vcpu-pin smp 0 1", 0, "", "");
    expect("vcpu-pin -f smp 1 - 0", 0, "", "");
    expect("vcpu-list smp", 0, rows, "");
    expect_part("vcpu-list", "\nDomain-0                             0     0    0   ---");
    expect("vcpu-pin smp all all all", 0, "", "");
    expect_part("vcpu-list 1", "  all / all\n");
    assert_int_equal(run_json("vcpu-list"), 0);
    expect_failure("vcpu-pin smp 5 1", TS_EXIT_FAILED, "no vCPU 5");
    expect_failure("vcpu-pin smp x 1", TS_EXIT_USAGE, "neither a vCPU nor");
    expect_failure("vcpu-pin smp 0 x", TS_EXIT_USAGE, "\"x\" names no CPUs");
    expect_failure("vcpu-pin smp 0 - -", TS_EXIT_USAGE, "nothing");
    expect_failure("vcpu-list smp nobody", TS_EXIT_NO_DOMAIN, "nobody");
    expect("vcpu-set smp 1", 0, "", "");
    assert_string_equal(node(1, "cpu/1/availability"), "offline");
    expect_failure("vcpu-set smp 3", TS_EXIT_USAGE, "-i does it still");
    expect_failure("vcpu-set -i smp 3", TS_EXIT_FAILED, "1 to 2 vCPUs, not 3");
    expect_failure("vcpu-set smp 0", TS_EXIT_FAILED, "not 0");
    expect_failure("vcpu-set smp two", TS_EXIT_USAGE, "\"two\"");
}

/* --- ending domains --- */

static void everything_ends(uint64_t deadline_ns)
{
    const struct ts_domain *d = NULL;

    (void)deadline_ns;
    while ((d = ts_domain_next(manager, d)))
        if (d->id)
            fake_domain_ends(d->id, SHUTDOWN_poweroff);
    while (ts_manager_domains_changed(manager))
        ;
}

static void everything_reboots(uint64_t deadline_ns)
{
    const struct ts_domain *d = NULL;

    (void)deadline_ns;
    while ((d = ts_domain_next(manager, d)))
        if (d->id)
            fake_domain_ends(d->id, SHUTDOWN_reboot);
    while (ts_manager_domains_changed(manager))
        ;
}

static void time_is_over(uint64_t deadline_ns)
{
    (void)deadline_ns;
    assert_int_not_equal(fake_timer(), 0);
    fake_set_time(fake_timer());
    ts_manager_timer(manager);
}

static void test_shutdown(void **state)
{
    (void)state;
    make_hello();
    expect("shutdown hello", 0, "Shutting down domain 1\n", "");
    assert_string_equal(node(1, "control/shutdown"), "poweroff");
    expect("pause hello", 0, "", "");
    expect_part("shutdown hello", "Domain 1 is paused: it will not notice");
    user.on_wait = everything_ends;
    expect("unpause hello", 0, "", "");
    expect("shutdown -w hello", 0,
           "Shutting down domain 1\nDomain 1 has been shut down, reason code 0\n", "");
    assert_int_equal(fake_nr_domains(), 0);
    expect_failure("shutdown", TS_EXIT_USAGE, "or -a for all");
    expect_failure("shutdown -a hello", TS_EXIT_USAGE, "not both");
    expect_failure("shutdown 0", TS_EXIT_FAILED, "domain 0 cannot be shut down");
    expect("shutdown -a -w", 0, "", "");
}

static void test_shutdown_all(void **state)
{
    (void)state;
    make_hello();
    expect("create -q hello.cfg name=b on_poweroff=preserve", 0, "", "");
    expect("create -q hello.cfg name=c on_poweroff=restart", 0, "", "");
    user.on_wait = everything_ends;
    expect("shutdown -aw", 0, NULL, "");
    assert_int_equal(fake_nr_domains(), 2);
    expect_failure("shutdown b", TS_EXIT_FAILED, "ended already");
    expect("destroy b", 0, "", "");
    expect("shutdown -ww c", 0, NULL, "");
    assert_non_null(strstr(user.out, "\"c\" has been started again: number"));
    assert_int_equal(run_json("shutdown -aw"), 0);
    assert_non_null(strstr(user.out, "\"restarted\""));
    assert_int_equal(run_json("shutdown c"), 0);
    assert_non_null(strstr(user.out, "\"asked\""));
}

static void test_reboot(void **state)
{
    (void)state;
    make_hello();
    user.on_wait = everything_reboots;
    expect("reboot -w hello", 0,
           "Rebooting domain 1\nDomain \"hello\" has been started again: number 2\n", "");
    assert_int_equal(run_json("reboot -w hello"), 0);
    assert_non_null(strstr(user.out, "\"restarted\""));
    expect("create -q hello.cfg name=keep on_reboot=rename-restart", 0, "", "");
    expect("reboot -w keep", 0, NULL, "");
    assert_non_null(strstr(user.out, "\"keep\" has been started again"));
    assert_non_null(ts_domain_by_name(manager, "keep-1"));
    expect("create -q hello.cfg name=once on_reboot=destroy", 0, "", "");
    expect("reboot --wait once", 0, NULL, "");
    assert_null(ts_domain_by_name(manager, "once"));
}

/* It cannot be started again: its kernel is gone. */
static void test_reboot_fails(void **state)
{
    size_t size;
    const void *kernel = fake_kernel(&size);

    (void)state;
    fake_file("fragile", kernel, size);
    expect("create -q fragile memory=1", 0, "", "");
    fake_file("fragile", kernel, 100);
    user.on_wait = everything_reboots;
    expect_failure("reboot -w fragile", TS_EXIT_FAILED, "has not been started again");
}

static void test_too_late(void **state)
{
    (void)state;
    make_hello();
    user.on_wait = time_is_over;
    expect_failure("shutdown -w -t 2.5 hello", TS_EXIT_TIMEOUT, "not shut down in time");
    expect("shutdown -w -t 1 --force hello", 0, NULL, "");
    assert_non_null(strstr(user.out, "has been destroyed"));
    expect_failure("shutdown -t 0 x", TS_EXIT_USAGE, "\"0\" is not a number of seconds");
    expect_failure("shutdown -t 1s x", TS_EXIT_USAGE, "\"1s\"");
    expect_failure("shutdown -t", TS_EXIT_USAGE, "a value is missing");
}

static void interrupt(uint64_t deadline_ns)
{
    (void)deadline_ns;
    user.interrupted = true;
}

static void test_shutdown_interrupted(void **state)
{
    (void)state;
    make_hello();
    user.on_wait = interrupt;
    expect("shutdown -w hello", TS_EXIT_INTERRUPTED, "Shutting down domain 1\n", "");
    everything_ends(0); /* nobody waits for it any more */
}

static void test_poweroff(void **state)
{
    (void)state;
    make_hello();
    user.on_wait = time_is_over;
    expect_failure("poweroff", TS_EXIT_TIMEOUT, "-F ends it all the same");
    assert_false(machine_ended);
    expect("poweroff -F -t 3", 0, NULL, "");
    assert_true(machine_ended && !machine_rebooted);
    assert_int_equal(run_json("poweroff -r"), 0);
    assert_true(machine_rebooted);
}

/* --- the machine --- */

static void test_machine(void **state)
{
    (void)state;
    expect_part("info", "host                   : pavise\n");
    expect_part("info", "cpu_mhz                : 1000.000\n");
    expect_part("info", "total_memory           : 16\n");
    expect_part("info", "xen_version            : 4.17-pavise\n");
    expect_part("info", "xen_scheduler          : credit2\n");
    expect_part("info -n", "numa_info");
    expect_part("info -u", "xenstore_nodes         : 6\n");
    expect("version", 0, "4.17-pavise\n", "");
    expect("--version", 0, "4.17-pavise\n", "");
    expect("dmesg", 0, "(pavise) a line\n", "");
    expect("dmesg -c", 0, "(pavise) a line\n", "");
    expect("debug-keys hd", 0, "", "");
    expect_failure("debug-keys", TS_EXIT_USAGE, "debug-keys KEYS");
    assert_int_equal(run_json("info"), 0);
    assert_int_equal(run_json("version"), 0);
    assert_int_equal(run_json("dmesg"), 0);
    assert_int_equal(run_json("debug-keys h"), 0);
}

static void test_uptime(void **state)
{
    (void)state;
    make_hello();
    fake_set_time(fake_hv()->ops->system_time(fake_hv()) + 93784 * SECOND);
    expect("uptime hello", 0,
           "Name                                ID Uptime\n"
           "hello                                1 1 day,  2:03:04\n",
           "");
    expect_part("uptime -s 1", " up 1 day,  2:03, hello (1)\n");
    expect_part("uptime", "\nDomain-0                             0 1 day,  2:03:05\n");
    expect_failure("uptime nobody", TS_EXIT_NO_DOMAIN, "nobody");
    assert_int_equal(run_json("uptime"), 0);
}

static void time_passes(uint64_t deadline_ns)
{
    assert_int_not_equal(deadline_ns, 0);
    fake_set_time(deadline_ns);
}

static void test_top(void **state)
{
    static const char heading[] =
        "      NAME  STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  "
        "MAXMEM(k) MAXMEM(%) VCPUS\n";
    static const char hello[] =
        "     hello -----r          0    0.0       1024    6.2       "
        "1024       6.2     1\n";
    const char *second;

    (void)state;
    make_hello();
    user.on_wait = time_passes;
    expect_part("top -b -i 2 -d 0.5", heading);
    assert_non_null(strstr(user.out, hello));
    second = strstr(user.out + 1, heading);
    assert_non_null(second);
    assert_null(strstr(second + 1, heading));
    assert_int_equal(run_json("top -i 2"), 0);
    user.is_terminal = true;
    user.input = "q";
    expect_part("top", "\033[H\033[2J2 domains\r\n");
    assert_true(user.was_raw);
    user.on_wait = interrupt;
    expect("top -b", TS_EXIT_INTERRUPTED, NULL, "");
    expect_failure("top -i x", TS_EXIT_USAGE, "rounds");
    expect_failure("top -d 0", TS_EXIT_USAGE, "seconds");
}

static void test_inspect(void **state)
{
    (void)state;
    expect_part("inspect kernel", "runs as a PV guest");
    expect_part("inspect kernel", "  GUEST_OS             \"fake\"\n");
    fake_file("text", "nonsense", 8);
    expect_failure("inspect text", TS_EXIT_KERNEL, "text ");
    expect_failure("inspect gone", TS_EXIT_FILE, "gone cannot be read");
    assert_int_equal(run_json("inspect kernel"), 0);
    assert_int_equal(run_json("inspect text"), TS_EXIT_KERNEL);
    assert_non_null(strstr(user.out, "\"runs\":\tfalse"));
    assert_int_equal(run_json("inspect gone"), TS_EXIT_FILE);
}

/* --- packed kernels --- */

static uint8_t packed[1 << 16];

static void pack_kernel(void)
{
    size_t size;
    const void *kernel = fake_kernel(&size);
    z_stream z = { .next_in = (void *)kernel, .avail_in = (uInt)size };

    z.next_out = packed;
    z.avail_out = sizeof(packed);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY),
                     Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    fake_file("packed.gz", packed, z.total_out);
}

static void test_packed(void **state)
{
    (void)state;
    pack_kernel();
    expect_part("inspect packed.gz", "  packed by gzip, ");
    assert_int_equal(run_json("inspect packed.gz"), 0);
    expect("create -q packed.gz memory=1", 0, "", "");
    assert_non_null(ts_domain_by_name(manager, "packed"));
    make_hello();
    expect("create hello.cfg kernel=packed.gz name=p", 0, NULL, "");
    user.is_terminal = true;
    expect("create -q hello.cfg kernel=packed.gz name=q", 0, "", NULL);
}

/* --- words --- */

static void test_words(void **state)
{
    (void)state;
    make_hello();
    expect_failure("lsit", TS_EXIT_USAGE,
                   "there is no verb \"lsit\"; is \"list\" meant?\n");
    expect_failure("detsroy x", TS_EXIT_USAGE, "is \"destroy\" meant?");
    expect_failure("upwrad", TS_EXIT_USAGE, "is \"upward\" meant?");
    expect_failure("frobnicate", TS_EXIT_USAGE, "there is no verb \"frobnicate\"");
    expect_failure("averyveryveryverylongverbthatisnone", TS_EXIT_USAGE, "no verb");
    expect_failure("list -x", TS_EXIT_USAGE, "there is no option \"-x\"");
    expect_failure("list --xyz=1", TS_EXIT_USAGE, "there is no option \"--xyz\"");
    expect_failure("list --long=1", TS_EXIT_USAGE, "no value can be given");
    expect_failure("list --format", TS_EXIT_USAGE, "a value is missing");
    expect_failure("list --format yaml", TS_EXIT_USAGE, "no format \"yaml\"");
    expect_failure("--format yaml list", TS_EXIT_USAGE, "no format \"yaml\"");
    expect_failure("-x list", TS_EXIT_USAGE, "there is no option \"-x\"");
    expect_failure("info word", TS_EXIT_USAGE, "\"word\" is too much: info;");
    expect_failure("-v list nobody", TS_EXIT_NO_DOMAIN, "(error -3)");
    expect_failure("list \x1b[2J", TS_EXIT_NO_DOMAIN, "\"?[2J\"");
    expect_part("list --format=text -- hello", "hello");
    expect_part("list --format json hello", "\"hello\"");
    expect_part("domid -- hello", "1");
}

static void test_help(void **state)
{
    (void)state;
    expect_part("help", "\nlist           domains and how they are\n");
    expect_part("help", "\nupward         go up\n");
    expect_part("", "\nlist           domains");
    expect_part("--help", "\nlist           domains");
    assert_null(strstr(user.out, "complete"));
    expect_part("help shutdown", "usage: shutdown [OPTION...] DOMAIN|-a\n");
    expect_part("shutdown -h", "  -t, --timeout SECONDS      how long it has");
    expect_part("shutdown --help --force", "      --force ");
    expect_part("help upward", "usage: upward");
    expect_failure("help frob", TS_EXIT_USAGE, "no verb \"frob\"");
    assert_int_equal(run_json("help"), 0);
    assert_int_equal(run_json("help create"), 0);
    assert_int_equal(run_json("help upward"), 0);
}

static void test_place(void **state)
{
    static const struct {
        const char *words[3];
        enum ts_cli_place place;
    } cases[] = {
        { { "list" }, TS_PLACE_MACHINE },       { { "list", "-h" }, TS_PLACE_HERE },
        { { "list", "-x" }, TS_PLACE_HERE },    { { "help" }, TS_PLACE_HERE },
        { { "-v", "list" }, TS_PLACE_MACHINE }, { { "upward" }, TS_PLACE_UNKNOWN },
        { { "inspect", "x" }, TS_PLACE_HERE },  { { "rename", "x" }, TS_PLACE_HERE },
        { { "--version" }, TS_PLACE_MACHINE },  { { "-h", "list" }, TS_PLACE_HERE },
    };

    (void)state;
    for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(ts_cli_place(cases[i].words[1] ? 2 : 1, cases[i].words),
                         cases[i].place);
    assert_int_equal(ts_cli_place(0, NULL), TS_PLACE_HERE);
}

static void test_without_machine(void **state)
{
    struct ts_cli_env env = { .load = fake_load, .unload = fake_unload };
    struct ts_cli *whole = cli;

    (void)state;
    cli = ts_cli_create(&env);
    expect_failure("list", TS_EXIT_CHANNEL, "needs a machine");
    expect_part("help", "list");
    expect_part("inspect kernel", "runs");
    expect_part("complete li", "list\n");
    expect("complete console ", 0, NULL, "");
    ts_cli_destroy(cli);
    cli = whole;
}

/* --- completion --- */

static char offered[4096];

static void offer(void *to, const char *word)
{
    assert_ptr_equal(to, offered);
    strcat(strcat(offered, word), " ");
}

static const char *complete(const char *a, const char *b, const char *c, const char *d)
{
    const char *words[] = { a, b, c, d };
    int n = 0;

    while (n < 4 && words[n])
        n++;
    offered[0] = '\0';
    ts_cli_complete(cli, n, words, offer, offered);
    return offered;
}

static void test_complete(void **state)
{
    (void)state;
    make_hello();
    assert_string_equal(complete("pa", NULL, NULL, NULL), "pause ");
    assert_non_null(strstr(complete("", NULL, NULL, NULL), "create list console "));
    assert_null(strstr(offered, "complete"));
    assert_string_equal(complete("upw", NULL, NULL, NULL), "upward ");
    assert_string_equal(complete("console", "", NULL, NULL), "Domain-0 hello ");
    assert_string_equal(complete("console", "h", NULL, NULL), "hello ");
    assert_string_equal(complete("console", "hello", "", NULL), "");
    assert_string_equal(complete("list", "-v", "hello", "D"), "Domain-0 ");
    assert_string_equal(complete("create", "hel", NULL, NULL), "hello.cfg hello.elf ");
    assert_string_equal(complete("create", "-f", "k", NULL), "kernel ");
    assert_string_equal(complete("create", "-pf", "k", NULL), "kernel ");
    assert_string_equal(complete("--format", "", NULL, NULL), "json text ");
    assert_string_equal(complete("--format", "json", "unp", NULL), "unpause ");
    assert_string_equal(complete("list", "--format", "j", NULL), "json ");
    assert_string_equal(complete("list", "-", NULL, NULL),
                        "--long --verbose --format --help ");
    assert_string_equal(complete("--v", NULL, NULL, NULL), "--verbose --version ");
    assert_string_equal(complete("help", "poweroff", NULL, NULL), "poweroff ");
    assert_string_equal(complete("vcpu-pin", "hello", "a", NULL), "all ");
    assert_string_equal(complete("nonsense", "", NULL, NULL), "");
    expect("complete pau", 0, "pause\n", "");
    expect("complete list --l", 0, "--long\n", "");
    assert_int_equal(run_json("complete pau"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, user_start, user_stop)
    const struct CMUnitTest tests[] = {
        TEST(test_create),          TEST(test_create_dry),
        TEST(test_create_mistakes), TEST(test_list),
        TEST(test_states),          TEST(test_zombie),
        TEST(test_simple_verbs),    TEST(test_simple_verbs_json),
        TEST(test_mem_max),         TEST(test_mem_set),
        TEST(test_sysrq),           TEST(test_trigger),
        TEST(test_cores),           TEST(test_dump_core),
        TEST(test_sched),           TEST(test_vcpus),
        TEST(test_shutdown),        TEST(test_shutdown_all),
        TEST(test_reboot),          TEST(test_reboot_fails),
        TEST(test_too_late),        TEST(test_shutdown_interrupted),
        TEST(test_poweroff),        TEST(test_machine),
        TEST(test_uptime),          TEST(test_top),
        TEST(test_inspect),         TEST(test_packed),
        TEST(test_words),           TEST(test_help),
        TEST(test_place),           TEST(test_without_machine),
        TEST(test_complete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
