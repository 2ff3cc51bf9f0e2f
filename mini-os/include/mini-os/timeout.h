/* SPDX-License-Identifier: MIT */
/*
 * Functions to be called at a time. They run in the timer event's handler, with event
 * delivery off; any number may be set, all on vCPU 0's single-shot timer.
 */
#ifndef MINI_OS_TIMEOUT_H
#define MINI_OS_TIMEOUT_H

#include <mini-os/compiler.h>

/* All zero is one that is not set. */
struct timeout {
    struct timeout *next;
    struct timeout **link; /* what points to this one; NULL when it is not set */
    uint64_t deadline;
    void (*fn)(struct timeout *timeout);
};

/*
 * Calls fn(timeout) at system time deadline (ns), or soon after; set anew when it is set
 * already. fn may set it again. In any context.
 */
void timeout_set(struct timeout *timeout, uint64_t deadline,
                 void (*fn)(struct timeout *timeout));

/* Returns whether it was set. In any context. */
bool timeout_cancel(struct timeout *timeout);

#endif
