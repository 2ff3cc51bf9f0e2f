/* SPDX-License-Identifier: MIT */
/*
 * Checks in programs on mini-os; the last line is the verdict, as in guest tests.
 */
#ifndef TESTS_APPS_CHECK_H
#define TESTS_APPS_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define check(cond)            check_that(cond, #cond, __FILE__, __LINE__)
#define check_text(text, want) check_string(text, want, __FILE__, __LINE__)

/* Counts a failure and says where it was. Returns good. */
bool check_that(bool good, const char *what, const char *file, int line);
bool check_string(const char *text, const char *want, const char *file, int line);

/* Prints the verdict; returns main()'s status. */
int check_verdict(void);

#endif
