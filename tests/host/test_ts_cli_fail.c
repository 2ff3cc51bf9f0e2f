/* SPDX-License-Identifier: MIT */
/*
 * Commands when something fails: memory at every allocation, every call of hypervisor,
 * xenstore and files. Each ends with an exit code and one line, and nothing is left.
 */
#include "cli_user.h"
#include "test.h"
#include "ts_fake.h"

#include <stdio.h>
#include <stdlib.h>

#include <abi/sched.h>
#include <cjson/cJSON.h>

void *fake_malloc(size_t n);

static const char hello_cfg[] = "name='hello'\nkernel='kernel'\nmemory=1\nvcpus=2\n";

static const char *const commands[] = {
    "create -q hello.cfg name=new cmdline=x",
    "list",
    "list hello",
    "list -l",
    "domid hello",
    "domname 1",
    "pause hello",
    "unpause paused",
    "rename hello hi",
    "mem-max hello 4m",
    "mem-set hello 512",
    "sysrq hello s",
    "trigger hello nmi",
    "dump-core hello core",
    "dump-core -C hello core",
    "dump-core -L -R hello core",
    "cores",
    "sched-credit2",
    "sched-credit2 -d hello -w 3",
    "vcpu-list",
    "vcpu-pin hello all 0 1",
    "vcpu-set hello 1",
    "shutdown hello",
    "shutdown -aw",
    "reboot hello",
    "uptime",
    "top -b -i 2",
    "info -u -n",
    "version",
    "dmesg -c",
    "debug-keys h",
    "inspect kernel",
    "help",
    "help create",
    "complete list -",
    "destroy hello",
    "console hello",
    "-v frobnicate",
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void goes_on(uint64_t deadline_ns)
{
    const struct ts_domain *d = NULL;

    while ((d = ts_domain_next(manager, d)))
        if (d->id && d->state == TS_DOM_STOPPING)
            fake_domain_ends(d->id, SHUTDOWN_poweroff);
    while (ts_manager_domains_changed(manager))
        ;
    if (deadline_ns)
        fake_set_time(deadline_ns);
    user.input = "\x1d";
    if (user.waits > 50)
        user.interrupted = true; /* a domain that cannot be seen to have ended */
}

static void prepare(const char *line)
{
    void *state = NULL;

    user_frames = 1024;
    assert_int_equal(user_start(&state), 0);
    fake_file("hello.cfg", hello_cfg, sizeof(hello_cfg) - 1);
    if (strstr(line, "hello") || strstr(line, "1"))
        expect("create -q hello.cfg", 0, "", "");
    if (strstr(line, "dump"))
        fake_publish_list(1);
    if (strstr(line, "paused"))
        expect("create -pq hello.cfg name=paused", 0, "", "");
    user.on_wait = goes_on;
}

/* The answer is whole: a result, or one line. */
static void check(const char *line, int exit)
{
    if (exit == TS_EXIT_INTERRUPTED)
        return;
    if (exit && (!user.nr_err || user.err[user.nr_err - 1] != '\n' ||
                 strchr(user.err, '\n') != user.err + user.nr_err - 1))
        fail_msg("%s: exit %d with \"%s\"", line, exit, user.err);
    if (!exit && user.nr_err)
        fail_msg("%s: well, but \"%s\"", line, user.err);
}

static void fail_everywhere(const char *line, void (*fail_at)(unsigned long n),
                            int (*how)(const char *line))
{
    void *state = NULL;
    bool failed = true;

    for (unsigned long n = 1; failed; n++) {
        prepare(line);
        fail_at(n);
        check(line, how(line));
        failed = fake_has_failed();
        fail_at(0);
        user_stop(&state);
        assert_true(n < 5000);
    }
}

static void test_calls(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < NR_COMMANDS; i++)
        fail_everywhere(commands[i], fake_fail_at, run);
}

static void test_memory(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < NR_COMMANDS; i++)
        fail_everywhere(commands[i], fake_fail_alloc_at, run);
}

/* In JSON; cJSON's allocations fail like ours. */
static void test_memory_json(void **state)
{
    cJSON_Hooks hooks = { fake_malloc, free };

    (void)state;
    cJSON_InitHooks(&hooks);
    for (unsigned int i = 0; i < NR_COMMANDS; i++)
        fail_everywhere(commands[i], fake_fail_alloc_at, run_json_only);
    cJSON_InitHooks(NULL);
}

/* A reader that takes a few bytes at a time gets all of it. */
static void test_small_writes(void **state)
{
    static char whole[sizeof(user.out)];

    (void)state;
    prepare("");
    for (unsigned int i = 0; i < 3; i++) {
        user.write_limit = 0;
        assert_int_equal(run("help"), 0);
        memcpy(whole, user.out, user.nr_out + 1);
        user.write_limit = 1 + i;
        assert_int_equal(run("help"), 0);
        assert_string_equal(user.out, whole);
    }
    user.interrupted = true;
    assert_int_equal(run("help"), TS_EXIT_INTERRUPTED);
    assert_true(user.nr_out <= 3);
    user.interrupted = false;
    user.write_limit = 0;
    user_stop(state);
}

/* --- any words --- */

static const char *const words[] = {
    "create",
    "list",
    "console",
    "shutdown",
    "reboot",
    "destroy",
    "pause",
    "unpause",
    "rename",
    "domid",
    "domname",
    "mem-max",
    "vcpu-list",
    "vcpu-pin",
    "uptime",
    "vcpu-set",
    "top",
    "info",
    "dmesg",
    "inspect",
    "poweroff",
    "help",
    "version",
    "-w",
    "-a",
    "-l",
    "debug-keys",
    "complete",
    "-v",
    "-h",
    "--",
    "-",
    "-t",
    "1",
    "2",
    "0",
    "0.001",
    "hello",
    "hello.cfg",
    "kernel",
    "--format",
    "json",
    "text",
    "--force",
    "-F",
    "name=b",
    "name=hello",
    "memory=2",
    "vcpus=2",
    "all",
    "0-1",
    "^1",
    "99999999999999999999",
    "-c",
    "-p",
    "-q",
    "-n",
    "-b",
    "-i",
    "-d",
    "--long",
    "=",
    "--=",
    "--format=",
    "-ptx",
    "2m",
    "\xff\xfe",
    "on_reboot=preserve",
};

static unsigned int random_number(unsigned int below)
{
    static uint64_t state = 1;

    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned int)(state >> 33) % below;
}

static void test_any_words(void **state)
{
    char line[512];

    (void)state;
    prepare("hello");
    for (unsigned int round = 0; round < 20000; round++) {
        unsigned int n = 1 + random_number(5);
        int exit;

        line[0] = '\0';
        for (unsigned int i = 0; i < n; i++) {
            strcat(line, words[random_number(i ? sizeof(words) / sizeof(words[0]) : 35)]);
            strcat(line, " ");
        }
        user.waits = 0;
        user.interrupted = user.is_raw = false;
        exit = random_number(2) ? run(line) : run_json(line);
        check(line, exit);
        assert_true(exit >= 0 && (exit < TS_EXIT_CHANNEL || exit == TS_EXIT_INTERRUPTED));
    }
    user_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),       cmocka_unit_test(test_memory),
        cmocka_unit_test(test_memory_json), cmocka_unit_test(test_small_writes),
        cmocka_unit_test(test_any_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
