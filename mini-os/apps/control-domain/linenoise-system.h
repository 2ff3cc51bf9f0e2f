/* SPDX-License-Identifier: MIT */
/*
 * What linenoise.c, which is compiled with this in front of it and COMPILING_LINENOISE,
 * takes for the system: the terminal and the memory that editor.c gives it.
 */
#ifndef LINENOISE_SYSTEM_H
#define LINENOISE_SYSTEM_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

ssize_t linenoise_read(void *byte);
ssize_t linenoise_write(const char *text, size_t n);
int linenoise_poll(int timeout);
void linenoise_newline(void);
void linenoise_beep(void);

/* These do not return when there is no memory. Memory from malloc() is zeroed. */
void *linenoise_malloc(size_t size);
void *linenoise_realloc(void *old, size_t size);
char *linenoise_strdup(const char *text);
void linenoise_free(void *old);

#ifdef COMPILING_LINENOISE

#define read(fd, byte, n)     linenoise_read(byte)
#define write(fd, text, n)    linenoise_write(text, n)
#define poll(fds, n, timeout) linenoise_poll(timeout)
#define printf(...)           linenoise_newline()
#define fprintf(stream, text) linenoise_beep()
#define fflush(stream)

/* The terminal is as linenoise wants it, and nobody stops the program by ^Z. */
#define isatty(fd)               1
#define tcgetattr(fd, modes)     (*(modes) = (struct termios){ 0 }, 0)
#define tcsetattr(fd, how, mode) 0
#undef SIGTSTP

#define malloc(size)       linenoise_malloc(size)
#define calloc(n, size)    linenoise_malloc((n) * (size))
#define realloc(old, size) linenoise_realloc(old, size)
#define strdup(text)       linenoise_strdup(text)
#define free(old)          linenoise_free(old)

#endif

#endif
