/* SPDX-License-Identifier: MIT */
/* The machine as the page-type files see it: TLBs, hypervisor slots, device rights. */
#include "internal.h"
#include <hv/domain.h>
#include <hv/hooks.h>
#include <hv/page_type.h>
#include <hv/paging.h>
#include <hv/smp.h>

void page_env_flush(domid_t id, uint32_t stamp)
{
    struct domain *d = owner_find(id);

    tlb_flush_since(stamp, d ? &d->dirty_cpus : NULL);
}

void page_env_flush_now(domid_t id)
{
    struct domain *d = owner_find(id);

    tlb_flush_mask(d ? &d->dirty_cpus : &cpu_online_map, TLB_FLUSH_ALL);
}

void page_env_fill_root(uint64_t *root)
{
    for (unsigned int i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        WRITE_ONCE(root[i], idle_root[i]);
}

bool page_env_may_map_device(domid_t id, mfn_t mfn)
{
    struct domain *d = owner_find(id);

    return d && pv_may_map_device(d, mfn);
}

bool page_env_may_set_caching(domid_t id)
{
    struct domain *d = owner_find(id);

    return d && pv_may_set_caching(d);
}
