/* SPDX-License-Identifier: MIT */
/*
 * Checks, counters and the last line.
 */
#include "test.h"

#include "leak.h"

#define FAILURES_PRINTED 20

static unsigned int checks, failures;

void note(const char *fmt, ...)
{
    char text[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    printf("NOTE: %s\n", text);
}

/* Returns whether this failure shall be printed. */
static bool count_failure(void)
{
    return __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED) < FAILURES_PRINTED;
}

bool test_check(bool ok, const char *what, const char *file, int line)
{
    __atomic_fetch_add(&checks, 1, __ATOMIC_RELAXED);
    if (!ok && count_failure())
        printf("FAIL: %s:%d: %s\n", file, line, what);
    return ok;
}

bool test_check_eq(long value, long expected, const char *expr, const char *expected_expr,
                   const char *file, int line)
{
    __atomic_fetch_add(&checks, 1, __ATOMIC_RELAXED);
    if (value == expected)
        return true;
    if (count_failure())
        printf("FAIL: %s:%d: %s is %ld (%#lx), expected %s = %ld (%#lx)\n", file, line,
               expr, value, value, expected_expr, expected, expected);
    return false;
}

static noreturn void finish(const char *result)
{
    printf("Test result: %s\n", result);
    power_off();
}

void test_end(const char *result, const char *fmt, ...)
{
    char text[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    printf("%s: %s\n", result, text);
    finish(result);
}

void app_main(void)
{
    leak_begin();
    test_main();
    if (checks)
        leak_end();
    printf("%u checks, %u failed\n", checks, failures);
    if (!checks)
        test_end("ERROR", "the test checked nothing");
    finish(failures ? "FAILURE" : "SUCCESS");
}
