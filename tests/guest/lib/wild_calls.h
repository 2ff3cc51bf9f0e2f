/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls with wild arguments: numbers, commands, pointers, lengths, frames and
 * domains from a pool of values that are wrong in interesting ways, mixed with a few that
 * are right. Whatever would end the machine, or take away what the program itself stands
 * on, is left out or undone after each call.
 */
#ifndef TEST_WILD_CALLS_H
#define TEST_WILD_CALLS_H

#include <mini-os/compiler.h>

#include "random.h"

#define WILD_PAGES 8

/* Takes frames and addresses for the pool; once, on vCPU 0. */
void wild_init(void);

/* The memory that calls find their arguments in: WILD_PAGES pages. */
extern uint64_t *wild_memory;

/* A value from the pool. */
uint64_t wild_value(struct random *r);

/* Fills a stretch of the memory with values from the pool. */
void wild_scribble(struct random *r);

/* One call; checks that the answer is not one that no hypercall gives. */
void wild_call(struct random *r);

/* Closes the ports that the calls have opened, and gives this vCPU its state back. */
void wild_finish(void);

#endif
