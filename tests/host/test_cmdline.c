/* SPDX-License-Identifier: MIT */
/* The boot command line: every kind of option, right and wrong. */
#include "hv_host.h"
#include "test.h"
#include "../../hypervisor/boot/internal.h"

#include <abi/errno.h>

static bool flag;
static unsigned int number;
static uint64_t bytes;
static char text[8];
static char custom[8];

static int parse_custom(const char *value)
{
    strcpy(custom, value);
    return strcmp(value, "bad") ? 0 : -EINVAL;
}

static const struct boot_option table[] = {
    { "the-flag", OPT_BOOL, &flag, sizeof(flag), NULL },
    { "number", OPT_UINT, &number, sizeof(number), NULL },
    { "bytes", OPT_SIZE, &bytes, sizeof(bytes), NULL },
    { "text", OPT_STRING, text, sizeof(text), NULL },
    { "custom", OPT_CUSTOM, NULL, 0, parse_custom },
};

/* What of the line was not accepted. */
static unsigned int rejected(const char *line)
{
    char copy[128];

    strcpy(copy, line);
    return cmdline_parse_table(copy, table, 5);
}

static void booleans(void **state)
{
    static const char *const on[] = { "the-flag",       "the_flag",    "the-flag=yes",
                                      "the-flag=1",     "the-flag=on", "the-flag=true",
                                      "the-flag=enable" };
    static const char *const off[] = { "no-the-flag", "the-flag=0", "the-flag=no",
                                       "the-flag=off", "the-flag=false" };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_SIZE(on); i++) {
        flag = false;
        assert_int_equal(rejected(on[i]), 0);
        assert_true(flag);
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(off); i++) {
        flag = true;
        assert_int_equal(rejected(off[i]), 0);
        assert_false(flag);
    }
    assert_int_equal(rejected("the-flag=maybe no-the-flag=yes"), 2);
}

static void numbers(void **state)
{
    (void)state;
    assert_int_equal(rejected("number=12"), 0);
    assert_int_equal(number, 12);
    assert_int_equal(rejected("number=0x10"), 0);
    assert_int_equal(number, 16);
    assert_int_equal(rejected("number=x number number= number=5000000000 no-number"), 5);
    assert_int_equal(number, 16);
}

static void sizes_are_kib_without_a_suffix(void **state)
{
    (void)state;
    assert_int_equal(rejected("bytes=64"), 0);
    assert_int_equal(bytes, 64 << 10);
    assert_int_equal(rejected("bytes=64M"), 0);
    assert_int_equal(bytes, 64 << 20);
    assert_int_equal(rejected("bytes=100b"), 0);
    assert_int_equal(bytes, 100);
    assert_int_equal(rejected("bytes=18014398509481984 bytes=M bytes=64MM"), 3);
}

static void strings_and_custom(void **state)
{
    (void)state;
    assert_int_equal(rejected("  text=a=b\tcustom=x "), 0);
    assert_string_equal(text, "a=b");
    assert_string_equal(custom, "x");
    assert_int_equal(rejected("no-custom"), 0);
    assert_string_equal(custom, "no");
    assert_int_equal(rejected("text=12345678 custom=bad no-text no-custom=1"), 4);
}

static void unknown_words_are_counted(void **state)
{
    (void)state;
    assert_int_equal(rejected(""), 0);
    assert_int_equal(rejected("foo bar=1 no-baz the-flags"), 4);
    cmdline_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(booleans),
        cmocka_unit_test(numbers),
        cmocka_unit_test(sizes_are_kib_without_a_suffix),
        cmocka_unit_test(strings_and_custom),
        cmocka_unit_test(unknown_words_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
