/* SPDX-License-Identifier: MIT */
/* A domain's rights and PIRQs, inside their folder. */
#ifndef RIGHTS_INTERNAL_H
#define RIGHTS_INTERNAL_H

#include <hv/rights.h>
#include <hv/spinlock.h>

/* Frames first..last of device memory, both included. */
struct iomem_range {
    uint64_t first, last;
};

/* mapped: to the interrupt irq; connected (only then): that is routed to the domain. */
struct pirq {
    uint16_t irq;
    bool mapped, connected;
};

struct domain_rights {
    struct spinlock lock;      /* RIGHTS: everything below */
    struct iomem_range *iomem; /* sorted, neither overlapping nor touching */
    unsigned int nr_iomem, room_iomem;
    uint64_t *lines;            /* bit per GSI that was given; null: none was */
    struct pirq *pirq;          /* nr_irqs of them; null: none is mapped */
    struct page_info *eoi_page; /* pirq_share_eoi_page() */
    bool eoi_unmasks;
};

/* pirq.c: when nothing is connected any more. */
void pirq_unmap_all(struct domain *d);

#endif
