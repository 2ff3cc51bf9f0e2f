/* SPDX-License-Identifier: MIT */
/*
 * Device memory that a domain may map: a sorted array of ranges. A range is given by
 * taking it out, so that nothing overlaps, and putting it in whole; touching ones merge.
 */
#include "internal.h"
#include <hv/cpu.h>
#include <hv/heap.h>
#include <hv/irq.h>
#include <hv/lib.h>
#include <abi/errno.h>

/* Domain 0: every address that the machine has, less the interrupt controllers. */
static bool machine_has(uint64_t first, uint64_t last)
{
    return last >> (host_cpu.phys_bits - PAGE_SHIFT) == 0 &&
           !irq_owns_frames(first, last);
}

/* Index of the first range that does not end before frame. */
static unsigned int find(const struct domain_rights *r, uint64_t frame)
{
    unsigned int i = 0;

    while (i < r->nr_iomem && r->iomem[i].last < frame)
        i++;
    return i;
}

bool rights_iomem(const struct domain *d, uint64_t first, uint64_t n)
{
    struct domain_rights *r = d->rights;
    uint64_t last = first + n - 1;
    unsigned int i;
    bool given;

    if (!n || last < first || !machine_has(first, last))
        return false;
    if (d->is_privileged)
        return true;
    if (!READ_ONCE(r->nr_iomem))
        return false;
    spin_lock(&r->lock);
    i = find(r, first);
    given = i < r->nr_iomem && r->iomem[i].first <= first && last <= r->iomem[i].last;
    spin_unlock(&r->lock);
    return given;
}

bool rights_has_iomem(const struct domain *d)
{
    return READ_ONCE(d->rights->nr_iomem) != 0;
}

/* Room for two more ranges than there are: what one change may need. */
static int make_room(struct domain_rights *r)
{
    unsigned int room = r->room_iomem ? 2 * r->room_iomem : 4;
    struct iomem_range *bigger;

    if (r->nr_iomem + 2 <= r->room_iomem)
        return 0;
    bigger = hv_zalloc_array(room, sizeof(*bigger));
    if (!bigger)
        return -ENOMEM;
    if (r->nr_iomem)
        memcpy(bigger, r->iomem, r->nr_iomem * sizeof(*bigger));
    hv_free(r->iomem);
    r->iomem = bigger;
    r->room_iomem = room;
    return 0;
}

static void insert(struct domain_rights *r, unsigned int i, uint64_t first, uint64_t last)
{
    memmove(&r->iomem[i + 1], &r->iomem[i], (r->nr_iomem - i) * sizeof(*r->iomem));
    r->iomem[i] = (struct iomem_range){ first, last };
    r->nr_iomem++;
}

static void remove_at(struct domain_rights *r, unsigned int i)
{
    r->nr_iomem--;
    memmove(&r->iomem[i], &r->iomem[i + 1], (r->nr_iomem - i) * sizeof(*r->iomem));
}

static void take_out(struct domain_rights *r, uint64_t first, uint64_t last)
{
    unsigned int i = find(r, first);

    while (i < r->nr_iomem && r->iomem[i].first <= last) {
        struct iomem_range old = r->iomem[i];

        remove_at(r, i);
        if (old.first < first)
            insert(r, i++, old.first, first - 1);
        if (old.last > last)
            insert(r, i++, last + 1, old.last);
    }
}

static void put_in(struct domain_rights *r, uint64_t first, uint64_t last)
{
    unsigned int i;

    take_out(r, first, last);
    i = find(r, first);
    if (i < r->nr_iomem && r->iomem[i].first == last + 1) {
        last = r->iomem[i].last;
        remove_at(r, i);
    }
    if (i > 0 && r->iomem[i - 1].last + 1 == first) {
        first = r->iomem[--i].first;
        remove_at(r, i);
    }
    insert(r, i, first, last);
}

int rights_iomem_set(struct domain *d, uint64_t first, uint64_t n, bool allow)
{
    struct domain_rights *r = d->rights;
    int rc;

    spin_lock(&r->lock);
    rc = make_room(r);
    if (!rc && allow)
        put_in(r, first, first + n - 1);
    else if (!rc)
        take_out(r, first, first + n - 1);
    spin_unlock(&r->lock);
    return rc;
}
