/* SPDX-License-Identifier: MIT */
/*
 * The machine's console as the terminal of the prompt and of the commands typed there.
 * One thread, the prompt's, uses all of this but terminal_wake().
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ts/cli.h>

#define TERMINAL_COLUMNS 80
#define TERMINAL_ROWS    24

/* False: no descriptor or memory for it. */
bool terminal_init(void);

/* Whether something has been typed that nobody has taken. */
bool terminal_has_input(void);
/* Waits for it; false: woken, or deadline (system time in ns; TIME_NEVER) has passed. */
bool terminal_wait(uint64_t deadline);
/* Ends terminal_wait(), the next one if there is none now. In any context. */
void terminal_wake(void *unused);

/* The next byte, which there must be; peek leaves it there. */
unsigned char terminal_peek(void);
unsigned char terminal_take(void);

void terminal_write(const void *bytes, size_t n);

/*
 * Around a command that runs: from begin on ^C interrupts it, and input that it does not
 * read stays for the prompt. end leaves the cursor at a line's start.
 */
void terminal_begin(void);
void terminal_end(void);

/* For ts_cli_run() of a command between the two. */
extern const struct ts_cli_io terminal_io;

#endif
