/* SPDX-License-Identifier: MIT */
/*
 * A list of hypercalls in one. Entries run in order, each with its own result; the list
 * goes on whatever the results are. It breaks off between entries when the CPU is wanted
 * elsewhere, or when an entry itself broke off: that entry is rewritten in the guest's
 * list, and the guest issues the multicall again from there.
 */
#include "trace.h"
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/softirq.h>

typedef long (*hypercall_fn)(unsigned long, unsigned long, unsigned long, unsigned long,
                             unsigned long, unsigned long);

/* What an entry asks for; kept in registers. */
struct request {
    unsigned long op, a0, a1, a2, a3, a4, a5;
};

/* With SMAP: the whole entry in one window. */
static noinline int entry_read_any(struct mc_state *mc, const multicall_entry_t *entry)
{
    return guest_read_any(&mc->call, (unsigned long)entry, sizeof(*entry));
}

/* Reads an entry, without the result in its middle; 0 or -EFAULT. */
static always_inline int entry_read(struct mc_state *mc, const multicall_entry_t *entry,
                                    struct request *r)
{
    const multicall_entry_t *c = &mc->call;

    if (unlikely(host_cpu.smap)) {
        if (entry_read_any(mc, entry))
            return -EFAULT;
        *r = (struct request){ c->op,      c->args[0], c->args[1], c->args[2],
                               c->args[3], c->args[4], c->args[5] };
        return 0;
    }
    if (unlikely(!guest_start_ok((unsigned long)entry)))
        return -EFAULT;
    GUEST_LOAD(unsigned long, &r->op, &entry->op, fault);
    GUEST_LOAD(unsigned long, &r->a0, &entry->args[0], fault);
    GUEST_LOAD(unsigned long, &r->a1, &entry->args[1], fault);
    GUEST_LOAD(unsigned long, &r->a2, &entry->args[2], fault);
    GUEST_LOAD(unsigned long, &r->a3, &entry->args[3], fault);
    GUEST_LOAD(unsigned long, &r->a4, &entry->args[4], fault);
    GUEST_LOAD(unsigned long, &r->a5, &entry->args[5], fault);
    return 0;
fault:
    return -EFAULT;
}

/* A broken-off entry, as it is to be issued next; 0 or -EFAULT. */
static int entry_rewrite(const struct mc_state *mc, const multicall_entry_t *entry)
{
    if (guest_write((unsigned long)&entry->op, &mc->call.op, sizeof(mc->call.op)))
        return -EFAULT;
    return guest_write((unsigned long)entry->args, mc->call.args,
                       mc->nargs * sizeof(mc->call.args[0]));
}

static long restart_from(multicall_entry_t *entry, unsigned int count)
{
    current->mc.active = false;
    return hypercall_continue(__HYPERVISOR_multicall, 2, (unsigned long)entry, count);
}

static always_inline long run_entry(const struct request *r)
{
    if (unlikely(r->op >= HYPERCALL_TABLE_SIZE))
        return -ENOSYS;
    return ((hypercall_fn)(uintptr_t)hypercall_table[r->op])(r->a0, r->a1, r->a2, r->a3,
                                                             r->a4, r->a5);
}

static long run_entry_traced(const struct request *r)
{
    const unsigned long args[] = { r->a0, r->a1, r->a2, r->a3, r->a4, r->a5 };

    return hypercall_run_traced(r->op, args, true);
}

/* Runs entries from *entry on, at most count, until one ends the list. Returns as the
 * hypercall does, with *entry at the one that is next. */
static always_inline long run(struct mc_state *mc, multicall_entry_t **next,
                              unsigned int count, bool traced)
{
    for (multicall_entry_t *entry = *next; count--; *next = ++entry) {
        struct request r;
        long result;

        if (unlikely(entry_read(mc, entry, &r)))
            return -EFAULT;
        result = traced ? run_entry_traced(&r) : run_entry(&r);
        if (unlikely(mc->preempted))
            return entry_rewrite(mc, entry) ? -EFAULT : -ERESTART;
        if (unlikely(r.op == __HYPERVISOR_iret))
            return result; /* the guest's RAX now, and the list is left behind */
        if (unlikely(guest_write((unsigned long)&entry->result, &result, sizeof(result))))
            return -EFAULT;
        if (unlikely(softirq_is_pending()) && count) {
            *next = entry + 1;
            return -ERESTART;
        }
    }
    return 0;
}

static always_inline long run_list(multicall_entry_t *calls, unsigned int count,
                                   bool traced)
{
    struct mc_state *mc = &current->mc;
    multicall_entry_t *next = calls;
    long rc;

    if (unlikely(mc->active))
        return -EINVAL;
    mc->active = true;
    mc->preempted = false;
    rc = run(mc, &next, count, traced);
    if (unlikely(rc == -ERESTART))
        return restart_from(next, count - (unsigned int)(next - calls));
    mc->active = false;
    return rc;
}

/*
 * 0 when all entries have run, whatever their results; -EFAULT the list is not readable
 * and writable; -EINVAL a multicall within a multicall.
 */
long hc_multicall(XEN_GUEST_HANDLE(multicall_entry_t) calls, unsigned int count)
{
    return run_list(calls.p, count, false);
}

long multicall_traced(unsigned long calls, unsigned long count)
{
    return run_list((multicall_entry_t *)calls, (unsigned int)count, true);
}
