/* SPDX-License-Identifier: MIT */
/*
 * The line that is being edited, on the screen. Linenoise says what is to be seen; it is
 * drawn when that is asked for, as what has changed.
 */
#ifndef LINE_DISPLAY_H
#define LINE_DISPLAY_H

#include <stddef.h>

/* A whole line as linenoise draws it, or anything else, which goes out at once. */
void display_write(const char *text, size_t n);
/* Draws what is to be seen and is not yet. */
void display_flush(void);
/* The cursor is to be where a text of so many columns can take the line's place; the next
 * flush draws the line. Escape sequences are avoided: there may be no terminal. */
void display_hide(size_t columns);
/* Leaves the line as it is and goes to the next one; the next flush draws it again. */
void display_leave(void);
/* The line is finished: draws it and goes to the next one. */
void display_end(void);

#endif
