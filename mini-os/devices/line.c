/* SPDX-License-Identifier: MIT */
/*
 * Interrupts. A level-triggered line stays masked from its event on until PHYSDEVOP_eoi; if
 * it is raised then still, or again, the event comes anew: nothing is lost. A message needs
 * no end.
 */
#include "line.h"

#include <abi/errno.h>
#include <abi/hypercall_stubs.h>
#include <abi/physdev.h>

#include "pci.h"

#define MSIX_CONTROL 2
#define MSIX_ENABLE  0x8000
#define MSIX_MASKED  0x4000 /* all entries */
#define MSIX_TABLE   4
#define MSIX_BAR     0x7

static void unmap_pirq(unsigned int pirq)
{
    physdev_unmap_pirq_t unmap = { .domid = DOMID_SELF, .pirq = (int)pirq };

    HYPERVISOR_physdev_op(PHYSDEVOP_unmap_pirq, &unmap);
}

static void on_event(evtchn_port_t port, void *data)
{
    struct line *line = data;
    physdev_eoi_t eoi = { .irq = line->pirq };

    (void)port;
    line->handler(line->data);
    if (!line->is_message)
        HYPERVISOR_physdev_op(PHYSDEVOP_eoi, &eoi);
}

/* Maps a PIRQ and binds it to the line, whose other members are filled in. */
static int open_pirq(struct line *line, physdev_map_pirq_t *map)
{
    int rc, port;

    map->domid = DOMID_SELF;
    rc = (int)HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, map);
    if (rc)
        return rc;
    line->pirq = (unsigned int)map->pirq;
    port = event_bind_pirq(line->pirq, on_event, line);
    if (port < 0) {
        unmap_pirq(line->pirq);
        return port;
    }
    line->port = (evtchn_port_t)port;
    return 0;
}

int line_open(struct line *line, unsigned int gsi, line_handler_t *handler, void *data)
{
    physdev_map_pirq_t map = {
        .type = MAP_PIRQ_TYPE_GSI,
        .index = (int)gsi,
        .pirq = (int)gsi,
    };

    *line = (struct line){ .handler = handler, .data = data };
    return open_pirq(line, &map);
}

/* --- messages --- */

/* The hypervisor writes messages only into functions that it was told of. */
static int report(unsigned int address)
{
    physdev_pci_device_add_t add = {
        .bus = (uint8_t)(address >> 8),
        .devfn = (uint8_t)address,
    };

    return (int)HYPERVISOR_physdev_op(PHYSDEVOP_pci_device_add, &add);
}

static uint64_t table_of(unsigned int address, unsigned int cap)
{
    uint32_t table = pci_read32(address, cap + MSIX_TABLE);
    uint64_t bar = pci_memory_bar(address, table & MSIX_BAR);

    return bar ? bar + (table & ~MSIX_BAR) : 0;
}

static void switch_messages(unsigned int address, bool on)
{
    unsigned int reg = pci_find_capability(address, PCI_CAP_MSIX, 0) + MSIX_CONTROL;
    unsigned int control = pci_read16(address, reg) & ~(MSIX_ENABLE | MSIX_MASKED);

    pci_write16(address, reg, (uint16_t)(on ? control | MSIX_ENABLE : control));
}

int line_open_message(struct line *line, unsigned int address, line_handler_t *handler,
                      void *data)
{
    unsigned int cap = pci_find_capability(address, PCI_CAP_MSIX, 0);
    physdev_map_pirq_t map = {
        .type = MAP_PIRQ_TYPE_MSI_SEG,
        .index = -1,
        .pirq = -1,
        .bus = (int)(address >> 8),
        .devfn = (int)(address & 0xff),
        .table_base = cap ? table_of(address, cap) : 0,
    };
    int rc;

    if (!map.table_base)
        return -XEN_ENODEV;
    *line = (struct line){
        .handler = handler, .data = data, .is_message = true, .address = address
    };
    rc = report(address);
    if (!rc)
        rc = open_pirq(line, &map);
    if (!rc)
        switch_messages(address, true);
    return rc;
}

void line_close(struct line *line)
{
    if (!line->port)
        return;
    if (line->is_message)
        switch_messages(line->address, false);
    event_close(line->port);
    unmap_pirq(line->pirq);
    line->port = 0;
}
