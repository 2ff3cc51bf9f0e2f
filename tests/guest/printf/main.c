/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the library formats as ISO C says, for the conversions it knows.
 * Provocation: each conversion with flags, widths, precisions and lengths; buffers that
 * are too small.
 * Expected: the text, its whole length, never a byte beyond the buffer.
 */
#include <test.h>

COVERS(console_io);

static char buf[64];

static void check_text(int length, const char *expected)
{
    check_eq(length, strlen(expected));
    if (!check(!strcmp(buf, expected), expected))
        note("got \"%s\"", buf);
}

#define check_format(expected, ...) \
    check_text(snprintf(buf, sizeof(buf), __VA_ARGS__), (expected))

static void check_integers(void)
{
    check_format("0 -1 2147483647", "%d %d %d", 0, -1, 0x7fffffff);
    check_format("-9223372036854775808", "%ld", (long)(1UL << 63));
    check_format("4294967295 18446744073709551615", "%u %lu", ~0U, ~0UL);
    check_format("ff FF 0xff 0", "%x %X %#x %#x", 255, 255, 255, 0);
    check_format("ffffffffffffffff 17", "%llx %o", ~0ULL, 15);
    check_format("000000000000abcd", "%016lx", 0xabcdUL);
    check_format("   42|42   |00042|-0042", "%5d|%-5d|%05d|%05d", 42, 42, 42, -42);
    check_format("  042|-042", "%5.3d|%.3d", 42, -42);
    check_format("-1 255 65535", "%hhd %hhu %hu", (signed char)-1, (unsigned char)-1,
                 (unsigned short)-1);
    check_format("   7|7   |", "%*d|%-*d|", 4, 7, 4, 7);
}

static void check_others(void)
{
    check_format("abc|  abc|abc  |ab", "%s|%5s|%-5s|%.2s", "abc", "abc", "abc", "abc");
    check_format("x|   x|x   |%", "%c|%4c|%-4c|%%", 'x', 'x', 'x');
    check_format("0000000000001234", "%p", (void *)0x1234);
    check_format("12345", "%zu", (size_t)12345);
}

static void check_small(void)
{
    memset(buf, '!', sizeof(buf));
    check_eq(snprintf(buf, 4, "%d", 123456), 6);
    check(!memcmp(buf, "123\0!", 5), "cut off and terminated");
    memset(buf, '!', sizeof(buf));
    check_eq(snprintf(buf, 1, "text"), 4);
    check(buf[0] == '\0' && buf[1] == '!', "room for the end only");
    check_eq(snprintf(NULL, 0, "text"), 4);
}

void test_main(void)
{
    check_integers();
    check_others();
    check_small();
}
