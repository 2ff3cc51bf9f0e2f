/* SPDX-License-Identifier: MIT */
/*
 * Hardware interrupts: lines of the IO-APICs (GSIs), messages of PCI functions, vectors,
 * and who handles them. Interrupt numbers: the lines', below nr_gsis, then messages'.
 */
#ifndef HV_IRQ_H
#define HV_IRQ_H

#include <hv/cpumask.h>
#include <hv/types.h>

struct cpu_user_regs;

/* Vectors. Guests' own software interrupts use any; ours are above 0xf0. */
enum irq_vector {
    VEC_FIRST_DYNAMIC = 0x30,
    VEC_LAST_DYNAMIC = 0xef,
    VEC_EVENT_CHECK = 0xf8,
    VEC_CALL = 0xf9,
    VEC_TLB = 0xfa,
    VEC_TIMER = 0xfb,
    VEC_ERROR = 0xfe,
    VEC_SPURIOUS = 0xff,
};

/* Routes gsi to a vector of its own and handler (hypervisor use). 0; -ENOSPC; -EINVAL;
 * -EBUSY. */
int must_check irq_request(unsigned int gsi, void (*handler)(void *arg), void *arg);
/*
 * Binds irq to a PIRQ of d: a level-triggered line is masked while being served, unmasked
 * by irq_guest_eoi(). For messages the mode does not count. 0; -EINVAL no such line, or a
 * message that is not open; -EBUSY; -ENOSPC no vector.
 */
struct domain;
int must_check irq_bind_guest(unsigned int irq, struct domain *d, unsigned int pirq,
                              bool level, bool active_low);
void irq_unbind_guest(unsigned int irq, struct domain *d);
void irq_guest_eoi(unsigned int irq, struct domain *d);
/* GSIs of this machine are below nr_gsis, interrupt numbers below nr_irqs. */
extern unsigned int nr_gsis, nr_irqs;
/* May a guest bind it (not one of ours)? */
bool irq_is_available(unsigned int gsi);

/* Is there such a line? */
bool irq_has_line(unsigned int gsi);
/* Trigger mode and polarity when nobody says: ISA's by ACPI, else PCI's. */
void irq_default_mode(unsigned int gsi, bool *level, bool *active_low);

/*
 * The IO-APIC at machine address base, as a guest is shown it: identity, version, and all
 * entries masked. irq_ioapic_entry(): the line whose entry's low half register reg is, or
 * -ENOENT: another register. Both: -EINVAL no IO-APIC there.
 */
int must_check irq_ioapic_read(uint64_t base, unsigned int reg, uint32_t *value);
int must_check irq_ioapic_entry(uint64_t base, unsigned int reg);
/* Do the interrupt controllers lie in frames first..last? */
bool irq_owns_frames(uint64_t first, uint64_t last);

/* Must the guest signal the end of each interrupt (level triggered lines)? */
bool irq_guest_needs_eoi(unsigned int irq);

/*
 * Gives a message of the PCI function a number and a vector, and writes it into the
 * function: entry `entry` of its MSI-X table, or with MSI_ONLY its MSI. The number;
 * -ENODEV the function, or what is wanted of it, is not there; -EINVAL no such entry;
 * -ENXIO its table has no address; -EEXIST it is open; -ENOSPC no number or vector;
 * -ENOMEM. Interrupts on; no lock of IRQ's level or above.
 */
#define MSI_ONLY (-1)
int must_check irq_open_msi(uint16_t function, int entry);
/* The end of it; not while a guest has it. The same context. */
void irq_close_msi(unsigned int irq);
/* Writes all open messages of the function anew: it was reset. */
void irq_restore_msi(uint16_t function);
/* Is an entry of its MSI-X table open? */
bool irq_msi_is_open(uint16_t function);
/* The line that ISA interrupt isa (0-15) arrives on. */
unsigned int irq_isa_to_gsi(unsigned int isa);

/*
 * Sets the function of a fixed vector (above VEC_LAST_DYNAMIC). It runs with interrupts
 * off, after the local APIC's end-of-interrupt. At start-up only.
 */
void irq_set_vector(enum irq_vector vector, void (*fn)(void));

/* entry.S: every interrupt vector >= 0x20, interrupts off. */
void irq_dispatch(struct cpu_user_regs *regs, unsigned int vector);

#endif
