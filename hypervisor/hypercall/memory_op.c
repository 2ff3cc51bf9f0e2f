/* SPDX-License-Identifier: MIT */
/* memory_op: from a command to the handler of its row, and its restart. */
#include "memory_op.h"

/* The handler's arguments by restart and direction. */
#define CALL_NEVER_NONE(fn)      fn()
#define CALL_NEVER_IN(fn)        fn(op_arg)
#define CALL_NEVER_OUT(fn)       fn(op_arg)
#define CALL_NEVER_INOUT(fn)     fn(op_arg)
#define CALL_RESTARTS_IN(fn)     fn(start, op_arg)
#define CALL_RESTARTS_INOUT(fn)  fn(start, op_arg)
#define CALL_RESTARTS_REPORT(fn) fn(start, op_arg)

#define START_OK_NEVER    (start == 0)
#define START_OK_RESTARTS true

/* What a call that does not restart says to a number of extents done. Some commands are
 * compared with that number still in them, and so are unknown. */
static long bad_start(unsigned int op)
{
    switch (op) {
    case XENMEM_machphys_mfn_list:
    case XENMEM_memory_map:
    case XENMEM_machine_memory_map:
    case XENMEM_machphys_mapping:
    case XENMEM_set_memory_map:
        return -ENOSYS;
    default:
        return -EINVAL;
    }
}

static long run_row(unsigned int op, unsigned long start, XEN_GUEST_HANDLE(void) arg)
{
    switch (op) {
#define OP(nr, name, suffix, type, dir, priv, restart) \
    case nr:                                           \
        if (!OP_MAY_##priv)                            \
            return -EPERM;                             \
        if (!START_OK_##restart)                       \
            return bad_start(op);                      \
        return OP_RUN_##dir(type, arg, CALL_##restart##_##dir(memory_op_##suffix));
#define OP_ABSENT(nr, name, error) \
    case nr:                       \
        return -error;
#include <abi/ops/memory.def>
    default:
        return -ENOSYS;
    }
}

static bool counts_extents(unsigned int op)
{
    return op == XENMEM_increase_reservation || op == XENMEM_decrease_reservation ||
           op == XENMEM_populate_physmap;
}

long hc_memory_op(unsigned long cmd, XEN_GUEST_HANDLE(void) arg)
{
    unsigned int op = cmd & MEMOP_CMD_MASK;
    unsigned long start = cmd >> MEMOP_EXTENT_SHIFT;
    long rc = run_row(op, start, arg);

    /* Of a reservation that cannot be read, no more extents are done. */
    if (rc == -EFAULT && counts_extents(op))
        return (long)start;
    if (rc < MEMOP_AGAIN_BASE)
        return rc;
    start = (unsigned long)(rc - MEMOP_AGAIN_BASE);
    return hypercall_continue(__HYPERVISOR_memory_op, 2, op | start << MEMOP_EXTENT_SHIFT,
                              (unsigned long)arg.p);
}
