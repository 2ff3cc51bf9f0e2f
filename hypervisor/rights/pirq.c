/* SPDX-License-Identifier: MIT */
/*
 * PIRQs: a domain's own numbers of interrupt lines. A PIRQ is
 *
 *   free        not mapped
 *   mapped      stands for a line (map_pirq)
 *   connected   the line is routed to its event channel (bind_pirq), and back to mapped
 *               when that is closed
 *
 * The frame that the guest may share shows which need an end-of-interrupt call.
 */
#include "internal.h"
#include <hv/heap.h>
#include <hv/hooks.h>
#include <hv/irq.h>
#include <hv/page_type.h>
#include <abi/errno.h>

#define NR_LEGACY 16

/* How lines signal, once told; under mode_lock. */
struct line_mode {
    bool known, level, active_low;
};
static struct line_mode *mode;
static struct spinlock mode_lock = SPINLOCK_INIT(RIGHTS);

static struct line_mode mode_of(unsigned int gsi)
{
    struct line_mode m;

    irq_default_mode(gsi, &m.level, &m.active_low);
    spin_lock(&mode_lock);
    if (mode && mode[gsi].known)
        m = mode[gsi];
    spin_unlock(&mode_lock);
    return m;
}

int gsi_set_mode(unsigned int gsi, bool level, bool active_low)
{
    int rc = -ENOMEM;

    if (gsi >= nr_gsis || !irq_has_line(gsi))
        return -EINVAL;
    if (!irq_is_available(gsi))
        return -EEXIST;
    spin_lock(&mode_lock);
    if (!mode)
        mode = hv_zalloc_array(nr_gsis, sizeof(*mode));
    if (mode) {
        mode[gsi] = (struct line_mode){ true, level, active_low };
        rc = 0;
    }
    spin_unlock(&mode_lock);
    return rc;
}

/* The entry of a mapped PIRQ, or null; the domain's lock is held. */
static struct pirq *mapped(struct domain_rights *r, unsigned int pirq)
{
    if (pirq >= nr_gsis || !r->pirq || !r->pirq[pirq].mapped)
        return NULL;
    return &r->pirq[pirq];
}

int pirq_gsi(const struct domain *d, unsigned int pirq)
{
    struct domain_rights *r = d->rights;
    const struct pirq *p;
    int gsi;

    spin_lock(&r->lock);
    p = mapped(r, pirq);
    gsi = p ? p->gsi : -1;
    spin_unlock(&r->lock);
    return gsi;
}

static bool is_connected(const struct domain *d, unsigned int pirq)
{
    struct domain_rights *r = d->rights;
    const struct pirq *p;
    bool is;

    spin_lock(&r->lock);
    p = mapped(r, pirq);
    is = p && p->connected;
    spin_unlock(&r->lock);
    return is;
}

/* The PIRQ that gsi has, or -1; lock held. */
static int pirq_of(const struct domain_rights *r, unsigned int gsi)
{
    for (unsigned int i = 0; i < nr_gsis; i++)
        if (r->pirq[i].mapped && r->pirq[i].gsi == gsi)
            return (int)i;
    return -1;
}

static int map_locked(struct domain_rights *r, unsigned int gsi, int wanted)
{
    int has;

    if (!r->pirq)
        r->pirq = hv_zalloc_array(nr_gsis, sizeof(*r->pirq));
    if (!r->pirq)
        return -ENOMEM;
    has = pirq_of(r, gsi);
    if (has >= 0)
        return wanted < 0 || wanted == has ? has : -EEXIST;
    if (wanted < 0)
        wanted = (int)gsi;
    if (r->pirq[wanted].connected)
        return -EEXIST;
    r->pirq[wanted] = (struct pirq){ .gsi = (uint16_t)gsi, .mapped = true };
    return wanted;
}

int pirq_map(struct domain *d, unsigned int gsi, int wanted)
{
    int rc;

    if (gsi >= nr_gsis || !irq_has_line(gsi) || wanted >= (int)nr_gsis)
        return -EINVAL;
    if (!rights_irq(d, gsi))
        return -EPERM;
    spin_lock(&d->rights->lock);
    rc = map_locked(d->rights, gsi, wanted);
    spin_unlock(&d->rights->lock);
    return rc;
}

