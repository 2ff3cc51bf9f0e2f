/* SPDX-License-Identifier: MIT */
/*
 * Interrupts and vectors. An interrupt is a line (GSI), or a message of a PCI function
 * with a number behind the lines'.
 *
 * One is free, the hypervisor's (a handler), or a guest's (a PIRQ). In use it has a vector
 * of its own, the same on all CPUs. A message has it from irq_open_msi() on, when it is
 * nobody's yet: it may be sent already. A guest's level-triggered line is
 *
 *   open     unmasked; an interrupt makes it:
 *   served   masked, PIRQ raised; irq_guest_eoi() makes it open again
 *
 * Edge-triggered ones and messages are always open: they merge in the PIRQ's event.
 *
 * A guest's interrupt goes to the CPU that bound it, and then follows the vCPU that is
 * notified: when it finds that one on another CPU, the next will go there.
 *
 * Everything is under irq_lock; the PIRQ is raised with it held, so that after
 * irq_unbind_guest() none comes any more.
 */
#include "platform.h"
#include "msi.h"

#include <hv/apic.h>
#include <hv/cpu.h>
#include <hv/heap.h>
#include <hv/hooks.h>
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/spinlock.h>
#include <abi/errno.h>

#define MAX_GSIS 1024
/* Messages: more do not find a vector. */
#define NR_MSIS (VEC_LAST_DYNAMIC - VEC_FIRST_DYNAMIC + 1)

struct irq_line {
    uint8_t vector; /* 0: free */
    bool level, is_served;
    unsigned int cpu; /* where it goes */
    void (*handler)(void *arg);
    void *arg;
    struct domain *guest;
    unsigned int pirq;
    struct msi *msi; /* null: a line */
};

unsigned int nr_gsis __ro_after_init;
unsigned int nr_irqs __ro_after_init;

static struct spinlock irq_lock = SPINLOCK_INIT(IRQ);
static struct irq_line *line __ro_after_init;
static uint16_t irq_of_vector[256]; /* plus 1; 0 = none */
static void (*fixed_handler[256 - VEC_EVENT_CHECK])(void) __ro_after_init;

void irq_set_vector(enum irq_vector vector, void (*fn)(void))
{
    fixed_handler[vector - VEC_EVENT_CHECK] = fn;
}

unsigned int irq_isa_to_gsi(unsigned int isa)
{
    return machine.isa[isa].gsi;
}

bool irq_has_line(unsigned int gsi)
{
    return gsi < nr_gsis && ioapic_has(gsi);
}

/* A free vector for irq, or 0. */
static uint8_t take_vector(unsigned int irq)
{
    for (unsigned int v = VEC_FIRST_DYNAMIC; v <= VEC_LAST_DYNAMIC; v++)
        if (!irq_of_vector[v]) {
            irq_of_vector[v] = (uint16_t)(irq + 1);
            return (uint8_t)v;
        }
    return 0;
}

static void free_irq(unsigned int irq)
{
    irq_of_vector[line[irq].vector] = 0;
    line[irq] = (struct irq_line){ 0 };
}

/* Can lines and messages, which name a local APIC by 8 bits, go to the CPU? */
static bool can_go_to(unsigned int cpu)
{
    return cpu_apic_id[cpu] < 255;
}

/* The running CPU if that is possible. */
static unsigned int first_target(void)
{
    return can_go_to(smp_cpu_id()) ? smp_cpu_id() : 0;
}

/* Gives gsi a vector and programs its pin, masked. 0, -EBUSY, -ENOSPC. */
static int set_up_line(unsigned int gsi, bool level, bool active_low)
{
    struct irq_line *l = &line[gsi];

    if (l->vector)
        return -EBUSY;
    l->vector = take_vector(gsi);
    if (!l->vector)
        return -ENOSPC;
    l->level = level;
    l->is_served = false;
    l->cpu = first_target();
    ioapic_route(gsi, l->vector, cpu_apic_id[l->cpu], level, active_low);
    return 0;
}

