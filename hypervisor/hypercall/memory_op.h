/* SPDX-License-Identifier: MIT */
/*
 * The handlers of memory_op's rows: long memory_op_<suffix>(argument by direction), and
 * for rows that restart with the extent to go on from before it.
 */
#ifndef HYPERCALL_MEMORY_OP_H
#define HYPERCALL_MEMORY_OP_H

#include <hv/domain.h>
#include <hv/heap.h>
#include <hv/hypercall.h>
#include <abi/memory.h>

/* cmd: the command below this bit, the extent to go on from above it. */
#define MEMOP_EXTENT_SHIFT 6
#define MEMOP_CMD_MASK     ((1ul << MEMOP_EXTENT_SHIFT) - 1)

#define MEMOP_START_NEVER
#define MEMOP_START_RESTARTS unsigned long start,
#define OP(cmd, name, suffix, type, dir, priv, restart) \
    long memory_op_##suffix(MEMOP_START_##restart OP_PARAM_##dir(type));
#include <abi/ops/memory.def>

/* What a restarting handler returns to be called again with start = extent. Values that
 * handlers return otherwise are smaller in size. */
#define MEMOP_AGAIN_BASE    (1l << 62)
#define MEMOP_AGAIN(extent) (MEMOP_AGAIN_BASE + (long)(extent))

/* The greatest order of an extent that current may ask for. */
static inline unsigned int memory_op_max_order(void)
{
    return current->domain->is_privileged ? 12 : PAGE_ORDER_2M;
}

/* Where the extents of a reservation may lie. */
struct heap_constraint memory_op_constraint(unsigned int mem_flags);
/* Is the list of extents outside the hypervisor's addresses? */
bool memory_op_list_ok(const struct xen_memory_reservation *r);

#endif
