/* SPDX-License-Identifier: MIT */
/*
 * Event upcalls of programs that use general registers only. A kernel whose code uses
 * others links a file of its own in this one's place.
 */
#include "internal.h"

void event_upcall(void)
{
    events_dispatch();
}
