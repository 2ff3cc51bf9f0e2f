/* SPDX-License-Identifier: MIT */
/* Random numbers that are the same in every run. */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <mini-os/compiler.h>

struct random {
    uint64_t state; /* any seed */
};

static inline uint64_t random_next(struct random *r)
{
    r->state = r->state * 6364136223846793005ul + 1442695040888963407ul;
    return r->state >> 32 | r->state << 32;
}

static inline unsigned int random_below(struct random *r, unsigned int n)
{
    return (random_next(r) & 0xffffffff) % n;
}

#endif
