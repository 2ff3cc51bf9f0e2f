/* SPDX-License-Identifier: MIT */
/* Configurations of domains: what is accepted, and what is said about what is not. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <ts/config.h>

static unsigned int allocations_left = ~0u;

/* The parser's, by ts_alloc.h. */
void *fake_calloc(size_t n, size_t size);

void *fake_calloc(size_t n, size_t size)
{
    if (!allocations_left)
        return NULL;
    allocations_left--;
    return calloc(n, size);
}

static struct ts_domain_config config;
static struct ts_err err;

static int parse_with(const char *text, const char *const *more, unsigned int nr)
{
    static const struct ts_config defaults = { .memory_kib = 128 << 10,
                                               .vcpus = 1,
                                               .on_reboot = TS_RESTART };

    err = (struct ts_err){ 0 };
    return ts_domain_config_parse("g.cfg", text, strlen(text), more, nr, &defaults,
                                  &config, &err);
}

/* In a file that is complete otherwise. */
static int parse_line(const char *line)
{
    char text[8192];

    snprintf(text, sizeof(text), "%s\nname='a'\nkernel='k'\n", line);
    return parse_with(text, NULL, 0);
}

static void assert_refused(const char *line, int code, const char *message)
{
    assert_int_equal(parse_line(line), code);
    assert_string_equal(err.text, message);
    assert_null(config.pool);
}

static void assert_accepted(const char *line)
{
    int rc = parse_line(line);

    if (rc)
        print_error("%s\n", err.text);
    assert_int_equal(rc, 0);
}

static void whole_file(void **state)
{
    static const char text[] = "# a guest\n"
                               "name = \"web\"; type = \"pv\"\r\n"
                               "kernel='/boot/k' # of Debian\n"
                               "ramdisk = \"/boot/i\"\n"
                               "root = \"/dev/xvda\"\nextra = 'ro \"x\\x41\\n'\n"
                               "memory = 0x40\nmaxmem = \"0200\"\nvcpus=2\nmaxvcpus=4\n"
                               "cpus = \"0-3,^2\"\ncpu_weight = 512\ncap = 50\n"
                               "on_poweroff=\"preserve\"\non_crash='rename-restart'\n"
                               "on_watchdog='coredump-restart'\n"
                               "on_soft_reset='coredump-destroy'\n"
                               "uuid=\"00112233-4455-6677-8899-aabbccddeeff\"\n"
                               "disk = [ 'a,b,c', # one\n  \"d\",\n ]\n"
                               "vif = []\n";
    const struct ts_config *d = &config.domain;

    (void)state;
    assert_int_equal(parse_with(text, NULL, 0), 0);
    assert_string_equal(d->name, "web");
    assert_string_equal(d->kernel, "/boot/k");
    assert_string_equal(d->ramdisk, "/boot/i");
    assert_string_equal(d->cmdline, "root=/dev/xvda ro \"xA\n");
    assert_int_equal(d->memory_kib, 64 << 10);
    assert_int_equal(d->max_memory_kib, 128 << 10);
    assert_int_equal(d->vcpus, 2);
    assert_int_equal(d->max_vcpus, 4);
    assert_true(d->hard.is_set);
    assert_int_equal(d->hard.all.bits[0], 0xb);
    assert_false(d->soft.is_set);
    assert_int_equal(d->sched.weight, 512);
    assert_int_equal(d->sched.cap, 50);
    assert_int_equal(d->on_poweroff, TS_PRESERVE);
    assert_int_equal(d->on_crash, TS_RENAME_RESTART);
    assert_int_equal(d->on_reboot, TS_RESTART);
    assert_int_equal(d->on_watchdog, TS_COREDUMP_RESTART);
    assert_int_equal(d->on_soft_reset, TS_COREDUMP_DESTROY);
    assert_string_equal(ts_action_name(d->on_watchdog), "coredump-restart");
    assert_int_equal(d->uuid[1], 0x11);
    assert_int_equal(d->uuid[15], 0xff);
    assert_int_equal(config.disks.n, 2);
    assert_string_equal(config.disks.text[0], "a,b,c");
    assert_string_equal(config.disks.text[1], "d");
    assert_int_equal(config.vifs.n, 0);
    ts_domain_config_free(&config);
}

