/* SPDX-License-Identifier: MIT */
/* sysctl: CPUs and memory nodes. A flat machine: one socket, one node, a core a CPU. */
#include "internal.h"
#include <hv/guest_copy.h>
#include <hv/heap.h>
#include <hv/page.h>
#include <hv/sched.h>

#define LOCAL_DISTANCE 10

/* 0; -EFAULT. */
int sysctl_getcpuinfo(struct xen_sysctl_getcpuinfo *arg)
{
    uint32_t n = min(arg->max_cpus, nr_cpus);

    for (uint32_t cpu = 0; cpu < n; cpu++) {
        xen_sysctl_cpuinfo_t info = { .idletime = sched_idle_time(cpu) };

        if (copy_to_guest_offset(arg->info, cpu, &info, 1))
            return -EFAULT;
    }
    arg->nr_cpus = n;
    return 0;
}

/* 0; -EFAULT. */
int sysctl_cputopoinfo(struct xen_sysctl_cputopoinfo *arg)
{
    uint32_t n = min(arg->num_cpus, nr_cpus);

    if (guest_handle_is_null(arg->cputopo)) {
        arg->num_cpus = nr_cpus;
        return 0;
    }
    for (uint32_t cpu = 0; cpu < n; cpu++) {
        xen_sysctl_cputopo_t topo = { .core = cpu };

        if (copy_to_guest_offset(arg->cputopo, cpu, &topo, 1))
            return -EFAULT;
    }
    arg->num_cpus = n;
    return 0;
}

/* 0; -EFAULT. */
int sysctl_numainfo(struct xen_sysctl_numainfo *arg)
{
    xen_sysctl_meminfo_t memory = { max_page << PAGE_SHIFT, heap_free_count()
                                                                << PAGE_SHIFT };
    uint32_t distance = LOCAL_DISTANCE;
    bool asks_number =
        guest_handle_is_null(arg->meminfo) && guest_handle_is_null(arg->distance);

    if (!asks_number && !arg->num_nodes)
        return 0;
    arg->num_nodes = 1;
    if (!guest_handle_is_null(arg->meminfo) && copy_to_guest(arg->meminfo, &memory, 1))
        return -EFAULT;
    if (!guest_handle_is_null(arg->distance) &&
        copy_to_guest(arg->distance, &distance, 1))
        return -EFAULT;
    return 0;
}
