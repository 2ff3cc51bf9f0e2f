/* SPDX-License-Identifier: MIT */
/* Random numbers, as the toolstack asks for them. */
#include <cpuid.h>
#include <string.h>

#include <mini-os/time.h>

#include "control.h"

static bool cpu_has_rdrand(void)
{
    unsigned int a, b, c, d;

    return __get_cpuid(1, &a, &b, &c, &d) && c & bit_RDRND;
}

/* 0 when the processor has none to give. */
static uint64_t rdrand(void)
{
    unsigned long value;
    bool good;

    asm volatile("rdrand %0" : "=r"(value), "=@ccc"(good));
    return good ? value : 0;
}

/* A step of splitmix64: every bit of the state has a say in all bits of the result. */
static uint64_t mix(uint64_t state)
{
    state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9ull;
    state = (state ^ (state >> 27)) * 0x94d049bb133111ebull;
    return state ^ (state >> 31);
}

/* The processor's random numbers where it has some, and in any case the moment. */
void random_bytes(void *context, void *bytes, size_t n)
{
    static uint64_t state;
    unsigned char *to = bytes;

    (void)context;
    while (n) {
        size_t part = n < sizeof(state) ? n : sizeof(state);

        state = mix(state + 0x9e3779b97f4a7c15ull + read_tsc());
        if (cpu_has_rdrand())
            state ^= rdrand();
        memcpy(to, &state, part);
        to += part;
        n -= part;
    }
}
