/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op: an array of operations, each with its own status. The handlers run
 * through the array themselves and say how far they came.
 */
#include <hv/hypercall.h>

/* -EINVAL: more operations than fit an int; -ENOSYS: no such command. */
long hc_grant_table_op(unsigned int cmd, XEN_GUEST_HANDLE(void) uop, unsigned int count)
{
    long done;

    if (unlikely((int)count < 0))
        return -EINVAL;
    switch (cmd) {
#define OP(nr, name, suffix, type, dir, priv, restart) \
    case nr: {                                         \
        XEN_GUEST_HANDLE(type) ops = { uop.p };        \
                                                       \
        done = grant_op_##suffix(ops, count);          \
        if (likely(done <= 0))                         \
            return done;                               \
        ops.p += done;                                 \
        uop.p = ops.p;                                 \
        break;                                         \
    }
#define OP_ABSENT(nr, name, err) \
    case nr:                     \
        return -err;
#include <abi/ops/grant.def>
    default:
        return -ENOSYS;
    }
    return hypercall_continue(__HYPERVISOR_grant_table_op, 3, cmd, (unsigned long)uop.p,
                              count - (unsigned int)done);
}
