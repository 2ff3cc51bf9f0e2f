/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* In one write, so that lines of several processes do not mix. */
void say(const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    progress_clear();
    fprintf(stderr, "pavise: %s\n", text);
}

uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + 1;
}

void sleep_ms(unsigned int ms)
{
    const struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

    nanosleep(&time, NULL);
}
