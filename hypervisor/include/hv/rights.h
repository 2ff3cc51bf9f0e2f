/* SPDX-License-Identifier: MIT */
/*
 * What of the machine a domain may use: device memory, interrupt lines, and through
 * which PIRQ. A privileged domain has all that the hypervisor does not keep to itself;
 * others have what the controller gave them (domctl). I/O ports: hv/pv_control.h.
 *
 * One RIGHTS lock per domain guards it; the functions take it. Any context with
 * interrupts on and no lock of that level or above held.
 */
#ifndef HV_RIGHTS_H
#define HV_RIGHTS_H

#include <hv/domain.h>

/* May d map the n frames of device memory from first on? */
bool rights_iomem(const struct domain *d, uint64_t first, uint64_t n);
/* Has it been given any? */
bool rights_has_iomem(const struct domain *d);
/* Gives or takes them. 0; -ENOMEM. */
int must_check rights_iomem_set(struct domain *d, uint64_t first, uint64_t n, bool allow);

/* May d have interrupts of line gsi? */
bool rights_irq(const struct domain *d, unsigned int gsi);
/* Gives or takes it. 0; -ENOMEM. */
int must_check rights_irq_set(struct domain *d, unsigned int gsi, bool allow);

/* --- PIRQs: numbers below nr_irqs that d uses for lines and messages --- */
/* The interrupt (hv/irq.h) that pirq is mapped to, or -1. */
int pirq_irq(const struct domain *d, unsigned int pirq);
/*
 * Maps line gsi to PIRQ `wanted`, or to one of its choice when that is negative. The
 * PIRQ; -EINVAL no such line or number; -EPERM it is not d's to have; -EEXIST gsi has
 * another PIRQ, or the PIRQ another line that is in use; -ENOSPC; -ENOMEM.
 */
int must_check pirq_map(struct domain *d, unsigned int gsi, int wanted);
/*
 * Opens a message of a PCI function (irq_open_msi()) and maps it likewise, by itself to the
 * highest PIRQ that is free. The PIRQ; irq_open_msi()'s errors; -EINVAL no such number;
 * -EEXIST the PIRQ is mapped; -ENOSPC; -ENOMEM.
 */
int must_check pirq_map_msi(struct domain *d, uint16_t function, int entry, int wanted);
/* A message is closed. 0; -EINVAL not mapped; -EBUSY bound to an event channel. */
int must_check pirq_unmap(struct domain *d, unsigned int pirq);
/* A PIRQ that is not mapped: the lowest that is no legacy line's, or for a message the
 * highest; -ENOSPC. */
int must_check pirq_find_free(struct domain *d, bool message);
/* How a line signals, as the guest that runs the ACPI code knows it. 0; -EINVAL; -EEXIST
 * it is the hypervisor's own; -ENOMEM. */
int must_check gsi_set_mode(unsigned int gsi, bool level, bool active_low);

/*
 * The frame pg (a writable reference of it, which passes over) gets a bit per PIRQ that
 * needs PHYSDEVOP_eoi. unmasks: that also unmasks the event channel. 0; -EBUSY: there
 * is such a frame.
 */
int must_check pirq_share_eoi_page(struct domain *d, struct page_info *pg, bool unmasks);
/* Does PHYSDEVOP_eoi unmask? */
bool pirq_eoi_unmasks(const struct domain *d);

#endif
