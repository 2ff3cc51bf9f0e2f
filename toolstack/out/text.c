/* SPDX-License-Identifier: MIT */
/* Text that grows. */
#include <ts/out.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256

/* Makes room for n more bytes and a 0. */
static bool reserve(struct ts_text *text, size_t n)
{
    size_t room = text->room ? text->room : FIRST_ROOM;
    char *more;

    if (text->failed)
        return false;
    if (text->n + n < text->room)
        return true;
    while (text->n + n >= room)
        room *= 2;
    more = realloc(text->bytes, room);
    if (!more) {
        text->failed = true;
        return false;
    }
    text->bytes = more;
    text->room = room;
    return true;
}

void ts_text_add(struct ts_text *text, const void *bytes, size_t n)
{
    if (!reserve(text, n))
        return;
    memcpy(text->bytes + text->n, bytes, n);
    text->n += n;
    text->bytes[text->n] = '\0';
}

void ts_text_vprintf(struct ts_text *text, const char *format, va_list args)
{
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        text->failed = true;
    else if (reserve(text, (size_t)n))
        text->n += (size_t)vsnprintf(text->bytes + text->n, (size_t)n + 1, format, again);
    va_end(again);
}

void ts_text_printf(struct ts_text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ts_text_vprintf(text, format, args);
    va_end(args);
}

void ts_text_clear(struct ts_text *text)
{
    text->n = 0;
    if (text->bytes)
        text->bytes[0] = '\0';
}

void ts_text_free(struct ts_text *text)
{
    free(text->bytes);
    *text = (struct ts_text){ 0 };
}
