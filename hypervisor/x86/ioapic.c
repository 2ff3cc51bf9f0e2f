/* SPDX-License-Identifier: MIT */
/*
 * The IO-APICs' redirection entries. A line is addressed by its GSI, the number that ACPI
 * gives it. Callers serialise: an access is two register writes.
 */
#include "platform.h"

#include <hv/heap.h>
#include <hv/lib.h>

#define IOAPIC_SELECT     0
#define IOAPIC_DATA       4 /* in 32-bit words */
#define IOAPIC_VERSION    1
#define IOAPIC_ENTRY(pin) (0x10 + 2 * (pin))
#define ENTRY_MASKED      (1u << 16)
#define ENTRY_LEVEL       (1u << 15)
#define ENTRY_ACTIVE_LOW  (1u << 13)

struct ioapic {
    volatile uint32_t *regs;
    unsigned int first, end; /* its GSIs */
};

static struct ioapic ioapic[MAX_IOAPICS] __ro_after_init;
static unsigned int nr_ioapics __ro_after_init;

static uint32_t ioapic_read(const struct ioapic *a, unsigned int reg)
{
    a->regs[IOAPIC_SELECT] = reg;
    return a->regs[IOAPIC_DATA];
}

static void ioapic_write(const struct ioapic *a, unsigned int reg, uint32_t v)
{
    a->regs[IOAPIC_SELECT] = reg;
    a->regs[IOAPIC_DATA] = v;
}

static const struct ioapic *ioapic_of(unsigned int gsi)
{
    for (unsigned int i = 0; i < nr_ioapics; i++)
        if (gsi >= ioapic[i].first && gsi < ioapic[i].end)
            return &ioapic[i];
    return NULL;
}

bool ioapic_has(unsigned int gsi)
{
    return ioapic_of(gsi) != NULL;
}

void ioapic_set_mask(unsigned int gsi, bool masked)
{
    const struct ioapic *a = ioapic_of(gsi);
    unsigned int reg = IOAPIC_ENTRY(gsi - a->first);
    uint32_t v = ioapic_read(a, reg);

    ioapic_write(a, reg, masked ? v | ENTRY_MASKED : v & ~ENTRY_MASKED);
}

void ioapic_route(unsigned int gsi, uint8_t vector, uint32_t apic, bool level,
                  bool active_low)
{
    const struct ioapic *a = ioapic_of(gsi);
    unsigned int reg = IOAPIC_ENTRY(gsi - a->first);

    ioapic_write(a, reg, ENTRY_MASKED);
    ioapic_write(a, reg + 1, apic << 24);
    ioapic_write(a, reg,
                 ENTRY_MASKED | vector | (level ? ENTRY_LEVEL : 0) |
                     (active_low ? ENTRY_ACTIVE_LOW : 0));
}

void ioapic_set_target(unsigned int gsi, uint32_t apic)
{
    const struct ioapic *a = ioapic_of(gsi);

    ioapic_write(a, IOAPIC_ENTRY(gsi - a->first) + 1, apic << 24);
}

static __init void add_ioapic(const struct ioapic_info *info)
{
    struct ioapic *a = &ioapic[nr_ioapics];
    unsigned int pins;

    a->regs = vmap_device(info->address, PAGE_SIZE);
    if (!a->regs || ioapic_read(a, IOAPIC_VERSION) == UINT32_MAX) {
        pr_warn("IO-APIC at 0x%lx does not answer\n", (unsigned long)info->address);
        return;
    }
    pins = (ioapic_read(a, IOAPIC_VERSION) >> 16 & 0xff) + 1;
    a->first = info->gsi_base;
    a->end = info->gsi_base + pins;
    for (unsigned int pin = 0; pin < pins; pin++)
        ioapic_write(a, IOAPIC_ENTRY(pin), ENTRY_MASKED);
    nr_ioapics++;
}

__init unsigned int ioapic_init(void)
{
    unsigned int end = 0;

    for (unsigned int i = 0; i < machine.nr_ioapics; i++)
        add_ioapic(&machine.ioapic[i]);
    for (unsigned int i = 0; i < nr_ioapics; i++)
        end = max(end, ioapic[i].end);
    return end;
}
