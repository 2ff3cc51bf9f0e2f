/* SPDX-License-Identifier: MIT */
/*
 * Linenoise draws a line as
 *   CR, erase to the line's end | prompt and text | CR, go right N columns (if N is not 0)
 * for every byte typed. The last one counts when the screen is looked at, and text that
 * only became longer is continued.
 */
#include "line_display.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

#define ERASE      "\r\x1b[0K"
#define ERASE_SIZE (sizeof(ERASE) - 1)

struct line {
    char text[1024];
    size_t size;
    unsigned int cursor; /* column */
};

static struct line wanted, shown;
static bool is_current; /* wanted is what is shown */

/* Columns that text takes; escape sequences take none. */
static unsigned int width(const struct line *line)
{
    unsigned int columns = 0;

    for (size_t i = 0; i < line->size; i++) {
        if (line->text[i] != '\x1b') {
            columns++;
            continue;
        }
        while (i < line->size && !isalpha((unsigned char)line->text[i]))
            i++;
    }
    return columns;
}

static bool cursor_is_behind(const struct line *line)
{
    return line->cursor == width(line);
}

static bool continues(const struct line *line, const struct line *before)
{
    return before->size && cursor_is_behind(before) && line->size >= before->size &&
           !memcmp(line->text, before->text, before->size);
}

static void set_wanted(const char *text, size_t n)
{
    const char *tail = text;
    size_t left;

    for (size_t i = 0; i < n; i++)
        if (text[i] == '\r')
            tail = text + i;
    left = (size_t)(text + n - tail);
    wanted.size = (size_t)(tail - text);
    if (wanted.size > sizeof(wanted.text))
        wanted.size = sizeof(wanted.text);
    memcpy(wanted.text, text, wanted.size);
    wanted.cursor = left > 3 ? (unsigned int)strtoul(tail + 3, NULL, 10) : 0;
    is_current = false;
}

void display_write(const char *text, size_t n)
{
    if (n > ERASE_SIZE && !memcmp(text, ERASE, ERASE_SIZE)) {
        set_wanted(text + ERASE_SIZE, n - ERASE_SIZE);
        return;
    }
    /* It clears the screen. */
    terminal_write(text, n);
    shown.size = 0;
}

/* CR, and for a column other than 0 the sequence that goes there. */
static void place_cursor(unsigned int column)
{
    char text[16] = "\r";

    if (column)
        snprintf(text, sizeof(text), "\r\x1b[%uC", column);
    terminal_write(text, strlen(text));
}

void display_flush(void)
{
    size_t kept = 0;

    if (is_current)
        return;
    if (continues(&wanted, &shown))
        kept = shown.size;
    else if (shown.size)
        terminal_write(ERASE, ERASE_SIZE);
    terminal_write(wanted.text + kept, wanted.size - kept);
    if (!cursor_is_behind(&wanted))
        place_cursor(wanted.cursor);
    shown = wanted;
    is_current = true;
}

void display_hide(size_t columns)
{
    if (shown.size && width(&shown) <= columns)
        terminal_write("\r", 1);
    else if (shown.size)
        terminal_write(ERASE, ERASE_SIZE);
    shown.size = 0;
    is_current = false;
}

void display_leave(void)
{
    terminal_write("\n", 1);
    shown.size = 0;
    is_current = false;
}

void display_end(void)
{
    display_flush();
    terminal_write("\n", 1);
    shown.size = wanted.size = 0;
    is_current = true;
}
