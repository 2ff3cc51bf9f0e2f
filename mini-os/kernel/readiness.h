/* SPDX-License-Identifier: MIT */
/*
 * Waiting for files to become ready. Changes of readiness are counted, so that one which
 * comes while the files are looked at is not missed.
 */
#ifndef MINI_OS_KERNEL_READINESS_H
#define MINI_OS_KERNEL_READINESS_H

#include <stdint.h>

/* Some file may be ready now. In any context. */
void poll_wake(void);

/* How many changes there have been. */
unsigned long poll_changes(void);

/* Waits until there have been more changes than those, or the deadline. Returns 0 or
 * -ETIMEDOUT. */
int poll_wait(unsigned long changes, uint64_t deadline);

#endif
