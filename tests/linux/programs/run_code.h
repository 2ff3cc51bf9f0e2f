/* SPDX-License-Identifier: MIT */
/*
 * Runs pieces of machine code in child processes and tells what became of them: the first
 * signal with all that its handler sees, or that the code came to its end. Code of a
 * child may break anything of it: segment registers, flags, stack, floating point.
 */
#ifndef RUN_CODE_H
#define RUN_CODE_H

#include <stddef.h>
#include <stdint.h>

struct outcome {
    int32_t signal; /* 0: the end was reached; -1: none of this was told */
    int32_t code;
    int32_t trapno;
    int32_t error;
    intptr_t ip;       /* from the first byte of the code */
    uintptr_t address; /* si_addr */
    uintptr_t flags;   /* RFLAGS in the signal's frame */
};

/* Two pages that are zero when a piece of code begins; RAX (EAX) is the first one's
 * address, the stack pointer lies in the second. */
extern uint8_t *scratch;

/* Where the piece of code lies that is run. */
extern uint8_t *code_page;

/* Once, before all others. */
void run_code_init(void);

/*
 * Runs code[0..size-1] n times, at most 4096, with change(code, i) before each, in one
 * child and a new one whenever a child has ended. change may be NULL. *what: n outcomes.
 */
void run_code(const uint8_t *code, size_t size, unsigned int n,
              void (*change)(uint8_t *code, unsigned int i), struct outcome *what);

/* Prints the rest of a line: the outcome, by names; where the address is is told in
 * words where it could differ from run to run, and ip -1 is one outside the code. */
void print_outcome(const struct outcome *what);

#endif
