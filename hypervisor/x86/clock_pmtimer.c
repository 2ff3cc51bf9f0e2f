/* SPDX-License-Identifier: MIT */
/* The ACPI power-management timer as a clock: an I/O port that counts at 3.58 MHz. */
#include "platform.h"

#include <hv/cpu.h>

static uint16_t port __ro_after_init;

static uint64_t pm_timer_read(void)
{
    uint32_t v;

    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v & clock_pm_timer.mask;
}

static __init bool pm_timer_probe(void)
{
    uint64_t first;

    if (machine.pm_timer.space != 1 || !machine.pm_timer.address ||
        machine.pm_timer.address > UINT16_MAX)
        return false;
    port = (uint16_t)machine.pm_timer.address;
    if (machine.pm_timer_is_32bit)
        clock_pm_timer.mask = UINT32_MAX;
    first = pm_timer_read();
    for (unsigned int i = 0; i < 1000; i++)
        if (pm_timer_read() != first)
            return true;
    return false;
}

struct clock_source clock_pm_timer __ro_after_init = { .name = "acpi",
                                                       .probe = pm_timer_probe,
                                                       .read = pm_timer_read,
                                                       .mask = 0xffffff,
                                                       .hz = 3579545 };