static void later_settings_count(void **state)
{
    (void)state;
    assert_accepted("memory=1\nmemory=2");
    assert_int_equal(config.domain.memory_kib, 2 << 10);
    ts_domain_config_free(&config);
}

static void appended_values(void **state)
{
    (void)state;
    assert_accepted("cmdline='a'\ncmdline+=' b'\nvif+=['x']\nvif+=['y','z']");
    assert_string_equal(config.domain.cmdline, "a b");
    assert_int_equal(config.vifs.n, 3);
    assert_string_equal(config.vifs.text[2], "z");
    ts_domain_config_free(&config);
    assert_refused("vif=['x']\nvif+='y'", -XEN_EINVAL,
                   "g.cfg:2: \"vif\": a list and a string cannot be joined");
}

static void appended_string_is_bounded(void **state)
{
    char line[8192] = "extra='";

    (void)state;
    memset(line + 7, 'x', 4090);
    strcpy(line + 7 + 4090, "'\nextra+='1234567'");
    assert_refused(line, -XEN_EINVAL,
                   "g.cfg:2: a string that += makes has at most 4096 bytes");
}

static void joined_lines_keep_their_numbers(void **state)
{
    (void)state;
    assert_accepted("memory = \\\n 5");
    ts_domain_config_free(&config);
    assert_refused(
        "memory = \\\r\n 5\nvcpus = x", -XEN_EINVAL,
        "g.cfg:3: a value: \"text\", a number or a [list] is missing (text needs "
        "quotes)");
}

static void command_line(void **state)
{
    static const char *const more[] = { "name=b", "memory=7;vcpus=2",
                                        "extra=root=/dev/x ro", "vif=['m']", "ramdisk=" };

    (void)state;
    assert_int_equal(parse_with("name='a'\nkernel='k'\nramdisk='r'", more, 5), 0);
    assert_string_equal(config.domain.name, "b");
    assert_int_equal(config.domain.memory_kib, 7 << 10);
    assert_int_equal(config.domain.vcpus, 2);
    assert_string_equal(config.domain.cmdline, "root=/dev/x ro");
    assert_int_equal(config.vifs.n, 1);
    assert_null(config.domain.ramdisk);
    ts_domain_config_free(&config);
}

static void command_line_mistakes(void **state)
{
    static const char *const wrong = "memroy=3", *const type = "vcpus=two";

    (void)state;
    assert_int_equal(parse_with("name='a'\nkernel='k'", &wrong, 1), -XEN_EINVAL);
    assert_string_equal(err.text, "setting memroy=3: unknown key \"memroy\"");
    assert_int_equal(parse_with("name='a'\nkernel='k'", &type, 1), -XEN_EINVAL);
    assert_string_equal(err.text,
                        "setting vcpus=two: \"vcpus\" takes a number, not a string");
}

static void cpus_of_each_vcpu(void **state)
{
    const struct ts_affinity *hard = &config.domain.hard;

    (void)state;
    assert_accepted("cpus = ['1', 3, 'all']; cpus_soft = '0,2'");
    assert_int_equal(hard->nr_vcpus, 3);
    assert_int_equal(hard->vcpu[0].bits[0], 2);
    assert_int_equal(hard->vcpu[1].bits[0], 8);
    assert_int_equal(hard->vcpu[2].bits[0], 0xff);
    assert_false(hard->is_set);
    assert_true(config.domain.soft.is_set);
    assert_int_equal(config.domain.soft.all.bits[0], 5);
    ts_domain_config_free(&config);
}

static void cmdline_goes_before_root_and_extra(void **state)
{
    (void)state;
    assert_accepted("root='r'\nextra='e'\ncmdline='c'");
    assert_string_equal(config.domain.cmdline, "c");
    ts_domain_config_free(&config);
}

static void keys_and_types(void **state)
{
    (void)state;
    assert_refused("\nmemroy = 1", -XEN_EINVAL, "g.cfg:2: unknown key \"memroy\"");
    assert_refused("bootloader = 'pygrub'", -XEN_EOPNOTSUPP,
                   "g.cfg:1: \"bootloader\" is not supported");
    assert_refused("memory = 'x'", -XEN_EINVAL,
                   "g.cfg:1: \"memory\" takes a number, not a string");
    assert_refused("ramdisk = []", -XEN_EINVAL,
                   "g.cfg:1: \"ramdisk\" takes a string, not a list");
    assert_refused("disk = 'x'", -XEN_EINVAL,
                   "g.cfg:1: \"disk\" takes a list, not a string");
    assert_refused("disk = ['x',\n['y']]", -XEN_EINVAL,
                   "g.cfg:2: \"disk\" takes a list of strings, not a list");
    assert_refused("root = []", -XEN_EINVAL,
                   "g.cfg:1: \"root\" takes a string, not a list");
}

