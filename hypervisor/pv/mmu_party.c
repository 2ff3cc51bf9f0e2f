/* SPDX-License-Identifier: MIT */
/* Whom a page-table hypercall is about: its foreigndom argument. */
#include "mmu.h"

/* A domain other than the caller, over which the caller has power. */
static int get_foreign(domid_t id, struct domain **out)
{
    if (!(*out = domain_get_by_id(id)))
        return -ESRCH;
    if (current->domain->is_privileged)
        return 0;
    domain_put(*out);
    return -EPERM;
}

static int get_frames_owner(domid_t id, struct mmu_party *p)
{
    struct domain *d = current->domain;

    p->frames = NULL;
    p->frames_id = id;
    if (id == DOMID_SELF) {
        p->frames = d;
        p->frames_id = d->id;
        domain_get(d);
        return 0;
    }
    if (id == d->id)
        return -ESRCH;
    if (id == DOMID_IO)
        return 0;
    if (id == DOMID_XEN)
        return d->is_privileged ? 0 : -EPERM;
    return get_foreign(id, &p->frames);
}

static int get_tables_owner(unsigned int id_plus_1, struct mmu_party *p)
{
    p->tables = current->domain;
    if (!id_plus_1 || id_plus_1 - 1 == p->tables->id) {
        domain_get(p->tables);
        return 0;
    }
    return get_foreign((domid_t)(id_plus_1 - 1), &p->tables);
}

int mmu_party_get_foreign(unsigned int foreigndom, struct mmu_party *p)
{
    int rc;

    p->held = true;
    rc = get_tables_owner(foreigndom >> 16, p);
    if (rc)
        return rc;
    rc = get_frames_owner((domid_t)foreigndom, p);
    if (rc)
        domain_put(p->tables);
    return rc;
}

void mmu_party_put_foreign(const struct mmu_party *p)
{
    if (p->frames)
        domain_put(p->frames);
    domain_put(p->tables);
}
