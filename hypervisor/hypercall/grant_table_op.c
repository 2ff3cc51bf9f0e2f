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
