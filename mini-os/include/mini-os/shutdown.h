/* SPDX-License-Identifier: MIT */
/*
 * The end of the domain, and requests for it.
 *
 * exit() runs what atexit() was given, flushes stdio and powers off. A status other than
 * 0 is said on the console and ends the domain with SHUTDOWN_crash, the one way in which
 * the toolstack can tell. abort() and failed assertions are a panic: backtrace and crash.
 *
 * "poweroff", "halt", "reboot" and "suspend" in control/shutdown are answered by a thread
 * of the kernel; before the first three it asks the handler.
 */
#ifndef MINI_OS_SHUTDOWN_H
#define MINI_OS_SHUTDOWN_H

#include <mini-os/compiler.h>

/*
 * Called in the kernel's thread when somebody wants the domain to end with the reason
 * SHUTDOWN_poweroff or SHUTDOWN_reboot. Returns true to let the kernel do it at once,
 * false when the program will call exit_with_reason() itself.
 */
typedef bool shutdown_handler_t(unsigned int reason);

/* Sets the handler; NULL, as at start, for none. */
void shutdown_set_handler(shutdown_handler_t *handler);

/* exit(0), but the domain ends with the reason SHUTDOWN_*. */
noreturn void exit_with_reason(unsigned int reason);

#endif
