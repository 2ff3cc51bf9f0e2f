/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain: the last reference may go anywhere, even under locks, so the
 * destruction is left to SOFTIRQ_RECLAIM of the CPU that dropped it.
 */
#include "internal.h"

#include <hv/softirq.h>

/* Domains to be destroyed by this CPU, linked through next_dead; interrupts off. */
static DEFINE_PER_CPU(struct domain *, dead_domains);

void domain_put(struct domain *d)
{
    unsigned long flags;

    if (likely(__atomic_sub_fetch(&d->references, 1, __ATOMIC_ACQ_REL)))
        return;
    flags = irq_save();
    d->next_dead = this_cpu(dead_domains);
    this_cpu(dead_domains) = d;
    irq_restore(flags);
    softirq_raise(SOFTIRQ_RECLAIM);
}

static struct domain *take_dead(void)
{
    unsigned long flags = irq_save();
    struct domain *d = this_cpu(dead_domains);

    if (d)
        this_cpu(dead_domains) = d->next_dead;
    irq_restore(flags);
    return d;
}

static void reclaim_softirq(void)
{
    struct domain *d;

    domain_report_shutdowns();
    while ((d = take_dead()) != NULL)
        domain_destroy(d);
}

void __init domains_init(void)
{
    softirq_register(SOFTIRQ_RECLAIM, reclaim_softirq);
}
