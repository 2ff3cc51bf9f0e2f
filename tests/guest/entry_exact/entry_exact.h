/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the test share.
 */
#ifndef ENTRY_EXACT_H
#define ENTRY_EXACT_H

#include <mini-os/user.h>
#include <random.h>
#include <test.h>

#include "trips.h"

#define VCPUS 4

#define FLAG_FIXED 0x000002UL
#define FLAG_TF    0x000100UL
#define FLAG_IF    0x000200UL
/* CF PF AF ZF SF DF OF ID, and AC besides. */
#define FLAGS_RANDOM   0x200cd5UL
#define FLAGS_COMPARED (FLAGS_RANDOM | 0x040000UL | FLAG_TF)

/* One vCPU's part. */
struct traveller {
    struct trip trip;
    struct random random;
    unsigned int id;
    int timer, ipi; /* ports */
    volatile unsigned int events;
    volatile pte_t *store_at; /* an entry of a page table */
    uint64_t cpuid[4];        /* leaf 0x40000000 */
};

struct traveller *this_traveller(void);

/* check.c: registers by index R_*; RFLAGS are random in FLAGS_RANDOM. */
void regs_random(struct random *random, uint64_t *regs);
void regs_of_frame(const struct trap_frame *frame, uint64_t *regs);
void regs_to_frame(const uint64_t *regs, struct trap_frame *frame);
/* Says where they differ. */
bool regs_check(const uint64_t *regs, const uint64_t *want, const char *trip);

/* kernel.c: each kind of trip from kernel mode, once. */
void kernel_begin(struct traveller *self);
void kernel_trips(struct traveller *self);
bool kernel_trap(struct trap_frame *frame);

/* user.c: each kind of trip from user mode, once. The page of code is mapped by
 * user_begin(). */
void user_begin(struct user_space *user);
void user_trips(struct traveller *self);

#endif
