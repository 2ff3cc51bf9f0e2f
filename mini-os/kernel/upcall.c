/* SPDX-License-Identifier: MIT */
/*
 * Event upcalls of programs that use SSE registers anywhere: the interrupted code's are
 * kept, so that handlers are C like any other.
 */
#include "../core/internal.h"

struct fpu_image {
    uint8_t bytes[512];
} __attribute__((aligned(16)));

void event_upcall(void)
{
    struct fpu_image interrupted;

    asm volatile("fxsave64 %0" : "=m"(interrupted));
    events_dispatch();
    asm volatile("fxrstor64 %0" : : "m"(interrupted));
}
