/* SPDX-License-Identifier: MIT */
/*
 * PCI functions through the configuration ports (0xcf8, 0xcfc); after io_enable(), in
 * threads. A function is named by its address: bus << 8 | device << 3 | function.
 */
#ifndef MINI_OS_DEVICES_PCI_H
#define MINI_OS_DEVICES_PCI_H

#include <mini-os/compiler.h>

#define PCI_VENDOR         0x00
#define PCI_DEVICE         0x02
#define PCI_COMMAND        0x04
#define PCI_INTERRUPT_LINE 0x3c

#define PCI_COMMAND_MEMORY 0x002
#define PCI_COMMAND_MASTER 0x004
#define PCI_COMMAND_NO_INT 0x400

#define PCI_CAP_MSI    0x05
#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_MSIX   0x11

uint8_t pci_read8(unsigned int address, unsigned int reg);
uint16_t pci_read16(unsigned int address, unsigned int reg);
uint32_t pci_read32(unsigned int address, unsigned int reg);

void pci_write16(unsigned int address, unsigned int reg, uint16_t value);

/*
 * Shows fn the functions of bus 0 and of the buses behind its bridges, until it returns
 * true. Returns whether it did.
 */
bool pci_find(bool (*fn)(unsigned int address, void *data), void *data);

/* The register of the first capability of this kind behind `after` (0: from the start);
 * 0 when there is none. */
unsigned int pci_find_capability(unsigned int address, uint8_t id, unsigned int after);

/* Where memory BAR n lies; 0 when there is none, it has no address, or it is of ports. */
uint64_t pci_memory_bar(unsigned int address, unsigned int n);

#endif
