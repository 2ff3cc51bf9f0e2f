/* SPDX-License-Identifier: MIT */
/*
 * Memory, strings, formatting and number parsing. The functions under test have the C
 * library's names, so they are compiled here under others and compared with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test.h"
#include <abi/errno.h>

/* clang-format off */
#define memcpy    hv_memcpy
#define memmove   hv_memmove
#define memset    hv_memset
#define memcmp    hv_memcmp
#define strlen    hv_strlen
#define strnlen   hv_strnlen
#define strcmp    hv_strcmp
#define strncmp   hv_strncmp
#define strchr    hv_strchr
#define strlcpy   hv_strlcpy
#define vsnprintf hv_vsnprintf
#define snprintf  hv_snprintf
#define clear_page hv_clear_page
#define copy_page hv_copy_page
/* clang-format on */
#include "../../hypervisor/lib/memory.c"
#include "../../hypervisor/lib/string.c"
#include "../../hypervisor/lib/printf.c"
#include "../../hypervisor/lib/parse.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef snprintf

#define AREA 700

const char *symbol_lookup(uintptr_t addr, uintptr_t *offset)
{
    if (addr < 0x1000)
        return NULL;
    *offset = addr - 0x1000;
    return "start";
}

static void fill_random(unsigned char *p, size_t n)
{
    while (n--)
        *p++ = (unsigned char)rand();
}

/* Every length around the word and string-instruction limits, at every alignment. */
static void memory_functions_agree_with_libc(void **state)
{
    static unsigned char ours[AREA], theirs[AREA], from[AREA];

    (void)state;
    for (size_t n = 0; n < 300; n++) {
        for (size_t at = 0; at < 9; at++) {
            fill_random(from, AREA);
            fill_random(ours, AREA);
            memcpy(theirs, ours, AREA);
            assert_ptr_equal(hv_memcpy(ours + at, from + 3, n), ours + at);
            memcpy(theirs + at, from + 3, n);
            assert_memory_equal(ours, theirs, AREA);
            hv_memset(ours + at, (int)n, n);
            memset(theirs + at, (int)n, n);
            assert_memory_equal(ours, theirs, AREA);
            hv_memmove(from + at, from + 4, n);
            assert_int_equal(hv_memcmp(from + at, from + at, n), 0);
        }
    }
}

static void memmove_handles_overlap_both_ways(void **state)
{
    unsigned char ours[128], theirs[128];

    (void)state;
    for (size_t to = 0; to < 40; to++) {
        for (size_t from = 0; from < 40; from++) {
            for (size_t n = 0; n < 80; n += 7) {
                fill_random(ours, sizeof(ours));
                memcpy(theirs, ours, sizeof(ours));
                hv_memmove(ours + to, ours + from, n);
                memmove(theirs + to, theirs + from, n);
                assert_memory_equal(ours, theirs, sizeof(ours));
            }
        }
    }
}

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

static void memcmp_orders_by_unsigned_bytes(void **state)
{
    unsigned char a[40], b[40];

    (void)state;
    for (unsigned int round = 0; round < 2000; round++) {
        size_t n = (size_t)rand() % sizeof(a);

        fill_random(a, sizeof(a));
        memcpy(b, a, sizeof(a));
        b[(size_t)rand() % sizeof(b)] ^= (unsigned char)(1 << rand() % 8);
        assert_int_equal(sign(hv_memcmp(a, b, n)), sign(memcmp(a, b, n)));
    }
}

static void pages_are_cleared_and_copied_whole(void **state)
{
    static uint64_t a[514], b[514];

    (void)state;
    memset(a, 0x5a, sizeof(a));
    memset(b, 0xa5, sizeof(b));
    hv_copy_page(b + 1, a + 1);
    assert_memory_equal(b + 1, a + 1, 4096);
    assert_int_equal(b[0] == a[0] || b[513] == a[513], 0);
    hv_clear_page(a + 1);
    assert_true(a[0] && !a[1] && !a[512] && a[513]);
}

static void string_functions(void **state)
{
    char buf[4];

    (void)state;
    assert_int_equal(hv_strlen(""), 0);
    assert_int_equal(hv_strlen("abc"), 3);
    assert_int_equal(hv_strnlen("abc", 2), 2);
    assert_int_equal(hv_strnlen("abc", 9), 3);
    assert_int_equal(hv_strcmp("abc", "abc"), 0);
    assert_true(hv_strcmp("abc", "abd") < 0);
    assert_true(hv_strcmp("ab", "abd") < 0);
    assert_true(hv_strcmp("\xff", "a") > 0);
    assert_int_equal(hv_strncmp("abX", "abY", 2), 0);
    assert_true(hv_strncmp("abX", "abY", 3) < 0);
    assert_int_equal(hv_strncmp("ab", "ab", 9), 0);
    assert_null(hv_strchr("abc", 'd'));
    assert_string_equal(hv_strchr("abc", 'b'), "bc");
    assert_string_equal(hv_strchr("abc", 0), "");
    assert_int_equal(hv_strlcpy(buf, "abcdef", sizeof(buf)), 6);
    assert_string_equal(buf, "abc");
    assert_int_equal(hv_strlcpy(buf, "x", 0), 1);
    assert_string_equal(buf, "abc");
}

