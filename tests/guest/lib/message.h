/* SPDX-License-Identifier: MIT */
/* Message-signalled interrupts of PCI functions, as domain 0 asks for them. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <abi/physdev.h>
#include <pci.h>
#include <test.h>

#define MESSAGE_CONTROL 2       /* behind the start of either capability */
#define MSI_ENABLE      0x0001u /* in it */
#define MSIX_ENABLE     0x8000u
#define MSIX_MASKED     0x4000u
#define MSIX_BAR        0x7

/* A message of a function; table 0: its MSI. The PIRQ, or the negative errno. */
static inline int message_map(unsigned int address, int entry, uint64_t table)
{
    physdev_map_pirq_t map = {
        .domid = DOMID_SELF,
        .type = MAP_PIRQ_TYPE_MSI_SEG,
        .index = -1,
        .pirq = -1,
        .bus = (int)(address >> 8),
        .devfn = (int)(address & 0xff),
        .entry_nr = entry,
        .table_base = table,
    };
    int rc = (int)HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &map);

    return rc ? rc : map.pirq;
}

static inline int message_unmap(int pirq)
{
    physdev_unmap_pirq_t unmap = { .domid = DOMID_SELF, .pirq = pirq };

    return (int)HYPERVISOR_physdev_op(PHYSDEVOP_unmap_pirq, &unmap);
}

/* Tells the hypervisor that there is such a function: without that it has no messages. */
static inline int message_report(unsigned int address)
{
    physdev_pci_device_add_t add = {
        .bus = (uint8_t)(address >> 8),
        .devfn = (uint8_t)address,
    };

    return (int)HYPERVISOR_physdev_op(PHYSDEVOP_pci_device_add, &add);
}

/* Switches messages of the kind (PCI_CAP_MSI, PCI_CAP_MSIX) on or off in the function. */
static inline void message_enable(unsigned int address, uint8_t kind, bool on)
{
    unsigned int cap = pci_find_capability(address, kind, 0);
    uint16_t bit = kind == PCI_CAP_MSI ? MSI_ENABLE : MSIX_ENABLE, control;

    require(cap);
    control = pci_read16(address, cap + MESSAGE_CONTROL) & (uint16_t)~bit;
    if (kind == PCI_CAP_MSIX)
        control &= (uint16_t)~MSIX_MASKED;
    pci_write16(address, cap + MESSAGE_CONTROL, on ? control | bit : control);
}

/* Machine address of the function's MSI-X table. */
static inline uint64_t message_table(unsigned int address)
{
    unsigned int cap = pci_find_capability(address, PCI_CAP_MSIX, 0);
    uint32_t table;

    require(cap);
    table = pci_read32(address, cap + 4);
    return pci_memory_bar(address, table & MSIX_BAR) + (table & ~MSIX_BAR);
}

#endif
