/* SPDX-License-Identifier: MIT */
/* `console` and `create -c`: what goes to and fro, and how it ends. */
#include "cli_user.h"
#include "test.h"
#include "ts_fake.h"

#include <stdio.h>

#include <abi/io/console.h>
#include <abi/sched.h>

static const char hello_cfg[] = "name='hello'\nkernel='kernel'\nmemory=1\n";

static int start(void **state)
{
    int rc = user_start(state);

    fake_file("hello.cfg", hello_cfg, sizeof(hello_cfg) - 1);
    expect("create -q hello.cfg", 0, "", "");
    return rc;
}

static struct xencons_interface *ring(domid_t id)
{
    return fake_frame(ts_domain_by_id(manager, id)->console_mfn);
}

/* The domain prints, and tells. */
static void print_bytes(domid_t id, const char *text, size_t n)
{
    struct xencons_interface *r = ring(id);

    for (size_t i = 0; i < n; i++)
        r->out[r->out_prod++ % sizeof(r->out)] = text[i];
    ts_consoles_event(fake_consoles(), ts_console_port(fake_consoles(), id));
}

static void print(domid_t id, const char *text)
{
    print_bytes(id, text, strlen(text));
}

/* What the domain was typed so far; it has read it then. */
static const char *typed(domid_t id)
{
    static char text[1 << 16];
    struct xencons_interface *r = ring(id);
    size_t n = 0;

    while (r->in_cons != r->in_prod)
        text[n++] = r->in[r->in_cons++ % sizeof(r->in)];
    text[n] = '\0';
    ts_consoles_event(fake_consoles(), ts_console_port(fake_consoles(), id));
    return text;
}

/* --- what happens while the command waits, one step each time --- */

static void (*const *steps)(void);

static void next_step(uint64_t deadline_ns)
{
    assert_int_equal(deadline_ns, 0);
    assert_non_null(*steps);
    (*steps++)();
}

static void run_steps(void (*const *those)(void))
{
    steps = those;
    user.on_wait = next_step;
}

static void prints_two(void)
{
    assert_true(user.is_raw);
    print(1, "two\n");
    assert_true(user.has_woken);
}

static void types_ls(void)
{
    user.input = "ls\n";
}

static void has_ls(void)
{
    assert_string_equal(typed(1), "ls\n");
    user.input = "x\x1d"
                 "lost";
}

static void test_dialogue(void **state)
{
    static void (*const those[])(void) = { prints_two, types_ls, has_ls, NULL };

    (void)state;
    print(1, "one\n");
    run_steps(those);
    expect("console hello", 0, "one\ntwo\n", "");
    assert_string_equal(typed(1), "x"); /* before ^] */
    assert_null(*steps);
    print(1, "nobody looks\n");
}

static void test_banner(void **state)
{
    (void)state;
    user.is_terminal = true;
    user.input = "\x1d";
    expect("console -t pv -n 0 hello", 0, "The console of domain 1; ^] leaves it.\r\n\n",
           "");
    expect_failure("console -t serial hello", TS_EXIT_USAGE, "only pv");
    expect_failure("console -n 1 hello", TS_EXIT_USAGE, "number 0");
    expect_failure("console 0", TS_EXIT_NO_DOMAIN,
                   "the console of domain 0 cannot be joined");
}

static void ends(void)
{
    print(1, "bye\n");
    fake_domain_ends(1, SHUTDOWN_poweroff);
    assert_false(ts_manager_domains_changed(manager));
}

static void test_domain_ends(void **state)
{
    static void (*const those[])(void) = { ends, NULL };

    (void)state;
    run_steps(those);
    expect("console hello", 0, "bye\n", "");
    expect_failure("console hello", TS_EXIT_NO_DOMAIN, "hello");
}

/* Its last words are in the ring when it has ended already. */
static void ends_and_is_kept(void)
{
    const struct ts_domain *d = ts_domain_by_name(manager, "kept");
    struct xencons_interface *r = ring(d->id);

    memcpy(r->out, "end", 3);
    r->out_prod = 3;
    fake_domain_ends(d->id, SHUTDOWN_poweroff);
    assert_false(ts_manager_domains_changed(manager));
    assert_int_equal(d->state, TS_DOM_PRESERVED);
}

static void test_domain_is_kept(void **state)
{
    static void (*const those[])(void) = { ends_and_is_kept, NULL };

    (void)state;
    expect("create -q hello.cfg name=kept on_poweroff=preserve", 0, "", "");
    run_steps(those);
    expect("console kept", 0, "end", "");
    user.on_wait = NULL;
    expect("console kept", 0, "end", "");
}

static void is_destroyed(void)
{
    assert_int_equal(ts_domain_destroy(manager, 1, NULL), 0);
}

static void test_domain_is_destroyed(void **state)
{
    static void (*const those[])(void) = { is_destroyed, NULL };

    (void)state;
    print(1, "cut");
    run_steps(those);
    expect("console hello", 0, "cut", "");
}