static void values(void **state)
{
    (void)state;
    assert_refused("vcpus = 0", -XEN_EINVAL, "g.cfg:1: \"vcpus\" is 1 to 128, not 0");
    assert_refused("memory = 99999999999", -XEN_EINVAL,
                   "g.cfg:1: \"memory\" is 1 to 1073741824, not 99999999999");
    assert_refused("type = 'hvm'", -XEN_EOPNOTSUPP,
                   "g.cfg:1: \"type\" can only be \"pv\", not \"hvm\"");
    assert_refused("on_crash = 'explode'", -XEN_EINVAL,
                   "g.cfg:1: \"on_crash\" cannot be \"explode\": it is destroy, restart, "
                   "preserve, rename-restart, coredump-destroy or coredump-restart");
    assert_refused("cpus = '5-3'", -XEN_EINVAL,
                   "g.cfg:1: \"cpus\" cannot be \"5-3\": it is CPUs as in \"0-3,^2\", or "
                   "\"all\"");
    assert_refused("cpus = ['1', ['2']]", -XEN_EINVAL,
                   "g.cfg:1: \"cpus\" takes a list of strings, not a list");
    assert_refused("cpus_soft = ['1', 'x']", -XEN_EINVAL,
                   "g.cfg:1: \"cpus_soft\" cannot be \"x\": it is CPUs as in \"0-3,^2\", "
                   "or \"all\"");
    assert_refused(
        "uuid = '00'", -XEN_EINVAL,
        "g.cfg:1: \"uuid\" cannot be \"00\": it is 32 hex digits, with or without "
        "\"-\"");
}

static void syntax(void **state)
{
    (void)state;
    assert_refused("memory", -XEN_EINVAL, "g.cfg:1: \"=\" is missing after \"memory\"");
    assert_refused("= 3", -XEN_EINVAL, "g.cfg:1: a key is missing");
    assert_refused("3 = 3", -XEN_EINVAL, "g.cfg:1: a key is missing");
    assert_refused("memory = 1 2", -XEN_EINVAL,
                   "g.cfg:1: something follows the value of \"memory\" on its line");
    assert_refused("memory = 08", -XEN_EINVAL,
                   "g.cfg:1: \"08\" is not a number (text needs quotes)");
    assert_refused("name = 'a\n'", -XEN_EINVAL,
                   "g.cfg:1: a string is not closed by ' on its line");
    assert_refused(
        "name = '\\q'", -XEN_EINVAL,
        "g.cfg:1: no such escape; \\n, \\t, \\r, \\\\, \\\", \\' and \\xHH can be "
        "in a string");
    assert_refused("disk = [ 'a' 'b' ]", -XEN_EINVAL,
                   "g.cfg:1: \",\" or \"]\" is missing");
    assert_refused("x = [[[[[1]]]]]", -XEN_EINVAL,
                   "g.cfg:1: lists are nested deeper than 4");
    assert_refused("a = @", -XEN_EINVAL, "g.cfg:1: unexpected \"@\"");
    assert_refused("a = \x80", -XEN_EINVAL, "g.cfg:1: unexpected byte 0x80");
}

static void what_is_missing(void **state)
{
    (void)state;
    assert_int_equal(parse_with("kernel='k'", NULL, 0), -XEN_EINVAL);
    assert_string_equal(err.text, "g.cfg: \"name\" is missing");
    assert_int_equal(parse_with("name='n'", NULL, 0), -XEN_EINVAL);
    assert_string_equal(err.text, "g.cfg: \"kernel\" is missing");
}

static void zero_bytes_and_length(void **state)
{
    static char big[TS_CONFIG_MAX_BYTES + 1];
    static const struct ts_config defaults;

    (void)state;
    err = (struct ts_err){ 0 };
    assert_int_equal(
        ts_domain_config_parse("g", "a='\0'", 5, NULL, 0, &defaults, &config, &err),
        -XEN_EINVAL);
    assert_string_equal(err.text, "g:1: a zero byte in a string");
    err = (struct ts_err){ 0 };
    assert_int_equal(
        ts_domain_config_parse("g", big, sizeof(big), NULL, 0, &defaults, &config, &err),
        -XEN_E2BIG);
}

