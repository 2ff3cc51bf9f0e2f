/* SPDX-License-Identifier: MIT */
/* PCI configuration space (PCI Local Bus Specification 3.0, 3.2.2.3.2 and 6.1). */
#include "pci.h"

#include "io.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u

#define PCI_STATUS       0x06
#define PCI_HEADER       0x0e
#define PCI_BAR          0x10
#define PCI_SECONDARY    0x19 /* of a bridge: the bus behind it */
#define PCI_CAPABILITIES 0x34

#define STATUS_CAPABILITIES 0x10
#define HEADER_TYPE         0x7f
#define HEADER_MULTI        0x80
#define HEADER_BRIDGE       1
#define NO_VENDOR           0xffff
#define NR_BARS             6
#define MAX_CAPABILITIES    48 /* more do not fit: a longer list goes round */

#define BAR_PORTS     0x1
#define BAR_TYPE      0x6
#define BAR_64_BITS   0x4
#define BAR_FLAG_BITS 0xf

uint32_t pci_read32(unsigned int address, unsigned int reg)
{
    port_write32(CONFIG_ADDRESS, CONFIG_ENABLE | address << 8 | (reg & 0xfc));
    return port_read32(CONFIG_DATA);
}

uint16_t pci_read16(unsigned int address, unsigned int reg)
{
    return (uint16_t)(pci_read32(address, reg) >> (reg & 2) * 8);
}

uint8_t pci_read8(unsigned int address, unsigned int reg)
{
    return (uint8_t)(pci_read32(address, reg) >> (reg & 3) * 8);
}

void pci_write16(unsigned int address, unsigned int reg, uint16_t value)
{
    port_write32(CONFIG_ADDRESS, CONFIG_ENABLE | address << 8 | (reg & 0xfc));
    port_write16((uint16_t)(CONFIG_DATA + (reg & 2)), value);
}

static bool find_on_bus(unsigned int bus, bool (*fn)(unsigned int, void *), void *data);

/* Buses behind bridges have greater numbers, or firmware has not set them up. */
static bool find_behind(unsigned int address, bool (*fn)(unsigned int, void *),
                        void *data)
{
    unsigned int secondary;

    if ((pci_read8(address, PCI_HEADER) & HEADER_TYPE) != HEADER_BRIDGE)
        return false;
    secondary = pci_read8(address, PCI_SECONDARY);
    return secondary > address >> 8 && find_on_bus(secondary, fn, data);
}

static bool find_in_slot(unsigned int address, bool (*fn)(unsigned int, void *),
                         void *data)
{
    unsigned int functions = 1;

    for (unsigned int i = 0; i < functions; i++, address++) {
        if (pci_read16(address, PCI_VENDOR) == NO_VENDOR)
            continue;
        if (!i && pci_read8(address, PCI_HEADER) & HEADER_MULTI)
            functions = 8;
        if (fn(address, data) || find_behind(address, fn, data))
            return true;
    }
    return false;
}

static bool find_on_bus(unsigned int bus, bool (*fn)(unsigned int, void *), void *data)
{
    for (unsigned int slot = 0; slot < 32; slot++)
        if (find_in_slot(bus << 8 | slot << 3, fn, data))
            return true;
    return false;
}

bool pci_find(bool (*fn)(unsigned int address, void *data), void *data)
{
    return find_on_bus(0, fn, data);
}

unsigned int pci_find_capability(unsigned int address, uint8_t id, unsigned int after)
{
    unsigned int at;

    if (!(pci_read16(address, PCI_STATUS) & STATUS_CAPABILITIES))
        return 0;
    at = pci_read8(address, after ? after + 1 : PCI_CAPABILITIES) & 0xfc;
    for (unsigned int n = 0; at && n < MAX_CAPABILITIES; n++) {
        if (pci_read8(address, at) == id)
            return at;
        at = pci_read8(address, at + 1) & 0xfc;
    }
    return 0;
}

uint64_t pci_memory_bar(unsigned int address, unsigned int n)
{
    uint64_t bar;

    if (n >= NR_BARS)
        return 0;
    bar = pci_read32(address, PCI_BAR + 4 * n);
    if (bar & BAR_PORTS)
        return 0;
    if ((bar & BAR_TYPE) == BAR_64_BITS && n + 1 < NR_BARS)
        bar |= (uint64_t)pci_read32(address, PCI_BAR + 4 * (n + 1)) << 32;
    return bar & ~(uint64_t)BAR_FLAG_BITS;
}
