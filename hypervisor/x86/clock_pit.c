/* SPDX-License-Identifier: MIT */
/*
 * The PC's interval timer as a clock of 1.19 MHz: channel 2, which raises no interrupt,
 * counting down 65536 again and again. It wraps every 55 ms: good for calibration only.
 */
#include "platform.h"

#include <hv/cpu.h>

#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
#define PORT_B       0x61 /* bit 0: gate of channel 2; bit 1: loudspeaker */
#define CH2_MODE2    0xb4 /* rate generator, low then high byte */
#define CH2_LATCH    0x80

static __init bool pit_probe(void)
{
    outb(PORT_B, (uint8_t)((inb(PORT_B) & ~2u) | 1u));
    outb(PIT_COMMAND, CH2_MODE2);
    outb(PIT_CHANNEL2, 0);
    outb(PIT_CHANNEL2, 0);
    return true;
}

static uint64_t pit_read(void)
{
    unsigned int low;

    outb(PIT_COMMAND, CH2_LATCH);
    low = inb(PIT_CHANNEL2);
    return 0xffffu - (low | (unsigned int)inb(PIT_CHANNEL2) << 8);
}

struct clock_source clock_pit __ro_after_init = {
    .name = "pit", .probe = pit_probe, .read = pit_read, .mask = 0xffff, .hz = 1193182
};
