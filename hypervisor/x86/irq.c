/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines and vectors.
 *
 * A line (GSI) is free, the hypervisor's (a handler), or a guest's (a PIRQ). In use it
 * has a vector of its own, delivered to CPU 0. A guest's level-triggered line is
 *
 *   open     unmasked; an interrupt makes it:
 *   served   masked, PIRQ raised; irq_guest_eoi() makes it open again
 *
 * An edge-triggered one is always open: its interrupts merge in the PIRQ's event.
 * Everything is under irq_lock; the PIRQ is raised with it held, so that after
 * irq_unbind_guest() none comes any more.
 */
#include "platform.h"

#include <hv/apic.h>
#include <hv/cpu.h>
#include <hv/heap.h>
#include <hv/hooks.h>
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/spinlock.h>
#include <abi/errno.h>

#define MAX_GSIS 1024

struct irq_line {
    uint8_t vector; /* 0: free */
    bool level, is_served;
    void (*handler)(void *arg);
    void *arg;
    struct domain *guest;
    unsigned int pirq;
};

unsigned int nr_gsis __ro_after_init;

static struct spinlock irq_lock = SPINLOCK_INIT(IRQ);
static struct irq_line *line __ro_after_init;
static uint16_t gsi_of_vector[256]; /* plus 1; 0 = none */
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

/* A free vector for gsi, or 0. */
static uint8_t take_vector(unsigned int gsi)
{
    for (unsigned int v = VEC_FIRST_DYNAMIC; v <= VEC_LAST_DYNAMIC; v++)
        if (!gsi_of_vector[v]) {
            gsi_of_vector[v] = (uint16_t)(gsi + 1);
            return (uint8_t)v;
        }
    return 0;
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
    ioapic_route(gsi, l->vector, cpu_apic_id[0], level, active_low);
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

int irq_bind_guest(unsigned int gsi, struct domain *d, unsigned int pirq, bool level,
                   bool active_low)
{
    unsigned long flags;
    int rc;

    if (!irq_has_line(gsi))
        return -EINVAL;
    flags = spin_lock_irqsave(&irq_lock);
    rc = set_up_line(gsi, level, active_low);
    if (!rc) {
        line[gsi].guest = d;
        line[gsi].pirq = pirq;
        ioapic_set_mask(gsi, false);
    }
    spin_unlock_irqrestore(&irq_lock, flags);
    return rc;
}

void irq_unbind_guest(unsigned int gsi, struct domain *d)
{
    unsigned long flags;

    if (!irq_has_line(gsi))
        return;
    flags = spin_lock_irqsave(&irq_lock);
    if (line[gsi].guest == d) {
        ioapic_set_mask(gsi, true);
        gsi_of_vector[line[gsi].vector] = 0;
        line[gsi] = (struct irq_line){ 0 };
    }
    spin_unlock_irqrestore(&irq_lock, flags);
}

void irq_guest_eoi(unsigned int gsi, struct domain *d)
{
    unsigned long flags;

    if (!irq_has_line(gsi))
        return;
    flags = spin_lock_irqsave(&irq_lock);
    if (line[gsi].guest == d && line[gsi].is_served) {
        line[gsi].is_served = false;
        ioapic_set_mask(gsi, false);
    }
    spin_unlock_irqrestore(&irq_lock, flags);
}

bool irq_guest_needs_eoi(unsigned int gsi)
{
    return irq_has_line(gsi) && line[gsi].guest && line[gsi].level;
}

bool irq_is_available(unsigned int gsi)
{
    return irq_has_line(gsi) && !line[gsi].handler;
}

/* Called with irq_lock held. */
static void raise_guest(unsigned int gsi)
{
    struct irq_line *l = &line[gsi];

    if (l->level) {
        ioapic_set_mask(gsi, true);
        l->is_served = true;
    }
    evtchn_raise_pirq(l->guest, l->pirq);
}

/* Interrupt of the line that owns vector, if it still does. */
static void dispatch_line(unsigned int vector)
{
    void (*handler)(void *arg) = NULL;
    void *arg = NULL;
    unsigned int gsi;

    spin_lock(&irq_lock);
    if (gsi_of_vector[vector]) {
        gsi = gsi_of_vector[vector] - 1u;
        handler = line[gsi].handler;
        arg = line[gsi].arg;
        if (line[gsi].guest)
            raise_guest(gsi);
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
        line = hv_zalloc_array(nr_gsis, sizeof(*line));
        if (!line)
            panic("out of memory: interrupt lines");
    }
}