void irq_default_mode(unsigned int gsi, bool *level, bool *active_low)
{
    *level = *active_low = true;
    for (unsigned int i = 0; i < NR_ISA_IRQS; i++)
        if (machine.isa[i].gsi == gsi) {
            *level = machine.isa[i].level;
            *active_low = machine.isa[i].active_low;
        }
}

int irq_request(unsigned int gsi, void (*handler)(void *arg), void *arg)
{
    bool level, active_low;
    unsigned long flags;
    int rc;

    if (!irq_has_line(gsi))
        return -EINVAL;
    irq_default_mode(gsi, &level, &active_low);
    flags = spin_lock_irqsave(&irq_lock);
    rc = set_up_line(gsi, level, active_low);
    if (!rc) {
        line[gsi].handler = handler;
        line[gsi].arg = arg;
        ioapic_set_mask(gsi, false);
    }
    spin_unlock_irqrestore(&irq_lock, flags);
    return rc;
}

/* With irq_lock: an interrupt that is set up becomes d's. */
static void give(unsigned int irq, struct domain *d, unsigned int pirq)
{
    line[irq].guest = d;
    line[irq].pirq = pirq;
    if (line[irq].msi)
        msi_set_mask(line[irq].msi, false);
    else
        ioapic_set_mask(irq, false);
}

static bool is_message(unsigned int irq)
{
    return irq >= nr_gsis && irq < nr_irqs && line[irq].msi;
}

int irq_bind_guest(unsigned int irq, struct domain *d, unsigned int pirq, bool level,
                   bool active_low)
{
    unsigned long flags;
    int rc;

    if (irq >= nr_irqs)
        return -EINVAL;
    flags = spin_lock_irqsave(&irq_lock);
    if (is_message(irq))
        rc = line[irq].guest ? -EBUSY : 0;
    else
        rc = irq_has_line(irq) ? set_up_line(irq, level, active_low) : -EINVAL;
    if (!rc)
        give(irq, d, pirq);
    spin_unlock_irqrestore(&irq_lock, flags);
    return rc;
}

/* With irq_lock. */
static void take_away(unsigned int irq)
{
    if (line[irq].msi) {
        msi_set_mask(line[irq].msi, true);
        line[irq].guest = NULL;
    } else {
        ioapic_set_mask(irq, true);
        free_irq(irq);
    }
}

void irq_unbind_guest(unsigned int irq, struct domain *d)
{
    unsigned long flags;

    if (irq >= nr_irqs)
        return;
    flags = spin_lock_irqsave(&irq_lock);
    if (line[irq].guest == d)
        take_away(irq);
    spin_unlock_irqrestore(&irq_lock, flags);
}

void irq_guest_eoi(unsigned int irq, struct domain *d)
{
    unsigned long flags;

    if (irq >= nr_irqs)
        return;
    flags = spin_lock_irqsave(&irq_lock);
    if (line[irq].guest == d && line[irq].is_served) {
        line[irq].is_served = false;
        ioapic_set_mask(irq, false);
    }
    spin_unlock_irqrestore(&irq_lock, flags);
}

bool irq_guest_needs_eoi(unsigned int irq)
{
    return irq < nr_irqs && line[irq].guest && line[irq].level;
}

/* --- messages --- */

/* With irq_lock: a number and a vector. -EEXIST the message has them; -ENOSPC. */
static int take_message(struct msi *msi, uint16_t function, int entry)
{
    int found = -ENOSPC;

    for (unsigned int irq = nr_gsis; irq < nr_irqs; irq++) {
        if (!line[irq].msi)
            found = found < 0 ? (int)irq : found;
        else if (msi_is(line[irq].msi, function, entry))
            return -EEXIST;
    }
    if (found < 0)
        return found;
    line[found].vector = take_vector((unsigned int)found);
    if (!line[found].vector)
        return -ENOSPC;
    line[found].msi = msi;
    line[found].cpu = first_target();
    return found;
}

