/* SPDX-License-Identifier: MIT */
/*
 * What arguments of hypercalls point to, for trace records: sizes and directions are the
 * columns of the operations' rows. It is read for the record alone: the operation itself
 * takes its own copy, of which a guest may have made something else meanwhile.
 */
#include "trace.h"
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/trace.h>

#define MAX_BYTES    24u /* of an element that are recorded */
#define MAX_ELEMENTS 16u /* of a list */

/* When an argument's contents mean something. */
enum when { NEVER = 0, BEFORE = 1, AFTER = 2 };

/* The argument of one operation. */
struct op_argument {
    uint8_t size, when;
};

#define ARGUMENT_OF(type, when)                                                \
    {                                                                          \
        (uint8_t)(sizeof(type) < MAX_BYTES ? sizeof(type) : MAX_BYTES), (when) \
    }
#define ARGUMENT_NONE(type) \
    {                       \
        0, NEVER            \
    }
#define ARGUMENT_RAW(type) \
    {                      \
        0, NEVER           \
    }
#define ARGUMENT_IN(type)        ARGUMENT_OF(type, BEFORE)
#define ARGUMENT_OUT(type)       ARGUMENT_OF(type, AFTER)
#define ARGUMENT_INOUT(type)     ARGUMENT_OF(type, BEFORE | AFTER)
#define ARGUMENT_REPORT(type)    ARGUMENT_OF(type, BEFORE | AFTER)
#define ARGUMENT(cmd, type, dir) [cmd] = ARGUMENT_##dir(type),

#define OP(cmd, name, suffix, type, dir, priv, restart) ARGUMENT(cmd, type, dir)
static const struct op_argument event_channel_ops[] = {
#include <abi/ops/evtchn.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) ARGUMENT(cmd, type, dir)
static const struct op_argument sched_ops[] = {
#include <abi/ops/sched.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) ARGUMENT(cmd, type, dir)
static const struct op_argument vcpu_ops[] = {
#include <abi/ops/vcpu.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) ARGUMENT(cmd, type, dir)
static const struct op_argument memory_ops[] = {
#include <abi/ops/memory.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) ARGUMENT(cmd, type, dir)
static const struct op_argument physdev_ops[] = {
#include <abi/ops/physdev.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) ARGUMENT(cmd, type, dir)
static const struct op_argument callback_ops[] = {
#include <abi/ops/callback.def>
};
#define OP(cmd, name, suffix, type, dir, priv, restart) ARGUMENT(cmd, type, dir)
static const struct op_argument grant_ops[] = {
#include <abi/ops/grant.def>
};

/* An argument that is a pointer, of one call. */
struct pointed {
    unsigned int arg;    /* which */
    unsigned int size;   /* bytes of an element */
    unsigned long count; /* elements */
    unsigned int when;
};

static struct pointed by_operation(unsigned int arg, unsigned long count,
                                   unsigned long cmd, const struct op_argument *ops,
                                   size_t n)
{
    if (cmd >= n)
        return (struct pointed){ .when = NEVER };
    return (struct pointed){ arg, ops[cmd].size, count, ops[cmd].when };
}

#define BY_OPERATION(arg, count, cmd, ops) \
    by_operation((arg), (count), (cmd), (ops), ARRAY_SIZE(ops))
/* The command of memory_op has the progress of a restarted call above it. */
#define MEMORY_CMD(a) ((a)&63)

static struct pointed pointed_of(unsigned long nr, const unsigned long *a)
{
    switch (nr) {
    case __HYPERVISOR_mmu_update:
        return (struct pointed){ 0, sizeof(mmu_update_t), (uint32_t)a[1], BEFORE };
    case __HYPERVISOR_mmuext_op:
        return (struct pointed){ 0, sizeof(mmuext_op_t), (uint32_t)a[1], BEFORE };
    case __HYPERVISOR_grant_table_op:
        return BY_OPERATION(1, (uint32_t)a[2], (uint32_t)a[0], grant_ops);
    case __HYPERVISOR_event_channel_op:
        return BY_OPERATION(1, 1, (uint32_t)a[0], event_channel_ops);
    case __HYPERVISOR_sched_op:
        return BY_OPERATION(1, 1, (uint32_t)a[0], sched_ops);
    case __HYPERVISOR_vcpu_op:
        return BY_OPERATION(2, 1, (uint32_t)a[0], vcpu_ops);
    case __HYPERVISOR_memory_op:
        return BY_OPERATION(1, 1, MEMORY_CMD(a[0]), memory_ops);
    case __HYPERVISOR_physdev_op:
        return BY_OPERATION(1, 1, (uint32_t)a[0], physdev_ops);
    case __HYPERVISOR_callback_op:
        return BY_OPERATION(1, 1, (uint32_t)a[0], callback_ops);
    case __HYPERVISOR_domctl:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_platform_op:
        return (struct pointed){ 0, MAX_BYTES, 1, BEFORE | AFTER };
    case __HYPERVISOR_console_io:
        if ((uint32_t)a[0] == CONSOLEIO_write)
            return (struct pointed){ 2, (unsigned int)min(a[1], MAX_BYTES + 0ul), 1,
                                     BEFORE };
        /* fall through */
    default:
        return (struct pointed){ .when = NEVER };
    }
}

#define IS_AFTER 0x80000000u

static void record_element(const struct pointed *p, unsigned long at, unsigned int i,
                           bool after)
{
    uint32_t words[1 + MAX_BYTES / 4];

    words[0] = p->arg | i << 8 | (after ? IS_AFTER : 0);
    words[DIV_ROUND_UP(p->size, 4u)] = 0; /* the rest of the last word */
    if (!guest_read_any(words + 1, at, p->size))
        trace_put(ABI_TRC_PV_POINTED, 1 + DIV_ROUND_UP(p->size, 4u), words);
}

/* Bytes from one element of a list to the next. */
static unsigned int stride(unsigned long nr, unsigned long cmd, const struct pointed *p)
{
    if (nr != __HYPERVISOR_grant_table_op)
        return p->size;
    switch (cmd) {
#define OP(cmd_nr, name, suffix, type, dir, priv, restart) \
    case cmd_nr:                                           \
        return sizeof(type);
#include <abi/ops/grant.def>
    default:
        return p->size;
    }
}

void trace_pointed(unsigned long nr, const unsigned long *args, bool after)
{
    struct pointed p = pointed_of(nr, args);
    unsigned int step = stride(nr, args[0], &p);

    if (!(p.when & (after ? AFTER : BEFORE)) || !p.size)
        return;
    for (unsigned int i = 0; i < p.count && i < MAX_ELEMENTS; i++)
        record_element(&p, args[p.arg] + i * step, i, after);
}
