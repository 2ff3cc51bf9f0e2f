/* SPDX-License-Identifier: MIT */
/*
 * Grant table, version 1.
 */
#include <mini-os/grants.h>

#include <abi/errno.h>
#include <abi/hypercall_stubs.h>
#include <mini-os/mm.h>

#define ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define FRAMES_MAX        64

static grant_entry_v1_t *table;
static unsigned int entries;

grant_entry_v1_t *grants_table(void)
{
    return table;
}

unsigned int grants_count(void)
{
    return entries;
}

static int map_frames(const xen_pfn_t *frames, unsigned int count)
{
    char *window = window_reserve(count);
    int rc = window ? 0 : -XEN_ENOMEM;

    for (unsigned int i = 0; i < count && !rc; i++)
        rc = map_mfn(window + i * PAGE_SIZE, frames[i], PTE_RW);
    if (rc)
        return rc;
    table = (grant_entry_v1_t *)window;
    entries = count * ENTRIES_PER_FRAME;
    return 0;
}

int grants_init(unsigned int nr_frames)
{
    xen_pfn_t frames[FRAMES_MAX];
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = nr_frames };
    int rc;

    if (nr_frames > FRAMES_MAX)
        return -XEN_EINVAL;
    set_xen_guest_handle(op.frame_list, frames);
    rc = HYPERVISOR_grant_table_op(GNTTABOP_setup_table, &op, 1);
    if (rc)
        return rc;
    return op.status == GNTST_okay ? map_frames(frames, nr_frames) : -XEN_EINVAL;
}

/* flags goes last: it is what makes the entry valid. */
int grant_access(domid_t domid, unsigned long mfn, unsigned int flags)
{
    for (grant_ref_t ref = GNTTAB_NR_RESERVED_ENTRIES; ref < entries; ref++) {
        if (READ_ONCE(table[ref].flags))
            continue;
        table[ref].frame = mfn;
        table[ref].domid = domid;
        __atomic_store_n(&table[ref].flags, GTF_permit_access | flags, __ATOMIC_RELEASE);
        return ref;
    }
    return -XEN_ENOSPC;
}

int grant_end_access(grant_ref_t ref)
{
    uint16_t flags = READ_ONCE(table[ref].flags);

    do {
        if (flags & (GTF_reading | GTF_writing))
            return -XEN_EBUSY;
    } while (!__atomic_compare_exchange_n(&table[ref].flags, &flags, 0, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return 0;
}

int grant_map(void *va, domid_t domid, grant_ref_t ref, unsigned int flags,
              grant_handle_t *handle)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = (uint64_t)va,
        .flags = GNTMAP_host_map | flags,
        .ref = ref,
        .dom = domid,
    };
    int rc = HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, &op, 1);

    *handle = op.handle;
    return rc ? GNTST_general_error : op.status;
}

int grant_unmap(void *va, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = (uint64_t)va, .handle = handle };
    int rc = HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1);

    return rc ? GNTST_general_error : op.status;
}

int grant_copy(struct gnttab_copy *op)
{
    int rc = HYPERVISOR_grant_table_op(GNTTABOP_copy, op, 1);

    return rc ? GNTST_general_error : op->status;
}
