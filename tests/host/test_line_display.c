/* SPDX-License-Identifier: MIT */
/*
 * The line at the control domain's prompt against a small terminal: whatever linenoise draws
 * and whenever it is flushed, the screen's last line is the text and the cursor is where it
 * belongs.
 */
#include "test.h"

#include "../../mini-os/apps/control-domain/line_display.h"
#include "../../mini-os/apps/control-domain/terminal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 200

/* The terminal: its last line. */
static char screen[COLUMNS + 1];
static unsigned int column;
static size_t bytes_written, sequences;

static void put(char c)
{
    if (c == '\n') {
        memset(screen, ' ', COLUMNS);
        column = 0;
    } else if (c == '\r') {
        column = 0;
    } else {
        assert_true(column < COLUMNS);
        screen[column++] = c;
    }
}

/* ESC [ number letter; returns where it ends. */
static const char *obey(const char *at)
{
    unsigned int number = (unsigned int)strtoul(at + 2, (char **)&at, 10);

    sequences++;
    if (*at == 'K')
        memset(screen + column, ' ', COLUMNS - column);
    else if (*at == 'C')
        column += number;
    else
        fail();
    return at + 1;
}

void terminal_write(const void *bytes, size_t n)
{
    char text[2048];

    assert_true(n < sizeof(text));
    memcpy(text, bytes, n);
    text[n] = '\0';
    bytes_written += n;
    for (const char *at = text; at < text + n;) {
        if (*at == '\x1b')
            at = obey(at);
        else
            put(*at++);
    }
}

static int clear(void **state)
{
    (void)state;
    display_end();
    put('\n');
    bytes_written = sequences = 0;
    return 0;
}

/* As linenoise does. */
static void draw(const char *text, unsigned int cursor)
{
    char all[512];
    int n = snprintf(all, sizeof(all), "\r\x1b[0K%s\r", text);

    if (cursor)
        n += snprintf(all + n, sizeof(all) - (size_t)n, "\x1b[%uC", cursor);
    display_write(all, (size_t)n);
}

static void assert_screen(const char *text, unsigned int cursor)
{
    char line[COLUMNS + 1];

    snprintf(line, sizeof(line), "%-*s", COLUMNS, text);
    assert_string_equal(screen, line);
    assert_int_equal(column, cursor);
}

static void test_typing_costs_what_is_typed(void **state)
{
    (void)state;
    draw("> ", 2);
    display_flush();
    draw("> l", 3);
    draw("> li", 4);
    assert_screen("> ", 2);
    display_flush();
    assert_screen("> li", 4);
    assert_int_equal(bytes_written, 4);
    assert_int_equal(sequences, 0);
    display_flush();
    assert_int_equal(bytes_written, 4);
}

static void test_messages_take_the_place(void **state)
{
    (void)state;
    draw("> abc", 5);
    display_flush();
    display_hide(10);
    terminal_write("0123456789\n", 11);
    assert_int_equal(sequences, 0);
    display_flush();
    assert_screen("> abc", 5);
    display_hide(3);
    assert_screen("", 0);
    display_leave();
    display_flush();
    assert_screen("> abc", 5);
}

static void test_a_finished_line_is_left(void **state)
{
    (void)state;
    draw("> abc", 3);
    display_end();
    assert_screen("", 0);
    display_flush();
    display_hide(0);
    assert_screen("", 0);
}

static void test_long_text_is_cut(void **state)
{
    char all[1600] = "\r\x1b[0K";
    size_t n = 5;

    (void)state;
    while (n < 1500) {
        memcpy(all + n, "\x1b[1C", 4);
        n += 4;
    }
    all[n++] = '\r';
    display_write(all, n);
    display_hide(0);
}

/* Edits as they come, flushed and interrupted now and then. */
static void test_any_edits(void **state)
{
    static const char message[] = "a message as long as some lines are";
    char text[60] = "> ";
    unsigned int seed = 1, n = 2, cursor = 2;

    (void)state;
    draw(text, cursor);
    for (unsigned int i = 0; i < 100000; i++) {
        unsigned int what = (seed = seed * 1103515245 + 12345) >> 16 & 15;

        if (what < 6 && n < sizeof(text) - 1) {
            memmove(text + cursor + 1, text + cursor, n - cursor + 1);
            text[cursor++] = (char)('a' + what);
            n++;
        } else if (what < 8 && cursor > 2) {
            cursor--;
        } else if (what < 11 && cursor > 2) {
            memmove(text + cursor - 1, text + cursor, n - cursor + 1);
            cursor--;
            n--;
        } else if (what == 11) {
            cursor = n;
        } else if (what == 12) {
            display_hide(sizeof(message) - 1);
            terminal_write(message, sizeof(message) - 1);
            assert_screen(message, sizeof(message) - 1);
            put('\n');
        }
        draw(text, cursor);
        if (what & 1) {
            display_flush();
            assert_screen(text, cursor);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_typing_costs_what_is_typed, clear),
        cmocka_unit_test_setup(test_messages_take_the_place, clear),
        cmocka_unit_test_setup(test_a_finished_line_is_left, clear),
        cmocka_unit_test_setup(test_long_text_is_cut, clear),
        cmocka_unit_test_setup(test_any_edits, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
