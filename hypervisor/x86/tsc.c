/* SPDX-License-Identifier: MIT */
/* The time-stamp counter's rate, where the processor tells it, and as a scale. */
#include "platform.h"

#include <hv/cpu.h>
#include <hv/lib.h>

/* Leaf 0x15: ratio to the crystal, and the crystal's rate; both must be there. */
__init uint64_t tsc_rate_from_cpuid(void)
{
    struct cpuid_regs r;

    if (host_cpu.max_leaf < 0x15)
        return 0;
    r = cpuid(0x15, 0);
    return r.a && r.b && r.c ? (uint64_t)r.c * r.b / r.a : 0;
}

struct time_scale scale_from_hz(uint64_t hz)
{
    struct time_scale s = { 0, 0 };

    while (hz > 2 * (uint64_t)NS_PER_SEC) {
        hz >>= 1;
        s.shift--;
    }
    while (hz <= (uint64_t)NS_PER_SEC) {
        hz <<= 1;
        s.shift++;
    }
    s.mul_frac = (uint32_t)(((uint64_t)NS_PER_SEC << 32) / hz);
    return s;
}