static void every_allocation_may_fail(void **state)
{
    static const char text[] = "name='a'\nkernel='k'\nroot='r'\nextra='e'\nextra+='f'\n"
                               "disk=['x', 'y']\nvif=[]\n";
    static const char *const more = "ramdisk=r";
    unsigned int n = 0;
    int rc;

    (void)state;
    do {
        allocations_left = n++;
        rc = parse_with(text, &more, 1);
        if (rc) {
            assert_int_equal(rc, -XEN_ENOMEM);
            assert_string_equal(err.text, "out of memory");
        }
    } while (rc);
    allocations_left = ~0u;
    assert_true(n > 15);
    ts_domain_config_free(&config);
}

static void cpu_sets(void **state)
{
    static const char *const wrong[] = {
        "", " ", "1,", "^0", "256", "-1", "3-", "x", "all ,^all", "1 2", "99999999999999"
    };
    struct ts_cpu_set set;

    (void)state;
    assert_int_equal(ts_cpu_set_parse(" all,^0 , ^2-255 ", &set), 0);
    assert_int_equal(set.bits[0], 2);
    assert_int_equal(set.bits[31], 0);
    assert_int_equal(ts_cpu_set_parse("255", &set), 0);
    assert_true(ts_cpu_set_has(&set, 255));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(ts_cpu_set_parse(wrong[i], &set), -XEN_EINVAL);
}

static void processor_features(void **state)
{
    const struct ts_cpuid *cpuid = &config.domain.cpuid;

    (void)state;
    assert_accepted("cpuid = \"host,avx=0,aes=1\"");
    assert_int_equal(cpuid->n, 2);
    assert_int_equal(cpuid->change[1].ones, 1u << 25);
    ts_domain_config_free(&config);
    assert_accepted("cpuid = [\"7,0:ebx=xxxxxxxxxxxxxxxxxxxxxxxxxx0xxxxx\", "
                    "\"0:eax=00000000000000000000000000000111\"]");
    assert_int_equal(cpuid->n, 2);
    assert_int_equal(cpuid->change[0].zeros, 1u << 5);
    assert_int_equal(cpuid->change[1].ones, 7);
    ts_domain_config_free(&config);
    assert_accepted("cpuid = []\nnomigrate = 1\ntsc_mode = \"native\"");
    assert_int_equal(cpuid->n, 0);
    ts_domain_config_free(&config);
    assert_refused("cpuid = \"host,axv=0\"", -XEN_EINVAL,
                   "g.cfg:1: \"cpuid\": there is no processor feature \"axv\"");
    assert_refused("cpuid = [\"host,avx=0\"]", -XEN_EINVAL,
                   "g.cfg:1: \"cpuid\": \"host,avx=0\" is not of the form "
                   "LEAF:REGISTER=BITS");
    assert_refused(
        "cpuid = 1", -XEN_EINVAL,
        "g.cfg:1: \"cpuid\" takes a string or a list of strings, not a number");
    assert_refused("tsc_mode = \"always_emulate\"", -XEN_EOPNOTSUPP,
                   "g.cfg:1: \"tsc_mode\" can only be \"default\" or \"native\", not "
                   "\"always_emulate\"");
    assert_refused("nomigrate = 2", -XEN_EINVAL,
                   "g.cfg:1: \"nomigrate\" is 0 to 1, not 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_file),
        cmocka_unit_test(later_settings_count),
        cmocka_unit_test(appended_values),
        cmocka_unit_test(appended_string_is_bounded),
        cmocka_unit_test(joined_lines_keep_their_numbers),
        cmocka_unit_test(command_line),
        cmocka_unit_test(command_line_mistakes),
        cmocka_unit_test(cpus_of_each_vcpu),
        cmocka_unit_test(cmdline_goes_before_root_and_extra),
        cmocka_unit_test(keys_and_types),
        cmocka_unit_test(values),
        cmocka_unit_test(syntax),
        cmocka_unit_test(what_is_missing),
        cmocka_unit_test(zero_bytes_and_length),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(cpu_sets),
        cmocka_unit_test(processor_features),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
