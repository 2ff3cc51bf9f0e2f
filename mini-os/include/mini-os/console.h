/* SPDX-License-Identifier: MIT */
/*
 * Output on the hypervisor's console, and formatting, by general registers only.
 *
 * Works from the first instruction in C on, in every context. Lines that different
 * vCPUs print at once may interleave, characters of one call do not. Programs without a
 * C library call the functions by their usual names; with one (MINI_OS_KERNEL), those
 * names are the C library's.
 */
#ifndef MINI_OS_CONSOLE_H
#define MINI_OS_CONSOLE_H

#include <stdarg.h>
#include <mini-os/compiler.h>

/* Writes len bytes. */
void console_write(const char *text, size_t len);

/*
 * Reads what the console has received, without waiting. Returns the number of bytes
 * (at most len), or a negative errno.
 */
int console_read(char *buf, size_t len);

/*
 * Formats into buf, at most size bytes with the terminating zero. Knows the conversions
 * d i u x X o p s c %, flags 0 - #, width and precision (also *), lengths hh h l ll z.
 * Returns the length that the whole text has.
 */
int kvsnprintf(char *buf, size_t size, const char *fmt, va_list args) printf_like(3, 0);
int ksnprintf(char *buf, size_t size, const char *fmt, ...) printf_like(3, 4);

/* Formats and writes; what exceeds 512 bytes is cut off. Returns the length written. */
int kvprintf(const char *fmt, va_list args) printf_like(1, 0);
int kprintf(const char *fmt, ...) printf_like(1, 2);

/* If set, gets a copy of all that kprintf() writes. Must work in every context. */
extern void (*console_copy)(const char *text, size_t len);

#ifndef MINI_OS_KERNEL
#define vsnprintf kvsnprintf
#define snprintf  ksnprintf
#define vprintf   kvprintf
#define printf    kprintf
#endif

#endif
