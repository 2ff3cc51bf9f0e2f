/* SPDX-License-Identifier: MIT */
/*
 * Where a vCPU's struct vcpu_info lies: the first 32 vCPUs' in shared_info; the others'
 * in hypervisor memory, which their guest cannot see; and once registered, in a frame of
 * the guest's that is held writable for it.
 */
#include "internal.h"

#include <hv/heap.h>
#include <hv/page_type.h>
#include <hv/lib.h>
#include <abi/errno.h>

int vcpu_info_init(struct vcpu *v)
{
    if (v->id < XEN_LEGACY_MAX_VCPUS) {
        v->info = &v->domain->shared_info->vcpu_info[v->id];
        return 0;
    }
    v->info = v->own_info = hv_new(struct vcpu_info);
    if (!v->info)
        return -ENOMEM;
    v->own_info->evtchn_upcall_mask = 1;
    return 0;
}

void vcpu_info_free(struct vcpu *v)
{
    hv_free(v->own_info);
}

/*
 * Events may arrive all the while: those marked in the old place after it was copied
 * are made good by marking every word pending in the new one afterwards.
 */
static void vcpu_info_switch(struct vcpu *v, struct vcpu_info *to)
{
    memcpy(to, v->info, sizeof(*to));
    __atomic_store_n(&v->info, to, __ATOMIC_SEQ_CST);
    __atomic_store_n(&to->evtchn_pending_sel, ~0ul, __ATOMIC_SEQ_CST);
    __atomic_store_n(&to->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
}

static int register_locked(struct vcpu *v, struct page_info *pg, uint64_t offset)
{
    if (v->info_page)
        return -EINVAL;
    if (v != current && !(READ_ONCE(v->pause_flags) & VPF_DOWN))
        return -EINVAL;
    if (!page_get_writable(pg, v->domain->id))
        return -EINVAL;
    v->info_page = pg;
    vcpu_info_switch(v, (struct vcpu_info *)((char *)page_to_virt(pg) + offset));
    return 0;
}

int vcpu_info_register(struct vcpu *v, mfn_t mfn, uint64_t offset)
{
    int rc;

    if (offset > PAGE_SIZE - sizeof(struct vcpu_info) || offset % 8)
        return -ENXIO;
    if (mfn_x(mfn) >= max_page)
        return -EINVAL;
    spin_lock(&v->domain->lock);
    rc = register_locked(v, mfn_to_page(mfn), offset);
    spin_unlock(&v->domain->lock);
    return rc;
}

void vcpu_info_release(struct vcpu *v)
{
    struct page_info *pg = v->info_page;

    if (!pg)
        return;
    v->info = v->own_info ? v->own_info : &v->domain->shared_info->vcpu_info[v->id];
    v->info_page = NULL;
    page_put_writable(pg);
}
