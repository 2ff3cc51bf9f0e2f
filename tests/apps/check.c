/* SPDX-License-Identifier: MIT */
/*
 * Checks and the verdict.
 */
#include "check.h"

static unsigned int checks, failures;

bool check_that(bool good, const char *what, const char *file, int line)
{
    checks++;
    if (!good) {
        failures++;
        printf("FAIL: %s:%d: %s\n", file, line, what);
    }
    return good;
}

bool check_string(const char *text, const char *want, const char *file, int line)
{
    if (strcmp(text, want))
        printf("got \"%s\", want \"%s\"\n", text, want);
    return check_that(!strcmp(text, want), "text", file, line);
}

int check_verdict(void)
{
    bool good = checks && !failures;

    printf("%u checks, %u failures\n", checks, failures);
    printf("Test result: %s\n", good ? "SUCCESS" : "FAILURE");
    return 0;
}
