/* SPDX-License-Identifier: MIT */
/* Debug key 'g': entries in use and mappings held, of every domain. */
#include "entry.h"
#include <hv/console.h>

static void dump_entry(struct grant_table *t, unsigned int ref)
{
    const struct active *act;

    spin_lock(&t->lock);
    act = active_find(t, ref);
    if (act && active_is_used(act))
        pr_info("  entry %5u: frame %#lx to d%u, %u readers, %u writers, flags %#lx\n",
                ref, (unsigned long)mfn_x(act->frame), act->user, act->readers,
                act->writers,
                (unsigned long)(READ_ONCE(*table_entry(t, ref)) & UINT16_MAX));
    spin_unlock(&t->lock);
}

static void dump_mapping(struct grant_table *t, unsigned int h)
{
    const struct mapping *m;

    spin_lock(&t->lock);
    m = mapping_at(t, h);
    if (m->flags)
        pr_info("  handle %4u: d%u's entry %u, flags %#x%s\n", h, m->granter->id, m->ref,
                m->flags, m->busy ? ", being unmapped" : "");
    spin_unlock(&t->lock);
}

void grant_dump(struct domain *d)
{
    struct grant_table *t = d->grant;

    pr_info("d%u: %u of %u grant frames, %u entries in use, %u mappings held\n", d->id,
            t->frames.nr, d->max_grant_frames, grant_active_count(d),
            grant_maptrack_count(d));
    for (unsigned int ref = 0; ref < table_nr_entries(t); ref++)
        dump_entry(t, ref);
    for (unsigned int h = 0; h / MAPPINGS_PER_PAGE < t->tracks.nr; h++)
        dump_mapping(t, h);
}

static void dump_all(char key)
{
    struct domain *d;

    (void)key;
    for (domid_t id = 0; (d = domain_get_next(id)) != NULL; id = d->id + 1) {
        grant_dump(d);
        domain_put(d);
    }
}

void grant_init(void)
{
    debug_key_register('g', "dump grant tables", dump_all);
}
