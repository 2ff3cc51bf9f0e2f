/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space of segment 0, 256 bytes a function. A function is named by
 * bus << 8 | device << 3 | function. Any context; the PCI lock is taken inside.
 */
#ifndef HV_PCI_H
#define HV_PCI_H

#include <hv/types.h>

#define PCI_VENDOR       0x00
#define PCI_COMMAND      0x04
#define PCI_STATUS       0x06
#define PCI_BAR          0x10
#define PCI_CAPABILITIES 0x34

#define PCI_NO_VENDOR           0xffff
#define PCI_COMMAND_MEMORY      0x2
#define PCI_STATUS_CAPABILITIES 0x10
#define PCI_NR_BARS             6
#define PCI_BAR_PORTS           0x1
#define PCI_BAR_TYPE            0x6
#define PCI_BAR_64_BITS         0x4
#define PCI_BAR_FLAGS           0xf
#define PCI_CAP_MSI             0x05
#define PCI_CAP_MSIX            0x11

/*
 * What accesses to the ports do: 0xcf8 has `address`, then 1, 2 or 4 bytes at
 * 0xcfc + offset. An address without PCI_PORT_ENABLE names nothing.
 */
#define PCI_PORT_ENABLE 0x80000000u
uint32_t pci_port_read(uint32_t address, unsigned int offset, unsigned int bytes);
void pci_port_write(uint32_t address, unsigned int offset, unsigned int bytes,
                    uint32_t value);

/* Registers of a function; what is not there reads as ones. */
uint8_t pci_read8(uint16_t function, unsigned int reg);
uint16_t pci_read16(uint16_t function, unsigned int reg);
uint32_t pci_read32(uint16_t function, unsigned int reg);
void pci_write16(uint16_t function, unsigned int reg, uint16_t value);
void pci_write32(uint16_t function, unsigned int reg, uint32_t value);

/* The first capability of the kind; 0: no such function or capability. */
unsigned int pci_capability(uint16_t function, uint8_t id);
/* The machine address in memory BAR n; 0: it has none, or it is of ports. */
uint64_t pci_memory_bar(uint16_t function, unsigned int n);

#endif
