/* SPDX-License-Identifier: MIT */
/* sysctl: the machine and its memory, the hypervisor's console and debug keys. */
#include "internal.h"
#include <hv/console.h>
#include <hv/guest_copy.h>
#include <hv/heap.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/timer.h>

#define CONSOLE_CHUNK  256
#define DEBUG_KEYS_MAX 64

int sysctl_physinfo(struct xen_sysctl_physinfo *arg)
{
    uint32_t words[CPU_FEATURE_WORDS];

    featureset_get(POLICY_HOST, words);
    *arg = (struct xen_sysctl_physinfo){
        .threads_per_core = 1,
        .cores_per_socket = nr_cpus,
        .nr_cpus = cpumask_weight(&cpu_online_map),
        .max_cpu_id = nr_cpus - 1,
        .nr_nodes = 1,
        .cpu_khz = tsc_khz,
        .capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1,
        .total_pages = heap_total_count(),
        .free_pages = heap_free_count(),
        .outstanding_pages = heap_claimed_count(),
        .max_mfn = max_page - 1,
    };
    memcpy(arg->hw_cap, words, sizeof(arg->hw_cap));
    return 0;
}

/* A piece at a time. Cleared, if asked for, up to where it was read. 0; -EFAULT. */
int sysctl_readconsole(struct xen_sysctl_readconsole *arg)
{
    uint32_t count = arg->count, index = arg->index;
    bool incremental = arg->incremental;
    char text[CONSOLE_CHUNK];

    for (arg->count = 0; arg->count < count; incremental = true) {
        size_t n = min(count - arg->count, (uint32_t)CONSOLE_CHUNK);

        n = console_ring_read(text, n, &index, arg->clear, incremental);
        if (!n)
            break;
        if (copy_to_guest_offset(arg->buffer, arg->count, text, n))
            return -EFAULT;
        arg->count += (uint32_t)n;
    }
    if (arg->count)
        arg->index = index;
    return 0;
}

/* 0; -E2BIG more than 64 keys; -EFAULT. */
int sysctl_debug_keys(struct xen_sysctl_debug_keys *arg)
{
    char key;

    if (arg->nr_keys > DEBUG_KEYS_MAX)
        return -E2BIG;
    for (uint32_t i = 0; i < arg->nr_keys; i++) {
        if (guest_read(&key, guest_handle_addr(arg->keys, i), 1))
            return -EFAULT;
        debug_key_handle(key);
    }
    return 0;
}

/* Does a limit of address bits cut through the machine's memory? */
static bool covers_all(const struct xen_sysctl_availheap *arg)
{
    uint32_t most = arg->max_bitwidth;

    if (arg->min_bitwidth > PAGE_SHIFT)
        return false;
    return !most || most >= 64 || (max_page << PAGE_SHIFT) - 1 <= (1ull << most) - 1;
}

/* 0; -EOPNOTSUPP: by address width. */
int sysctl_availheap(struct xen_sysctl_availheap *arg)
{
    if (!covers_all(arg))
        return -EOPNOTSUPP;
    arg->avail_bytes = arg->node > 0 ? 0 : heap_free_count() << PAGE_SHIFT;
    return 0;
}