int irq_open_msi(uint16_t function, int entry)
{
    unsigned long flags;
    struct msi *msi;
    int irq, rc = msi_create(function, entry, &msi);

    if (rc)
        return rc;
    flags = spin_lock_irqsave(&irq_lock);
    irq = take_message(msi, function, entry);
    if (irq >= 0)
        msi_program(msi, line[irq].vector, cpu_apic_id[line[irq].cpu], true);
    spin_unlock_irqrestore(&irq_lock, flags);
    if (irq < 0)
        msi_destroy(msi);
    return irq;
}

void irq_close_msi(unsigned int irq)
{
    unsigned long flags = spin_lock_irqsave(&irq_lock);
    struct msi *msi = is_message(irq) ? line[irq].msi : NULL;

    if (msi) {
        msi_silence(msi);
        free_irq(irq);
    }
    spin_unlock_irqrestore(&irq_lock, flags);
    if (msi)
        msi_destroy(msi);
}

void irq_restore_msi(uint16_t function)
{
    unsigned long flags = spin_lock_irqsave(&irq_lock);

    for (unsigned int irq = nr_gsis; irq < nr_irqs; irq++) {
        struct irq_line *l = &line[irq];

        if (l->msi && msi_function(l->msi) == function)
            msi_program(l->msi, l->vector, cpu_apic_id[l->cpu], !l->guest);
    }
    spin_unlock_irqrestore(&irq_lock, flags);
}

bool irq_msi_is_open(uint16_t function)
{
    unsigned long flags = spin_lock_irqsave(&irq_lock);
    bool open = false;

    for (unsigned int irq = nr_gsis; irq < nr_irqs && !open; irq++)
        open = line[irq].msi && msi_function(line[irq].msi) == function &&
               !msi_is(line[irq].msi, function, MSI_ONLY);
    spin_unlock_irqrestore(&irq_lock, flags);
    return open;
}

bool irq_is_available(unsigned int gsi)
{
    return irq_has_line(gsi) && !line[gsi].handler;
}

/* --- delivery --- */

/* With irq_lock. */
static void send_to(unsigned int irq, unsigned int cpu)
{
    struct irq_line *l = &line[irq];

    l->cpu = cpu;
    if (l->msi)
        msi_set_target(l->msi, cpu_apic_id[cpu]);
    else
        ioapic_set_target(irq, cpu_apic_id[cpu]);
}

/* Called with irq_lock held. */
static void raise_guest(unsigned int irq)
{
    struct irq_line *l = &line[irq];
    unsigned int cpu;

    if (l->level) {
        ioapic_set_mask(irq, true);
        l->is_served = true;
    }
    cpu = evtchn_raise_pirq(l->guest, l->pirq);
    if (cpu != l->cpu && can_go_to(cpu))
        send_to(irq, cpu);
}

/* The interrupt that owns vector, if it still does. */
static void dispatch_line(unsigned int vector)
{
    void (*handler)(void *arg) = NULL;
    void *arg = NULL;
    unsigned int irq;

    spin_lock(&irq_lock);
    if (irq_of_vector[vector]) {
        irq = irq_of_vector[vector] - 1u;
        handler = line[irq].handler;
        arg = line[irq].arg;
        if (line[irq].guest)
            raise_guest(irq);
    }
    spin_unlock(&irq_lock);
    if (handler)
        handler(arg);
    apic_eoi();
}

void irq_dispatch(struct cpu_user_regs *regs, unsigned int vector)
{
    (void)regs;
    if (likely(vector >= VEC_EVENT_CHECK)) {
        if (vector != VEC_SPURIOUS)
            apic_eoi();
        if (fixed_handler[vector - VEC_EVENT_CHECK])
            fixed_handler[vector - VEC_EVENT_CHECK]();
        return;
    }
    dispatch_line(vector);
}

__init void irq_init(void)
{
    nr_gsis = min(ioapic_init(), (unsigned int)MAX_GSIS);
    if (nr_gsis) {
        nr_irqs = nr_gsis + NR_MSIS;
        line = hv_zalloc_array(nr_irqs, sizeof(*line));
        if (!line)
            panic("out of memory: interrupts");
    }
}
