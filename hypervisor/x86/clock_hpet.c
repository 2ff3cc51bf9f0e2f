/* SPDX-License-Identifier: MIT */
/* The HPET's main counter as a clock. */
#include "platform.h"

#include <hv/heap.h>
#include <hv/layout.h>
#include <hv/lib.h>

#define HPET_PERIOD   (0x004 / 4) /* femtoseconds per tick */
#define HPET_CONFIG   (0x010 / 4)
#define HPET_COUNTER  (0x0f0 / 4)
#define CONFIG_RUN    (1u << 0)
#define CONFIG_LEGACY (1u << 1)
#define MAX_PERIOD    100000000u
#define FS_PER_SEC    1000000000000000ull

static volatile uint32_t *hpet __ro_after_init;

static __init bool hpet_probe(void)
{
    uint32_t period;

    hpet = machine.hpet ? vmap_device(machine.hpet, PAGE_SIZE) : NULL;
    if (!hpet)
        return false;
    period = hpet[HPET_PERIOD];
    if (!period || period > MAX_PERIOD)
        return false;
    clock_hpet.hz = FS_PER_SEC / period;
    hpet[HPET_CONFIG] = (hpet[HPET_CONFIG] & ~CONFIG_LEGACY) | CONFIG_RUN;
    return true;
}

/* The lower half alone: 64-bit reads are not atomic everywhere, and 32 bits suffice. */
static uint64_t hpet_read(void)
{
    return hpet[HPET_COUNTER];
}

struct clock_source clock_hpet __ro_after_init = {
    .name = "hpet", .probe = hpet_probe, .read = hpet_read, .mask = UINT32_MAX
};
