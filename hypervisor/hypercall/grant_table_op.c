/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op: an array of operations, each with its own status. The handlers run
 * through the array themselves, and arrange to be called again for the rest of it.
 */
#include <hv/hypercall.h>

/* -EINVAL: more operations than fit an int; -ENOSYS: no such command. */
long hc_grant_table_op(unsigned int cmd, XEN_GUEST_HANDLE(void) uop, unsigned int count)
{
    if (unlikely((int)count < 0))
        return -EINVAL;
    /* Of the rows these two are called most. */
    if (likely(cmd == GNTTABOP_map_grant_ref))
        return grant_op_map_grant_ref((XEN_GUEST_HANDLE(gnttab_map_grant_ref_t)){ uop.p },
                                      count);
    if (likely(cmd == GNTTABOP_unmap_grant_ref))
        return grant_op_unmap_grant_ref(
            (XEN_GUEST_HANDLE(gnttab_unmap_grant_ref_t)){ uop.p }, count);
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart) \
    case nr:                                           \
        return grant_op_##suffix((XEN_GUEST_HANDLE(type)){ uop.p }, count);
#define OP_ABSENT(nr, name, err) \
    case nr:                     \
        return -err;
#include <abi/ops/grant.def>
    default:
        return -ENOSYS;
    }
}
