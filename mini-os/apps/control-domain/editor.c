/* SPDX-License-Identifier: MIT */
/*
 * Linenoise between the terminal's bytes and the prompt.
 *
 * It is made for a process of its own and knows neither others that print nor a want of
 * memory, so it gets a system of ours (linenoise-system.h):
 *   - a line is drawn when there is nothing more to read, and what is appended to it costs
 *     its own bytes only;
 *   - its memory is limited, and when there is none, all of it is given back and the line
 *     abandoned by longjmp().
 */
#include "editor.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <mini-os/thread.h>
#include <mini-os/time.h>

#include "linenoise-system.h"
#include "line_display.h"
#include "terminal.h"

#include <linenoise.h>

#define MEMORY_LIMIT (128 << 10)
#define HISTORY      50
#define NO_KEY       0x07 /* ^G: ends linenoise's completion, and does nothing else */

/* --- memory --- */

struct block {
    struct block *next;
    size_t size;
    char bytes[] __attribute__((aligned(16)));
};

static struct block *blocks;
static size_t blocks_size;
static jmp_buf give_up;

/* What leads to the block of that memory; NULL when it is none. */
static struct block **find_block(const void *memory)
{
    for (struct block **link = &blocks; *link; link = &(*link)->next)
        if ((*link)->bytes == memory)
            return link;
    return NULL;
}

void *linenoise_malloc(size_t size)
{
    struct block *block = NULL;

    if (size <= MEMORY_LIMIT - blocks_size)
        block = calloc(1, sizeof(*block) + size);
    if (!block)
        longjmp(give_up, 1);
    block->size = size;
    block->next = blocks;
    blocks = block;
    blocks_size += size;
    return block->bytes;
}

void linenoise_free(void *old)
{
    struct block **link = old ? find_block(old) : NULL;
    struct block *block;

    if (!link)
        return;
    block = *link;
    *link = block->next;
    blocks_size -= block->size;
    free(block);
}

void *linenoise_realloc(void *old, size_t size)
{
    struct block **link = old ? find_block(old) : NULL;
    size_t keep = link ? (*link)->size : 0;
    void *fresh = linenoise_malloc(size);

    if (keep)
        memcpy(fresh, old, keep < size ? keep : size);
    linenoise_free(old);
    return fresh;
}

char *linenoise_strdup(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(linenoise_malloc(size), text, size);
}

/* The history's pointers may be to memory that is free already: that is known here. */
static void free_everything(void)
{
    linenoiseHistoryFree();
    while (blocks)
        linenoise_free(blocks->bytes);
}

/* --- terminal --- */

#define INTERRUPT 0x03              /* ^C */
#define KEYS_MAX  (2 * EDITOR_LINE) /* typed in one line */

static bool is_editing, completion_is_shown, is_interrupted;
static bool skips_line; /* what is left of it is of no use */
static unsigned int keys;

static bool ends_line(unsigned char c)
{
    return c == '\r' || c == '\n' || c == INTERRUPT;
}

static unsigned char next_key(void)
{
    while (!terminal_has_input()) {
        display_flush();
        terminal_wait(TIME_NEVER);
    }
    if (iscntrl(terminal_peek()))
        display_flush();
    return terminal_take();
}

ssize_t linenoise_read(void *byte)
{
    unsigned char *to = byte;

    if (completion_is_shown) {
        completion_is_shown = false;
        *to = NO_KEY;
        return 1;
    }
    while (skips_line)
        skips_line = !ends_line(next_key());
    if (++keys > KEYS_MAX)
        longjmp(give_up, 1);
    *to = next_key();
    is_interrupted = *to == INTERRUPT;
    if (is_interrupted)
        terminal_write("^C", 2);
    return 1;
}

/* Asked for the rest of a key's sequence, with a timeout, and before each read, without. */
int linenoise_poll(int timeout)
{
    uint64_t deadline = time_now() + (uint64_t)timeout * NSEC_PER_MSEC;

    if (timeout < 0 || completion_is_shown)
        return 1;
    display_flush();
    while (!terminal_has_input() && time_now() < deadline)
        terminal_wait(deadline);
    return terminal_has_input();
}

ssize_t linenoise_write(const char *text, size_t n)
{
    display_write(text, n);
    return (ssize_t)n;
}

void linenoise_newline(void)
{
    display_end();
}

void linenoise_beep(void)
{
    terminal_write("\a", 1);
}

void editor_print(const char *text, size_t n)
{
    const char *end = memchr(text, '\n', n);

    if (is_editing)
        display_hide(end ? (size_t)(end - text) : n);
    terminal_write(text, n);
    if (is_editing)
        display_flush();
}

void editor_leave(void)
{
    display_leave();
}

void editor_show(void)
{
    display_flush();
}

/* --- completion --- */

static void (*completion)(const char *line, void (*add)(void *to, const char *line),
                          void *to);

static void add_completion(void *to, const char *line)
{
    linenoiseAddCompletion(to, line);
    completion_is_shown = true;
}

static void complete(const char *line, linenoiseCompletions *completions, void *unused)
{
    (void)unused;
    completion(line, add_completion, completions);
}

void editor_set_completion(void (*fn)(const char *line,
                                      void (*add)(void *to, const char *line), void *to))
{
    completion = fn;
    linenoiseSetCompletionCallback(complete, NULL);
}

/* --- lines --- */

static enum editor_result refuse_line(void)
{
    static const char text[] = "The line is too long, or there is no memory for it.\n";

    display_end();
    terminal_write(text, sizeof(text) - 1);
    return EDITOR_INTERRUPTED;
}

static enum editor_result take_line(char *read, char *line)
{
    size_t size = strlen(read) + 1;

    if (size > EDITOR_LINE) {
        linenoise_free(read);
        return refuse_line();
    }
    memcpy(line, read, size);
    if (*line)
        linenoiseHistoryAdd(line);
    linenoise_free(read);
    return EDITOR_LINE_READ;
}

static enum editor_result edit(const char *prompt, char *line)
{
    char *read;

    if (setjmp(give_up)) {
        free_everything();
        completion_is_shown = false;
        skips_line = true;
        return refuse_line();
    }
    linenoiseHistorySetMaxLen(HISTORY);
    read = linenoise(prompt);
    if (read)
        return take_line(read, line);
    return is_interrupted ? EDITOR_INTERRUPTED : EDITOR_ENDED;
}

enum editor_result editor_read(const char *prompt, char *line)
{
    enum editor_result result;

    is_editing = true;
    keys = 0;
    result = edit(prompt, line);
    is_editing = false;
    return result;
}
