/* SPDX-License-Identifier: MIT */
/*
 * Messages of MSI and MSI-X (PCI Local Bus Specification 3.0, 6.8; SDM volume 3, 11.11:
 * a store of the vector to 0xfee00000 + the local APIC's id << 12).
 *
 * A message that can be sent is never half written: an MSI-X entry is masked meanwhile,
 * and of an MSI only the address's low half is changed, in one store.
 */
#include "msi.h"

#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/pci.h>
#include <abi/errno.h>

#define MESSAGE_ADDRESS 0xfee00000u
#define APIC_SHIFT      12

#define MSI_CONTROL         2
#define MSI_CONTROL_ENABLE  0x0001
#define MSI_CONTROL_ENABLED 0x0070 /* how many messages, as a power of 2 */
#define MSI_CONTROL_64      0x0080
#define MSI_CONTROL_MASK    0x0100
#define MSI_ADDRESS         4
#define MSI_ADDRESS_HIGH    8
#define MSI_DATA            8  /* behind 32-bit addresses; 64-bit ones: */
#define MSI_DATA_64         12 /* ... and 4 bytes further the mask */

#define MSIX_CONTROL 2
#define MSIX_SIZE    0x07ff /* entries, less one */
#define MSIX_TABLE   4
#define MSIX_BAR     0x7

/* An MSI-X entry, in 32-bit words. */
enum { ENTRY_ADDRESS, ENTRY_ADDRESS_HIGH, ENTRY_DATA, ENTRY_CONTROL, ENTRY_WORDS };
#define ENTRY_MASKED 1u

struct msi {
    uint16_t function;
    int entry; /* MSI_ONLY, or of MSI-X: */
    volatile uint32_t *words;
    unsigned int cap; /* MSI: where it is, and what it has */
    bool is_64, has_mask;
};

static int find_msi(struct msi *m)
{
    uint16_t control;

    m->cap = pci_capability(m->function, PCI_CAP_MSI);
    if (!m->cap)
        return -ENODEV;
    control = pci_read16(m->function, m->cap + MSI_CONTROL);
    m->is_64 = control & MSI_CONTROL_64;
    m->has_mask = control & MSI_CONTROL_MASK;
    pci_write16(m->function, m->cap + MSI_CONTROL,
                control & ~(MSI_CONTROL_ENABLE | MSI_CONTROL_ENABLED));
    return 0;
}

static int find_entry(struct msi *m)
{
    unsigned int cap = pci_capability(m->function, PCI_CAP_MSIX);
    uint32_t table;
    uint64_t bar;

    if (!cap)
        return -ENODEV;
    if (m->entry > (pci_read16(m->function, cap + MSIX_CONTROL) & MSIX_SIZE))
        return -EINVAL;
    table = pci_read32(m->function, cap + MSIX_TABLE);
    bar = pci_memory_bar(m->function, table & MSIX_BAR);
    if (!bar || !(pci_read16(m->function, PCI_COMMAND) & PCI_COMMAND_MEMORY))
        return -ENXIO;
    m->words = vmap_device(bar + (table & ~MSIX_BAR) +
                               (uint64_t)m->entry * ENTRY_WORDS * sizeof(uint32_t),
                           ENTRY_WORDS * sizeof(uint32_t));
    return m->words ? 0 : -ENOMEM;
}

int msi_create(uint16_t function, int entry, struct msi **out)
{
    struct msi *m = hv_new(struct msi);
    int rc;

    if (!m)
        return -ENOMEM;
    m->function = function;
    m->entry = entry;
    rc = entry == MSI_ONLY ? find_msi(m) : find_entry(m);
    if (rc)
        hv_free(m);
    else
        *out = m;
    return rc;
}

void msi_silence(struct msi *m)
{
    uint16_t control;

    if (m->words) {
        m->words[ENTRY_CONTROL] = ENTRY_MASKED;
        return;
    }
    control = pci_read16(m->function, m->cap + MSI_CONTROL);
    pci_write16(m->function, m->cap + MSI_CONTROL,
                control & (uint16_t)~MSI_CONTROL_ENABLE);
}

void msi_destroy(struct msi *m)
{
    if (m->words)
        vmap_device_free(m->words);
    hv_free(m);
}

bool msi_is(const struct msi *m, uint16_t function, int entry)
{
    return m->function == function && m->entry == entry;
}

uint16_t msi_function(const struct msi *m)
{
    return m->function;
}

static unsigned int data_register(const struct msi *m)
{
    return m->cap + (m->is_64 ? MSI_DATA_64 : MSI_DATA);
}

void msi_set_mask(struct msi *m, bool mask)
{
    if (m->words)
        m->words[ENTRY_CONTROL] = mask ? ENTRY_MASKED : 0;
    else if (m->has_mask)
        pci_write32(m->function, data_register(m) + 4, mask ? 1 : 0);
}

void msi_program(struct msi *m, uint8_t vector, uint32_t apic, bool mask)
{
    uint32_t address = MESSAGE_ADDRESS | apic << APIC_SHIFT;

    msi_set_mask(m, true);
    if (m->words) {
        m->words[ENTRY_ADDRESS] = address;
        m->words[ENTRY_ADDRESS_HIGH] = 0;
        m->words[ENTRY_DATA] = vector;
    } else {
        pci_write32(m->function, m->cap + MSI_ADDRESS, address);
        if (m->is_64)
            pci_write32(m->function, m->cap + MSI_ADDRESS_HIGH, 0);
        pci_write16(m->function, data_register(m), vector);
    }
    msi_set_mask(m, mask);
}

void msi_set_target(struct msi *m, uint32_t apic)
{
    uint32_t address = MESSAGE_ADDRESS | apic << APIC_SHIFT, control;

    if (!m->words) {
        pci_write32(m->function, m->cap + MSI_ADDRESS, address);
        return;
    }
    control = m->words[ENTRY_CONTROL];
    m->words[ENTRY_CONTROL] = control | ENTRY_MASKED;
    m->words[ENTRY_ADDRESS] = address;
    m->words[ENTRY_CONTROL] = control;
}
