/* SPDX-License-Identifier: MIT */
/* Hypercalls of traced vCPUs: number, arguments and result, as records. */
#include "trace.h"
#include <hv/guest_entry.h>
#include <hv/hypercall.h>
#include <hv/trace.h>

#define MAX_ARGS 6

static const uint8_t nr_args[HYPERCALL_TABLE_SIZE] = {
#define HYPERCALL(nr, name, nargs, params, args, restart) [nr] = (nargs),
#include <abi/hypercalls.def>
};

/* As many arguments as there is room for, each in one word if its upper half is 0. */
static void record_call(uint32_t event, unsigned long nr, const unsigned long *args)
{
    unsigned int n = nr < HYPERCALL_TABLE_SIZE ? nr_args[nr] : 0, w = 1;
    uint32_t words[TRACE_EXTRA_MAX];

    words[0] = (uint32_t)nr & ~TRC_PV_HYPERCALL_V2_ARG_MASK;
    for (unsigned int i = 0; i < n; i++) {
        bool is_long = args[i] >> 32;

        if (w + 1 + is_long > TRACE_EXTRA_MAX)
            break;
        words[w++] = (uint32_t)args[i];
        if (is_long)
            words[w++] = (uint32_t)(args[i] >> 32);
        words[0] |= is_long ? (uint32_t)TRC_PV_HYPERCALL_V2_ARG_64(i)
                            : (uint32_t)TRC_PV_HYPERCALL_V2_ARG_32(i);
    }
    trace_put(event, w, words);
}

#define NOT_FINISHED 0x80000000u

static void record_result(unsigned long nr, long result, bool finished)
{
    trace_record(ABI_TRC_PV_RESULT, (uint32_t)nr | (finished ? 0 : NOT_FINISHED),
                 TRACE_WORDS64((unsigned long)result));
}

typedef long (*hypercall_fn)(unsigned long, unsigned long, unsigned long, unsigned long,
                             unsigned long, unsigned long);

static long call(unsigned long nr, const unsigned long *a)
{
    hypercall_fn fn;

    if (nr == __HYPERVISOR_multicall && !current->mc.active)
        return multicall_traced(a[0], a[1]);
    if (nr >= HYPERCALL_TABLE_SIZE)
        return -ENOSYS;
    fn = (hypercall_fn)(uintptr_t)hypercall_table[nr];
    return fn(a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* The calls whose records are asked for; the iret of the way out is a kind of its own. */
static uint32_t kind_of(unsigned long nr, bool listed)
{
    if (listed)
        return ABI_TRACE_LISTED;
    return nr == __HYPERVISOR_iret ? ABI_TRACE_IRET : ABI_TRACE_CALLS;
}

long hypercall_run_traced(unsigned long nr, const unsigned long *args, bool listed)
{
    struct vcpu *v = current;
    uint64_t rip = v->regs.rip;
    bool wanted = trace_wants(kind_of(nr, listed)), again;
    long result;

    if (wanted) {
        record_call(listed ? TRC_PV_HYPERCALL_SUBCALL : TRC_PV_HYPERCALL_V2, nr, args);
        if (trace_wants(ABI_TRACE_POINTED))
            trace_pointed(nr, args, false);
    }
    result = call(nr, args);
    if (!wanted || nr == __HYPERVISOR_iret)
        return result;
    again = listed ? v->mc.preempted : v->regs.rip != rip;
    if (!again && trace_wants(ABI_TRACE_POINTED))
        trace_pointed(nr, args, true);
    if (trace_wants(ABI_TRACE_RESULTS))
        record_result(nr, result, !again);
    return result;
}

/* entry.S */
long hypercall_traced(struct cpu_user_regs *regs)
{
    const unsigned long args[MAX_ARGS] = { regs->rdi, regs->rsi, regs->rdx,
                                           regs->r10, regs->r8,  regs->r9 };

    return hypercall_run_traced(regs->rax, args, false);
}
