/* SPDX-License-Identifier: MIT */
/*
 * A scroll-back ring. It starts small and doubles as text comes, so that a thousand
 * quiet guests cost little; without memory to grow it forgets text earlier.
 */
#include "console.h"

#include <stdlib.h>
#include <string.h>

#include <abi/errno.h>

#define FIRST_SIZE 512

int scrollback_init(struct scrollback *back, size_t most)
{
    *back = (struct scrollback){ .size = FIRST_SIZE, .most = FIRST_SIZE };
    while (back->most < most)
        back->most *= 2;
    back->text = malloc(back->size);
    return back->text ? 0 : -XEN_ENOMEM;
}

void scrollback_free(struct scrollback *back)
{
    free(back->text);
    back->text = NULL;
}

uint64_t scrollback_start(const struct scrollback *back)
{
    return back->end > back->size ? back->end - back->size : 0;
}

size_t scrollback_at(const struct scrollback *back, uint64_t position, const char **text)
{
    size_t offset = position & (back->size - 1);
    size_t to_wrap = back->size - offset;

    *text = back->text + offset;
    return back->end - position < to_wrap ? back->end - position : to_wrap;
}

/* Nothing has been overwritten yet, so the text is in one piece at the start. */
static void grow(struct scrollback *back)
{
    char *more = realloc(back->text, back->size * 2);

    if (!more) {
        back->most = back->size;
        return;
    }
    back->text = more;
    back->size *= 2;
}

void scrollback_add(struct scrollback *back, const char *text, size_t n)
{
    while (back->size < back->most && back->end + n > back->size)
        grow(back);
    while (n) {
        size_t offset = back->end & (back->size - 1);
        size_t run = back->size - offset < n ? back->size - offset : n;

        memcpy(back->text + offset, text, run);
        text += run;
        n -= run;
        back->end += run;
    }
}
