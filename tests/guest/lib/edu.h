/* SPDX-License-Identifier: MIT */
/*
 * QEMU's "edu" device: raises its interrupt when it is told to, and keeps it up until that
 * is acknowledged. By its line, or by a message once that is enabled.
 */
#ifndef EDU_H
#define EDU_H

#include <io.h>
#include <pci.h>
#include <test.h>

#define EDU_ID         0x11e81234u
#define EDU_BYTES      0x1000
#define EDU_STATUS     0x24 /* which bits were raised */
#define EDU_RAISE      0x60
#define EDU_ACK        0x64
#define EDU_REGS_MAGIC 0x10000ed

struct edu {
    unsigned int address; /* PCI */
    volatile char *regs;
};

static inline bool edu_is(unsigned int address, void *data)
{
    struct edu *edu = data;

    edu->address = address;
    return pci_read32(address, PCI_VENDOR) == EDU_ID;
}

/* Finds and maps it; ends the test with ERROR when it is not there. */
static inline void edu_open(struct edu *edu)
{
    require(!io_enable());
    require(pci_find(edu_is, edu));
    pci_write16(edu->address, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    edu->regs = io_map(pci_memory_bar(edu->address, 0), EDU_BYTES);
    require(edu->regs);
    check_eq(mmio_read32(edu->regs), EDU_REGS_MAGIC);
}

static inline void edu_raise(const struct edu *edu)
{
    mmio_write32(edu->regs + EDU_RAISE, 1);
}

static inline void edu_ack(const struct edu *edu)
{
    mmio_write32(edu->regs + EDU_ACK, mmio_read32(edu->regs + EDU_STATUS));
}

#endif
