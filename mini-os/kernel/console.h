/* SPDX-License-Identifier: MIT */
/*
 * The console's bytes (console.c), and the line discipline over them (tty.c), which
 * <termios.h> controls. Threads only.
 */
#ifndef MINI_OS_KERNEL_CONSOLE_H
#define MINI_OS_KERNEL_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include <mini-os/compiler.h>

struct termios;
struct winsize;

/* Whether there is a ring, whose other end wants "\r\n". */
bool console_is_ring(void);

/* Writes all of it, waiting for room. */
void console_put(const char *text, size_t len);

/* A deadline that lets console_get() not wait at all. */
#define TIME_NOW 0

/* Waits for input until the deadline. Returns how many bytes it took; 0 at the deadline. */
size_t console_get(char *buf, size_t len, uint64_t deadline);

/* As read() and write() of a terminal. */
size_t tty_read(char *buf, size_t len);
void tty_write(const char *text, size_t len);

/* Whether tty_read() would not wait. When another thread is reading it says no. */
bool tty_is_readable(void);

void tty_get_modes(struct termios *modes);
void tty_set_modes(const struct termios *modes);
void tty_get_size(struct winsize *size);
void tty_set_size(const struct winsize *size);

#endif
