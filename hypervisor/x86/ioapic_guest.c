/* SPDX-License-Identifier: MIT */
/*
 * The IO-APICs as domain 0 is shown them: enough to learn how many lines each has. Their
 * entries are the hypervisor's, and look masked.
 */
#include "platform.h"

#include <hv/layout.h>
#include <abi/errno.h>

#define REG_VERSION     1
#define REG_FIRST_ENTRY 0x10
#define VERSION         0x20
#define ENTRY_MASKED    (1u << 16)

static const struct ioapic_info *find(uint64_t base)
{
    for (unsigned int i = 0; i < machine.nr_ioapics; i++)
        if (machine.ioapic[i].address == base)
            return &machine.ioapic[i];
    return NULL;
}

static bool is_line_of(const struct ioapic_info *info, unsigned int gsi)
{
    for (unsigned int i = 0; i < machine.nr_ioapics; i++)
        if (machine.ioapic[i].gsi_base > info->gsi_base &&
            gsi >= machine.ioapic[i].gsi_base)
            return false;
    return ioapic_has(gsi);
}

static unsigned int count_lines(const struct ioapic_info *info)
{
    unsigned int n = 0;

    while (is_line_of(info, info->gsi_base + n))
        n++;
    return n;
}

int irq_ioapic_read(uint64_t base, unsigned int reg, uint32_t *value)
{
    const struct ioapic_info *info = find(base);
    unsigned int lines;

    if (!info)
        return -EINVAL;
    lines = count_lines(info);
    *value = 0;
    if (reg == REG_VERSION)
        *value = VERSION | (lines ? lines - 1 : 0) << 16;
    else if (reg >= REG_FIRST_ENTRY && (reg - REG_FIRST_ENTRY) / 2 < lines && !(reg & 1))
        *value = ENTRY_MASKED;
    return 0;
}

int irq_ioapic_entry(uint64_t base, unsigned int reg)
{
    const struct ioapic_info *info = find(base);
    unsigned int line = (reg - REG_FIRST_ENTRY) / 2;

    if (!info)
        return -EINVAL;
    if (reg < REG_FIRST_ENTRY || (reg & 1) || line >= count_lines(info))
        return -ENOENT;
    return (int)(info->gsi_base + line);
}

bool irq_owns_frames(uint64_t first, uint64_t last)
{
    uint64_t frame = machine.lapic_address >> PAGE_SHIFT;

    if (first <= frame && frame <= last)
        return true;
    for (unsigned int i = 0; i < machine.nr_ioapics; i++) {
        frame = machine.ioapic[i].address >> PAGE_SHIFT;
        if (first <= frame && frame <= last)
            return true;
    }
    return false;
}