static void interrupts(void)
{
    user.interrupted = true;
}

static void test_interrupt(void **state)
{
    static void (*const those[])(void) = { interrupts, NULL };

    (void)state;
    run_steps(those);
    expect("console hello", TS_EXIT_INTERRUPTED, "", "");
}

/* Without input there is output still. */
static void test_input_over(void **state)
{
    static void (*const those[])(void) = { prints_two, ends, NULL };

    (void)state;
    user.input = "last";
    user.input_over = true;
    run_steps(those);
    expect("console hello", 0, "two\nbye\n", "");
}

static char flood[16384];

static void floods(void)
{
    /* The ring holds less: several events. */
    for (size_t at = 0; at < sizeof(flood); at += 1024)
        print_bytes(1, flood + at, 1024);
    is_destroyed();
}

/* A slow reader gets all that the scroll-back keeps, in order. */
static void test_slow_reader(void **state)
{
    static void (*const those[])(void) = { floods, NULL };

    (void)state;
    for (size_t i = 0; i < sizeof(flood); i++)
        flood[i] = (char)('a' + i % 23);
    run_steps(those);
    expect("console hello", 0, NULL, "");
    assert_true(user.nr_out <= sizeof(flood));
    user.interrupted = false;
}

static void floods_only(void)
{
    for (size_t at = 0; at < sizeof(flood); at += 1024)
        print_bytes(1, flood + at, 1024);
}

static void test_flood(void **state)
{
    static void (*const those[])(void) = { floods_only, is_destroyed, NULL };

    (void)state;
    for (size_t i = 0; i < sizeof(flood); i++)
        flood[i] = (char)('a' + i % 23);
    run_steps(those);
    expect("console hello", 0, NULL, "");
    assert_int_equal(user.nr_out, sizeof(flood));
    assert_memory_equal(user.out, flood, sizeof(flood));
}

/* The domain does not read: input waits, output goes on. */
static char long_input[4000];

static void reads_some(void)
{
    static unsigned int n;

    n += (unsigned int)strlen(typed(1));
    if (n == sizeof(long_input) - 1)
        user.input = "\x1d";
}

static void test_input_waits(void **state)
{
    static void (*const those[])(void) = { prints_two, reads_some, reads_some,
                                           reads_some, reads_some, reads_some,
                                           reads_some, reads_some, NULL };

    (void)state;
    memset(long_input, 'k', sizeof(long_input) - 1);
    user.input = long_input;
    run_steps(those);
    expect("console hello", 0, "two\n", "");
}

static void test_create_console(void **state)
{
    static void (*const those[])(void) = { ends, NULL };

    (void)state;
    expect("destroy hello", 0, "", "");
    run_steps(those);
    user.input = "\x1d";
    expect("create -c -p hello.cfg", 0, "", "");
    assert_false(fake_is_running(ts_domain_by_name(manager, "hello")->id));
    user.input = "\x1d";
    expect("create -c hello.cfg name=b", 0, "", "");
    assert_true(fake_is_running(ts_domain_by_name(manager, "b")->id));
    assert_true(user.was_raw);
}

/* Without a console to look at, it runs all the same. */
static void test_create_console_fails(void **state)
{
    const struct ts_domain *d;
    unsigned long n = 0;
    int exit;

    (void)state;
    expect("destroy hello", 0, "", "");
    do { /* until the failure is that of the viewer: when a domain is left */
        fake_fail_alloc_at(++n);
        user.input = "\x1d";
        exit = run("create -c hello.cfg");
        fake_fail_alloc_at(0);
        d = ts_domain_by_name(manager, "hello");
    } while (exit && !d);
    assert_int_equal(exit, TS_EXIT_MEMORY);
    assert_non_null(strstr(user.err, "cannot be joined: out of memory"));
    assert_true(fake_is_running(d->id));
}

static void prints_bad_bytes(void)
{
    print_bytes(1, "a\xff\x00z\xc3\xa4", 6);
}

static void test_json(void **state)
{
    static void (*const those[])(void) = { prints_bad_bytes, is_destroyed, NULL };

    (void)state;
    print(1, "first\n");
    run_steps(those);
    assert_int_equal(run_json("console hello"), 0);
    assert_string_equal(user.out,
                        "{\"output\":\"first\\n\"}\n"
                        "{\"output\":\"a\xef\xbf\xbd\xef\xbf\xbdz\xc3\xa4\"}\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, user_stop)
    const struct CMUnitTest tests[] = {
        TEST(test_dialogue),       TEST(test_banner),
        TEST(test_domain_ends),    TEST(test_domain_is_destroyed),
        TEST(test_domain_is_kept), TEST(test_interrupt),
        TEST(test_input_over),     TEST(test_slow_reader),
        TEST(test_flood),          TEST(test_input_waits),
        TEST(test_create_console), TEST(test_create_console_fails),
        TEST(test_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
