/* SPDX-License-Identifier: MIT */
/*
 * PIRQs: a domain's own numbers of interrupt lines and messages. A PIRQ is
 *
 *   free        not mapped
 *   mapped      stands for a line or message (map_pirq), which is open as long
 *   connected   it is routed to its event channel (bind_pirq), and back to mapped when
 *               that is closed
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

/* Of a message: nothing that counts. */
static struct line_mode mode_of(unsigned int gsi)
{
    struct line_mode m = { 0 };

    if (gsi >= nr_gsis)
        return m;
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
    if (pirq >= nr_irqs || !r->pirq || !r->pirq[pirq].mapped)
        return NULL;
    return &r->pirq[pirq];
}

int pirq_irq(const struct domain *d, unsigned int pirq)
{
    struct domain_rights *r = d->rights;
    const struct pirq *p;
    int irq;

    spin_lock(&r->lock);
    p = mapped(r, pirq);
    irq = p ? p->irq : -1;
    spin_unlock(&r->lock);
    return irq;
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

/* The PIRQ that irq has, or -1; lock held. */
static int pirq_of(const struct domain_rights *r, unsigned int irq)
{
    for (unsigned int i = 0; i < nr_irqs; i++)
        if (r->pirq[i].mapped && r->pirq[i].irq == irq)
            return (int)i;
    return -1;
}

/* With the lock: there is a table from now on. */
static int make_table(struct domain_rights *r)
{
    if (!r->pirq)
        r->pirq = hv_zalloc_array(nr_irqs, sizeof(*r->pirq));
    return r->pirq ? 0 : -ENOMEM;
}

static int map_locked(struct domain_rights *r, unsigned int gsi, int wanted)
{
    int has, rc = make_table(r);

    if (rc)
        return rc;
    has = pirq_of(r, gsi);
    if (has >= 0)
        return wanted < 0 || wanted == has ? has : -EEXIST;
    if (wanted < 0)
        wanted = (int)gsi;
    if (r->pirq[wanted].connected ||
        (r->pirq[wanted].mapped && r->pirq[wanted].irq >= nr_gsis))
        return -EEXIST;
    r->pirq[wanted] = (struct pirq){ .irq = (uint16_t)gsi, .mapped = true };
    return wanted;
}

int pirq_map(struct domain *d, unsigned int gsi, int wanted)
{
    int rc;

    if (gsi >= nr_gsis || !irq_has_line(gsi) || wanted >= (int)nr_irqs)
        return -EINVAL;
    if (!rights_irq(d, gsi))
        return -EPERM;
    spin_lock(&d->rights->lock);
    rc = map_locked(d->rights, gsi, wanted);
    spin_unlock(&d->rights->lock);
    return rc;
}

/* The highest PIRQ that is not mapped, or -ENOSPC; lock held. */
static int highest_free(struct domain_rights *r)
{
    for (unsigned int i = nr_irqs; i-- > nr_gsis;)
        if (!mapped(r, i))
            return (int)i;
    return -ENOSPC;
}

static int map_msi_locked(struct domain_rights *r, uint16_t function, int entry,
                          int wanted)
{
    int irq, rc = make_table(r);

    if (rc)
        return rc;
    if (wanted < 0)
        wanted = highest_free(r);
    if (wanted < 0)
        return wanted;
    if (r->pirq[wanted].mapped)
        return -EEXIST;
    irq = irq_open_msi(function, entry);
    if (irq < 0)
        return irq;
    r->pirq[wanted] = (struct pirq){ .irq = (uint16_t)irq, .mapped = true };
    return wanted;
}

int pirq_map_msi(struct domain *d, uint16_t function, int entry, int wanted)
{
    int rc;

    if (wanted >= (int)nr_irqs)
        return -EINVAL;
    spin_lock(&d->rights->lock);
    rc = map_msi_locked(d->rights, function, entry, wanted);
    spin_unlock(&d->rights->lock);
    return rc;
}

/* With the lock; not connected. */
static void unmap(struct pirq *p)
{
    if (p->irq >= nr_gsis)
        irq_close_msi(p->irq);
    p->mapped = false;
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
        unmap(p);
    spin_unlock(&r->lock);
    return rc;
}

void pirq_unmap_all(struct domain *d)
{
    struct domain_rights *r = d->rights;

    spin_lock(&r->lock);
    for (unsigned int i = 0; i < nr_irqs && r->pirq; i++)
        if (r->pirq[i].mapped)
            unmap(&r->pirq[i]);
    spin_unlock(&r->lock);
}

int pirq_find_free(struct domain *d, bool message)
{
    struct domain_rights *r = d->rights;
    int found = -ENOSPC;

    spin_lock(&r->lock);
    if (message)
        found = highest_free(r);
    for (unsigned int i = NR_LEGACY; i < nr_gsis && !message && found < 0; i++)
        if (!mapped(r, i))
            found = (int)i;
    spin_unlock(&r->lock);
    return found;
}

/* A message is its domain's as long as it is mapped. */
bool pirq_is_permitted(const struct domain *d, unsigned int pirq)
{
    int irq = pirq_irq(d, pirq);

    return irq >= (int)nr_gsis || (irq >= 0 && rights_irq(d, (unsigned int)irq));
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

/* Claims a mapped PIRQ for connection: its interrupt, or -EINVAL, -EBUSY. */
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
        rc = p->irq;
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
    int irq = claim(d->rights, pirq), rc;
    struct line_mode m;

    (void)share;
    if (irq < 0)
        return irq;
    m = mode_of((unsigned int)irq);
    rc = irq_bind_guest((unsigned int)irq, d, pirq, m.level, m.active_low);
    settle(d->rights, pirq, !rc, m.level);
    return rc;
}

void pirq_disconnect(struct domain *d, unsigned int pirq)
{
    int irq = pirq_irq(d, pirq);

    if (irq < 0 || !is_connected(d, pirq))
        return;
    irq_unbind_guest((unsigned int)irq, d);
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
        for (unsigned int i = 0; i < nr_irqs && r->pirq; i++)
            if (r->pirq[i].connected && irq_guest_needs_eoi(r->pirq[i].irq))
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
