/* SPDX-License-Identifier: MIT */
/*
 * Switching tracing on and off. Everything is under one lock, which is held while other
 * CPUs are called: they may want it, but wait for it with interrupts on.
 */
#include "internal.h"
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/spinlock.h>
#include <abi/errno.h>

static struct spinlock trace_lock = SPINLOCK_INIT(TRACE);

/* --- under trace_lock --- */
static struct trace_memory memory;
static uint32_t all_events = TRC_ALL;
static bool has_cpus; /* trace_set_cpus() has been called */

void trace_get_info(struct trace_info *info)
{
    spin_lock(&trace_lock);
    info->events = all_events;
    info->info_mfn = memory.info ? virt_to_mfn(memory.info) : _mfn(0);
    info->info_bytes = memory.info ? (uint32_t)PAGE_SIZE << memory.info_order : 0;
    spin_unlock(&trace_lock);
}

static int set_size(uint32_t each)
{
    struct trace_memory m;
    int rc;

    if (memory.info)
        return each == memory.each ? -EBUSY : -EINVAL;
    rc = trace_memory_alloc(&m, each);
    if (rc)
        return rc;
    memory = m;
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
        trace_ring_init(&per_cpu(trace_ring, cpu), each);
    return 0;
}

int trace_set_size(uint32_t frames)
{
    int rc;

    if (!frames)
        return -EINVAL;
    spin_lock(&trace_lock);
    rc = set_size(min(frames, TRACE_MAX_FRAMES / nr_cpus));
    spin_unlock(&trace_lock);
    return rc;
}

void trace_set_cpus(const struct cpumask *cpus)
{
    spin_lock(&trace_lock);
    has_cpus = true;
    trace_selection.cpus = *cpus;
    trace_reload();
    spin_unlock(&trace_lock);
}

void trace_set_events(uint32_t events)
{
    spin_lock(&trace_lock);
    all_events = events;
    trace_selection.common = trace_kinds_of_events(events);
    trace_reload();
    spin_unlock(&trace_lock);
}

int trace_select(struct domain *d, uint32_t kinds)
{
    if (kinds & ~(uint32_t)ABI_TRACE_ALL)
        return -EINVAL;
    spin_lock(&trace_lock);
    WRITE_ONCE(d->traced, kinds);
    trace_reload();
    spin_unlock(&trace_lock);
    return 0;
}

int trace_enable(void)
{
    int rc = 0;

    spin_lock(&trace_lock);
    if (!memory.info) {
        rc = -EINVAL;
    } else if (!trace_selection.is_on) {
        if (!has_cpus)
            trace_selection.cpus = cpu_online_map;
        trace_selection.common = trace_kinds_of_events(all_events);
        trace_selection.frames = memory.frames;
        trace_selection.each = memory.each;
        trace_selection.is_on = true;
        trace_reload();
    }
    spin_unlock(&trace_lock);
    return rc;
}

void trace_disable(void)
{
    spin_lock(&trace_lock);
    if (trace_selection.is_on) {
        trace_selection.is_on = false;
        trace_reload(); /* afterwards no CPU writes, not even what it had begun to */
    }
    spin_unlock(&trace_lock);
}

int trace_release(void)
{
    int rc = 0;

    spin_lock(&trace_lock);
    if (trace_selection.is_on)
        rc = -EBUSY;
    else if (memory.info)
        trace_memory_free(&memory);
    spin_unlock(&trace_lock);
    return rc;
}