int pirq_unmap(struct domain *d, unsigned int pirq)
{
    struct domain_rights *r = d->rights;
    struct pirq *p;
    int rc = 0;

    spin_lock(&r->lock);
    p = mapped(r, pirq);
    if (!p)
        rc = -EINVAL;
    else if (p->connected)
        rc = -EBUSY;
    else
        p->mapped = false;
    spin_unlock(&r->lock);
    return rc;
}

int pirq_find_free(struct domain *d)
{
    struct domain_rights *r = d->rights;
    int found = -ENOSPC;

    spin_lock(&r->lock);
    for (unsigned int i = NR_LEGACY; i < nr_gsis && found < 0; i++)
        if (!mapped(r, i))
            found = (int)i;
    spin_unlock(&r->lock);
    return found;
}

bool pirq_is_permitted(const struct domain *d, unsigned int pirq)
{
    int gsi = pirq_gsi(d, pirq);

    return gsi >= 0 && rights_irq(d, (unsigned int)gsi);
}

/* In the shared frame, if there is one; lock held. */
static void show_needs_eoi(struct domain_rights *r, unsigned int pirq, bool needs)
{
    uint64_t *map = r->eoi_page ? page_to_virt(r->eoi_page) : NULL;
    uint64_t bit = 1ull << (pirq % 64);

    if (!map)
        return;
    if (needs)
        __atomic_fetch_or(&map[pirq / 64], bit, __ATOMIC_RELAXED);
    else
        __atomic_fetch_and(&map[pirq / 64], ~bit, __ATOMIC_RELAXED);
}

/* Claims a mapped PIRQ for connection: its line, or -EINVAL, -EBUSY. */
static int claim(struct domain_rights *r, unsigned int pirq)
{
    struct pirq *p;
    int rc;

    spin_lock(&r->lock);
    p = mapped(r, pirq);
    if (!p) {
        rc = -EINVAL;
    } else if (p->connected) {
        rc = -EBUSY;
    } else {
        p->connected = true;
        rc = p->gsi;
    }
    spin_unlock(&r->lock);
    return rc;
}

static void settle(struct domain_rights *r, unsigned int pirq, bool connected, bool level)
{
    spin_lock(&r->lock);
    r->pirq[pirq].connected = connected;
    show_needs_eoi(r, pirq, connected && level);
    spin_unlock(&r->lock);
}

/* A line goes to one domain only, shared or not: another one gets -EBUSY. */
int pirq_connect(struct domain *d, unsigned int pirq, bool share)
{
    int gsi = claim(d->rights, pirq), rc;
    struct line_mode m;

    (void)share;
    if (gsi < 0)
        return gsi;
    m = mode_of((unsigned int)gsi);
    rc = irq_bind_guest((unsigned int)gsi, d, pirq, m.level, m.active_low);
    settle(d->rights, pirq, !rc, m.level);
    return rc;
}

void pirq_disconnect(struct domain *d, unsigned int pirq)
{
    int gsi = pirq_gsi(d, pirq);

    if (gsi < 0 || !is_connected(d, pirq))
        return;
    irq_unbind_guest((unsigned int)gsi, d);
    settle(d->rights, pirq, false, false);
}

int pirq_share_eoi_page(struct domain *d, struct page_info *pg, bool unmasks)
{
    struct domain_rights *r = d->rights;
    int rc = -EBUSY;

    spin_lock(&r->lock);
    if (!r->eoi_page) {
        r->eoi_page = pg;
        r->eoi_unmasks = unmasks;
        for (unsigned int i = 0; i < nr_gsis && r->pirq; i++)
            if (r->pirq[i].connected && irq_guest_needs_eoi(r->pirq[i].gsi))
                show_needs_eoi(r, i, true);
        rc = 0;
    }
    spin_unlock(&r->lock);
    return rc;
}

bool pirq_eoi_unmasks(const struct domain *d)
{
    return READ_ONCE(d->rights->eoi_unmasks);
}
