/* SPDX-License-Identifier: MIT */
/*
 * A message-signalled interrupt of a PCI function: its only MSI, or an entry of its MSI-X
 * table. Whether the function signals by messages at all is domain 0's to switch on;
 * here are the message and its mask. The caller serialises.
 */
#ifndef X86_MSI_H
#define X86_MSI_H

#include <hv/irq.h>

struct msi;

/*
 * For the function's MSI-X entry, or with MSI_ONLY for its MSI, which is switched off. Not
 * with interrupts off. 0; -ENODEV the function has none; -EINVAL no such entry; -ENXIO
 * its table is nowhere; -ENOMEM.
 */
int must_check msi_create(uint16_t function, int entry, struct msi **out);
/* It sends no more; the function's only MSI is switched off. */
void msi_silence(struct msi *msi);
/* After that. Not with interrupts off. */
void msi_destroy(struct msi *msi);
bool msi_is(const struct msi *msi, uint16_t function, int entry);
uint16_t msi_function(const struct msi *msi);

/* Sends the vector to a local APIC, id below 255, from now on; mask: not yet. */
void msi_program(struct msi *msi, uint8_t vector, uint32_t apic, bool mask);
/* The same to another one. */
void msi_set_target(struct msi *msi, uint32_t apic);
/* One without a mask ignores this. */
void msi_set_mask(struct msi *msi, bool mask);

#endif
