/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <abi/hypercall_stubs.h>
#include <mini-os/mm.h>

struct xen_sysctl trace_op = { .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
                               .cmd = XEN_SYSCTL_tbuf_op };
volatile struct t_buf *trace_ring[TRACE_MAX_RINGS];
unsigned int trace_nr_rings;

static uint32_t ring_bytes; /* for records */
static volatile struct t_info *info;

int trace_tbuf(unsigned int cmd, unsigned int events, unsigned int size)
{
    trace_op.u.tbuf_op =
        (struct xen_sysctl_tbuf_op){ .cmd = cmd, .evt_mask = events, .size = size };
    return (int)HYPERVISOR_sysctl(&trace_op);
}

int trace_set_cpus(uint64_t cpus)
{
    struct xen_sysctl_tbuf_op *op = &trace_op.u.tbuf_op;

    *op = (struct xen_sysctl_tbuf_op){ .cmd = XEN_SYSCTL_TBUFOP_set_cpu_mask };
    op->cpu_mask.bitmap.p = (uint8_t *)&cpus;
    op->cpu_mask.nr_bits = 64;
    return (int)HYPERVISOR_sysctl(&trace_op);
}

static int map_frame(volatile void *va, uint64_t mfn, pte_t flags)
{
    return (int)HYPERVISOR_update_va_mapping_otherdomain(
        (unsigned long)va, pte_make(mfn, flags), UVMF_INVLPG, DOMID_XEN);
}

static int map_ring(unsigned int cpu)
{
    const volatile uint32_t *list =
        (const volatile uint32_t *)info + info->mfn_offset[cpu];
    int rc = 0;

    if (!trace_ring[cpu])
        trace_ring[cpu] = window_reserve(TRACE_MAX_FRAMES);
    for (unsigned int i = 0; i < info->tbuf_size && i < TRACE_MAX_FRAMES && !rc; i++)
        rc = map_frame((volatile char *)trace_ring[cpu] + i * PAGE_SIZE, list[i], PTE_RW);
    return rc;
}

static unsigned int nr_cpus(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo,
                             .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

    if (HYPERVISOR_sysctl(&op))
        return 0;
    return op.u.physinfo.nr_cpus < TRACE_MAX_RINGS ? op.u.physinfo.nr_cpus
                                                   : TRACE_MAX_RINGS;
}

int trace_map(void)
{
    int rc = trace_tbuf(XEN_SYSCTL_TBUFOP_get_info, 0, 0);

    if (!info)
        info = window_reserve(1);
    trace_nr_rings = nr_cpus();
    if (!rc)
        rc = map_frame(info, trace_op.u.tbuf_op.buffer_mfn, PTE_RO);
    if (!rc)
        ring_bytes = (uint32_t)(info->tbuf_size * PAGE_SIZE - sizeof(struct t_buf));
    for (unsigned int cpu = 0; cpu < trace_nr_rings && !rc; cpu++)
        rc = map_ring(cpu);
    return rc;
}

void trace_unmap(void)
{
    for (unsigned int cpu = 0; cpu < trace_nr_rings; cpu++)
        for (unsigned int i = 0; i < TRACE_MAX_FRAMES; i++)
            unmap((volatile char *)trace_ring[cpu] + i * PAGE_SIZE);
    unmap(info);
}

void trace_skip(void)
{
    for (unsigned int cpu = 0; cpu < trace_nr_rings; cpu++)
        trace_ring[cpu]->cons = trace_ring[cpu]->prod;
}

bool trace_next(unsigned int cpu, struct trace_record *r)
{
    volatile struct t_buf *ring = trace_ring[cpu];
    const volatile uint32_t *at;
    uint32_t head;

    if (ring->cons == ring->prod)
        return false;
    at = (const volatile uint32_t *)(ring + 1) + ring->cons % ring_bytes / 4;
    head = *at++;
    *r = (struct trace_record){ .cpu = cpu,
                                .event = TRC_HD_TO_EVENT(head),
                                .n = TRC_HD_EXTRA(head) };
    if (TRC_HD_INCLUDES_CYCLE_COUNT(head)) {
        r->time = at[0] | (uint64_t)at[1] << 32;
        at += 2;
    }
    for (unsigned int i = 0; i < r->n; i++)
        r->words[i] = at[i];
    ring->cons =
        (uint32_t)((ring->cons + 4 + (r->time ? 8 : 0) + 4 * r->n) % (2 * ring_bytes));
    return true;
}

bool trace_find(uint32_t event, struct trace_record *r)
{
    for (unsigned int cpu = 0; cpu < trace_nr_rings; cpu++)
        while (trace_next(cpu, r))
            if (r->event == event)
                return true;
    return false;
}
