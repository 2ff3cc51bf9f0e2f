/* SPDX-License-Identifier: MIT */
/*
 * Lines typed at the terminal (terminal.h), edited by linenoise. In the prompt's thread,
 * but for editor_print().
 */
#ifndef EDITOR_H
#define EDITOR_H

#include <stdbool.h>
#include <stddef.h>

#define EDITOR_LINE 2048 /* bytes of a line with its final zero */

enum editor_result {
    EDITOR_LINE_READ,
    EDITOR_INTERRUPTED, /* ^C, or the line is too long or found no memory, which is said */
    EDITOR_ENDED,       /* ^D in an empty line */
};

/* Reads a line, without its end, into line[EDITOR_LINE], and keeps it for later ones. */
enum editor_result editor_read(const char *prompt, char *line);

/*
 * What the tab key does: complete(line, add) calls add with lines that may stand instead;
 * none: a sound.
 */
void editor_set_completion(void (*complete)(const char *line,
                                            void (*add)(void *to, const char *line),
                                            void *to));

/* Prints lines while one may be being edited, which is there again behind them. */
void editor_print(const char *text, size_t n);
/* The same below the line, by complete(): print, any number of times, then show. */
void editor_leave(void);
void editor_show(void);

#endif
