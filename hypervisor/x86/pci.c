/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space through ports 0xcf8 and 0xcfc. An access takes both, so it is
 * serialised; a guest's write to 0xcf8 is remembered for it and never reaches the port.
 */
#include <hv/pci.h>

#include <hv/cpu.h>
#include <hv/spinlock.h>

#define CONFIG_ADDRESS   0xcf8
#define CONFIG_DATA      0xcfc
#define MAX_CAPABILITIES 48 /* more do not fit: a longer list goes round */

static struct spinlock pci_lock = SPINLOCK_INIT(PCI);

static inline void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

uint32_t pci_port_read(uint32_t address, unsigned int offset, unsigned int bytes)
{
    uint16_t port = (uint16_t)(CONFIG_DATA + offset);
    uint32_t value = 0;
    unsigned long flags;

    flags = spin_lock_irqsave(&pci_lock);
    out32(CONFIG_ADDRESS, address);
    if (bytes == 1)
        value = inb(port);
    else if (bytes == 2)
        __asm__ volatile("inw %w1, %w0" : "+a"(value) : "Nd"(port));
    else
        __asm__ volatile("inl %w1, %0" : "=a"(value) : "Nd"(port));
    spin_unlock_irqrestore(&pci_lock, flags);
    return value;
}

void pci_port_write(uint32_t address, unsigned int offset, unsigned int bytes,
                    uint32_t value)
{
    uint16_t port = (uint16_t)(CONFIG_DATA + offset);
    unsigned long flags;

    flags = spin_lock_irqsave(&pci_lock);
    out32(CONFIG_ADDRESS, address);
    if (bytes == 1)
        outb(port, (uint8_t)value);
    else if (bytes == 2)
        __asm__ volatile("outw %w0, %w1" ::"a"(value), "Nd"(port));
    else
        out32(port, value);
    spin_unlock_irqrestore(&pci_lock, flags);
}

static uint32_t address_of(uint16_t function, unsigned int reg)
{
    return PCI_PORT_ENABLE | (uint32_t)function << 8 | (reg & 0xfc);
}

uint8_t pci_read8(uint16_t function, unsigned int reg)
{
    return (uint8_t)pci_port_read(address_of(function, reg), reg & 3, 1);
}

uint16_t pci_read16(uint16_t function, unsigned int reg)
{
    return (uint16_t)pci_port_read(address_of(function, reg), reg & 2, 2);
}

uint32_t pci_read32(uint16_t function, unsigned int reg)
{
    return pci_port_read(address_of(function, reg), 0, 4);
}

void pci_write16(uint16_t function, unsigned int reg, uint16_t value)
{
    pci_port_write(address_of(function, reg), reg & 2, 2, value);
}

void pci_write32(uint16_t function, unsigned int reg, uint32_t value)
{
    pci_port_write(address_of(function, reg), 0, 4, value);
}

unsigned int pci_capability(uint16_t function, uint8_t id)
{
    unsigned int at;

    if (pci_read16(function, PCI_VENDOR) == PCI_NO_VENDOR ||
        !(pci_read16(function, PCI_STATUS) & PCI_STATUS_CAPABILITIES))
        return 0;
    at = pci_read8(function, PCI_CAPABILITIES) & 0xfc;
    for (unsigned int n = 0; at && n < MAX_CAPABILITIES; n++) {
        if (pci_read8(function, at) == id)
            return at;
        at = pci_read8(function, at + 1) & 0xfc;
    }
    return 0;
}

uint64_t pci_memory_bar(uint16_t function, unsigned int n)
{
    uint64_t bar;

    if (n >= PCI_NR_BARS)
        return 0;
    bar = pci_read32(function, PCI_BAR + 4 * n);
    if (bar & PCI_BAR_PORTS)
        return 0;
    if ((bar & PCI_BAR_TYPE) == PCI_BAR_64_BITS && n + 1 < PCI_NR_BARS)
        bar |= (uint64_t)pci_read32(function, PCI_BAR + 4 * (n + 1)) << 32;
    return bar & ~(uint64_t)PCI_BAR_FLAGS;
}
