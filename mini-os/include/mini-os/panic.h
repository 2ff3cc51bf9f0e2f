/* SPDX-License-Identifier: MIT */
/*
 * The end: message, registers, backtrace by frame pointers, shutdown with SHUTDOWN_crash.
 */
#ifndef MINI_OS_PANIC_H
#define MINI_OS_PANIC_H

#include <mini-os/compiler.h>

struct trap_frame;

noreturn void panic(const char *fmt, ...) printf_like(1, 2);

/* The same for a trap: prints the interrupted registers and that code's backtrace. */
noreturn void panic_frame(const struct trap_frame *frame, const char *what);

/* States an invariant of the library; also checked in release builds. */
#define BUG_ON(cond)                                       \
    do {                                                   \
        if (cond)                                          \
            panic("%s:%d: %s", __FILE__, __LINE__, #cond); \
    } while (0)

#endif
