/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <ts/out.h>

static char first[1024]; /* what was said first; "": nothing */

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
    if (!first[0])
        snprintf(first, sizeof(first), "%s", text);
}

void say_document(int code, const char *verb)
{
    struct ts_text text = { 0 };
    struct ts_doc doc = { 0 };
    struct cJSON *error;

    if (!first[0])
        return;
    error = ts_doc_object(&doc, ts_doc_object(&doc, NULL, NULL), "error");
    ts_doc_text(&doc, error, "class", ts_exit_name((enum ts_exit)code));
    ts_doc_number(&doc, error, "exit", (uint64_t)code);
    ts_doc_text(&doc, error, "verb", verb);
    ts_doc_text(&doc, error, "message", first);
    ts_doc_print(&doc, false, &text);
    fwrite(text.bytes, 1, text.n, stdout);
    ts_text_free(&text);
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