#define CHECK_FORMAT(fmt, ...)                                         \
    do {                                                               \
        char ours_[200], theirs_[200];                                 \
        int n_ = hv_snprintf(ours_, sizeof(ours_), fmt, __VA_ARGS__);  \
        int m_ = snprintf(theirs_, sizeof(theirs_), fmt, __VA_ARGS__); \
        assert_string_equal(ours_, theirs_);                           \
        assert_int_equal(n_, m_);                                      \
    } while (0)

static void formats_agree_with_libc(void **state)
{
    (void)state;
    CHECK_FORMAT("%d %i %u|%5d|%-5d|%05d", 1, -2, 3u, 4, 5, 6);
    CHECK_FORMAT("%x %X %08x", 0xabcu, 0xdefu, 0x12u);
    CHECK_FORMAT("%#x %#X|%#10x|%#010lx|%#x", 0xabcu, 0xdefu, 0x12u, 0x12ul, 0u);
    CHECK_FORMAT("%ld %lu %lld %llu", -1l, ~0ul, (long long)1 << 62, ~0ull);
    CHECK_FORMAT("%d %d", INT32_MIN, INT32_MAX);
    CHECK_FORMAT("%lld", (long long)INT64_MIN);
    CHECK_FORMAT("%zu %zd", (size_t)7, (ssize_t)-7);
    CHECK_FORMAT("%hhu %hu %hd", (unsigned char)0xff, (unsigned short)0xfffe, (short)-2);
    CHECK_FORMAT("%.3d|%8.3d|%-8.3d|%.0d", 5, 5, 5, 1);
    CHECK_FORMAT("%c%c|%3c|%-3c|", 'a', 'b', 'c', 'd');
    CHECK_FORMAT("%s|%6s|%-6s|%.2s|%.*s", "abc", "abc", "abc", "abc", 1, "abc");
    CHECK_FORMAT("%*d|%*d|%%", 4, 7, -4, 8);
    CHECK_FORMAT("%016lx %p", 0x1234567890ul, (void *)0x1234);
    CHECK_FORMAT("%s", "");
}

static void own_conversions(void **state)
{
    char buf[64];

    (void)state;
    hv_snprintf(buf, sizeof(buf), "%pS", (void *)0x1234);
    assert_string_equal(buf, "start+0x234");
    hv_snprintf(buf, sizeof(buf), "%pS", (void *)0x10);
    assert_string_equal(buf, "0x10");
    hv_snprintf(buf, sizeof(buf), "%s", (char *)(uintptr_t)(state == (void **)1));
    assert_string_equal(buf, "(null)");
}

static void output_is_cut_and_terminated(void **state)
{
    char buf[8];

    (void)state;
    memset(buf, 'x', sizeof(buf));
    assert_int_equal(hv_snprintf(buf, 4, "%s", "abcdefgh"), 8);
    assert_string_equal(buf, "abc");
    assert_int_equal(buf[4], 'x');
    assert_int_equal(hv_snprintf(buf, 0, "%d", 12345), 5);
    assert_string_equal(buf, "abc");
    assert_int_equal(hv_snprintf(NULL, 0, "%60d", 1), 60);
}

static int parse(const char *s, bool suffix, uint64_t *v)
{
    return parse_u64(s, 0, suffix, v);
}

static void numbers_are_parsed(void **state)
{
    uint64_t v = 99;

    (void)state;
    assert_int_equal(parse("0", false, &v), 0);
    assert_int_equal(v, 0);
    assert_int_equal(parse("0x1F", false, &v), 0);
    assert_int_equal(v, 31);
    assert_int_equal(parse("017", false, &v), 0);
    assert_int_equal(v, 15);
    assert_int_equal(parse("18446744073709551615", false, &v), 0);
    assert_true(v == UINT64_MAX);
    assert_int_equal(parse("64k", true, &v), 0);
    assert_int_equal(v, 65536);
    assert_int_equal(parse("0x10M", true, &v), 0);
    assert_int_equal(v, 16 << 20);
    assert_int_equal(parse("2G", true, &v), 0);
    assert_true(v == 2ull << 30);
    assert_int_equal(parse("1T", true, &v), 0);
    assert_true(v == 1ull << 40);
    assert_int_equal(parse_u64("ff", 16, false, &v), 0);
    assert_int_equal(v, 255);
}

static void malformed_numbers_change_nothing(void **state)
{
    static const char *const bad[] = { "", "x", "0x", "-1", "12 ", "08", "1k", "1.5" };
    uint64_t v = 99;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(parse(bad[i], false, &v), -XEN_EINVAL);
    assert_int_equal(parse("1kk", true, &v), -XEN_EINVAL);
    assert_int_equal(parse("18446744073709551616", false, &v), -XEN_ERANGE);
    assert_int_equal(parse("0x10000000000000000", false, &v), -XEN_ERANGE);
    assert_int_equal(parse("16777216T", true, &v), -XEN_ERANGE);
    assert_int_equal(v, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_functions_agree_with_libc),
        cmocka_unit_test(memmove_handles_overlap_both_ways),
        cmocka_unit_test(memcmp_orders_by_unsigned_bytes),
        cmocka_unit_test(pages_are_cleared_and_copied_whole),
        cmocka_unit_test(string_functions),
        cmocka_unit_test(formats_agree_with_libc),
        cmocka_unit_test(own_conversions),
        cmocka_unit_test(output_is_cut_and_terminated),
        cmocka_unit_test(numbers_are_parsed),
        cmocka_unit_test(malformed_numbers_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
