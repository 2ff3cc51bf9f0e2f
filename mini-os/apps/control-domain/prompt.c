/* SPDX-License-Identifier: MIT */
/* The prompt on the machine's console. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mini-os/words.h>

#include "control.h"
#include "editor.h"
#include "terminal.h"

#define PROMPT    "pavise> "
#define MAX_WORDS 100

void control_say(const char *format, ...)
{
    char text[512];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof(text) - 1, format, args);
    va_end(args);
    if (n < 0)
        return;
    if ((size_t)n > sizeof(text) - 2)
        n = sizeof(text) - 2;
    text[n++] = '\n';
    editor_print(text, (size_t)n);
}

/* --- completion --- */

struct candidates {
    char *word[256];
    unsigned int count;
};

static void collect(void *to, const char *word)
{
    struct candidates *all = to;

    if (all->count < sizeof(all->word) / sizeof(all->word[0])) {
        all->word[all->count] = strdup(word);
        all->count += !!all->word[all->count];
    }
}

static void free_candidates(struct candidates *all)
{
    while (all->count)
        free(all->word[--all->count]);
}

/* Words of the first size bytes of line; *words must have room for MAX_WORDS. */
static unsigned int split_start(const char *line, size_t size, char *copy, char **words)
{
    memcpy(copy, line, size);
    copy[size] = '\0';
    return split_words(copy, words, MAX_WORDS);
}

/* Where the last word of line begins, quotes and all; its end when that is a blank. */
static size_t last_word(const char *line, char *copy, char **words)
{
    size_t start = strlen(line);
    unsigned int count = split_start(line, start, copy, words);
    bool in_word;

    /* With one more character, is there one more word? */
    memcpy(copy, line, start);
    strcpy(copy + start, "x");
    in_word = split_words(copy, words, MAX_WORDS) == count;
    if (!in_word)
        return start;
    while (start &&
           (line[start - 1] != ' ' || split_start(line, start, copy, words) != count - 1))
        start--;
    return start;
}

/* Appends n bytes of word, as the splitting of lines wants it. False: no room. */
static bool append_word(char *line, const char *word, size_t n)
{
    size_t at = strlen(line);

    for (size_t i = 0; i < n; i++) {
        if (at >= EDITOR_LINE - 3)
            return false;
        if (strchr(" \t'\"\\", word[i]))
            line[at++] = '\\';
        line[at++] = word[i];
    }
    line[at] = '\0';
    return true;
}

/* How many bytes all candidates begin with. */
static size_t common_size(const struct candidates *all)
{
    size_t size = strlen(all->word[0]);

    for (unsigned int i = 1; i < all->count; i++)
        for (size_t n = 0; n < size; n++)
            if (all->word[i][n] != all->word[0][n])
                size = n;
    return size;
}

static void show_candidates(const struct candidates *all)
{
    unsigned int width = 1, column = 0;

    for (unsigned int i = 0; i < all->count; i++)
        if (strlen(all->word[i]) + 2 > width)
            width = (unsigned int)strlen(all->word[i]) + 2;
    editor_leave();
    for (unsigned int i = 0; i < all->count; i++) {
        terminal_write(all->word[i], strlen(all->word[i]));
        column += width;
        if (column + width > TERMINAL_COLUMNS || i + 1 == all->count) {
            terminal_write("\n", 1);
            column = 0;
        } else {
            for (size_t n = strlen(all->word[i]); n < width; n++)
                terminal_write(" ", 1);
        }
    }
    editor_show();
}

/* A folder or "key=" goes on; anything else that is the only one is finished. */
static bool is_finished(const char *word)
{
    size_t size = strlen(word);

    return size && word[size - 1] != '/' && word[size - 1] != '=';
}

/* line: what was typed up to the word, of which the last size bytes are given. */
static void offer(const struct candidates *all, char *line, size_t typed,
                  void (*add)(void *to, const char *line), void *to)
{
    size_t common = all->count ? common_size(all) : 0;
    bool is_only = all->count == 1;

    if (!all->count)
        return;
    if (!is_only && common <= typed) {
        show_candidates(all);
        return;
    }
    if (!append_word(line, all->word[0], common))
        return;
    if (is_only && is_finished(all->word[0]))
        strcat(line, " ");
    add(to, line);
}

static void complete(const char *typed, void (*add)(void *to, const char *line), void *to)
{
    static struct candidates all;
    static char line[EDITOR_LINE], copy[EDITOR_LINE + 2];
    static char *words[MAX_WORDS + 1];
    static char empty[1];
    size_t start;
    unsigned int count;

    free_candidates(
        &all); /* of a time when offer() found no memory, and did not return */
    if (strlen(typed) >= EDITOR_LINE)
        return;
    start = last_word(typed, copy, words);
    count = split_start(typed, strlen(typed), copy, words);
    if (!typed[start])
        words[count++] = empty;
    control_complete((int)count, (const char *const *)words, collect, &all);
    memcpy(line, typed, start);
    line[start] = '\0';
    offer(&all, line, strlen(words[count - 1]), add, to);
    free_candidates(&all);
}

/* --- lines --- */

static void run_line(char *line)
{
    char *words[MAX_WORDS + 1];
    unsigned int count = split_words(line, words, MAX_WORDS + 1);

    if (!count || words[0][0] == '#')
        return;
    if (count > MAX_WORDS) {
        control_say("more than %u words", MAX_WORDS);
        return;
    }
    words[count] = NULL;
    terminal_begin();
    control_run(&terminal_io, (int)count, (const char *const *)words);
    terminal_end();
}

static void end_of_input(void)
{
    if (control_has_guests())
        control_say(
            "There are domains still; \"list\" shows them, \"poweroff\" ends them "
            "and the machine.");
    else
        machine_end(NULL, false);
}

void prompt_run(void)
{
    static char line[EDITOR_LINE];

    editor_set_completion(complete);
    while (!machine_is_ending()) {
        switch (editor_read(PROMPT, line)) {
        case EDITOR_LINE_READ:
            run_line(line);
            break;
        case EDITOR_INTERRUPTED:
            break;
        case EDITOR_ENDED:
            end_of_input();
            break;
        }
    }
}
