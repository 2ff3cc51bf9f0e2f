/* SPDX-License-Identifier: MIT */
/* Memory that the hypervisor keeps for itself, altogether and for a small domain. */
#include "bench.h"

#include <abi/domctl.h>
#include <abi/hypercall_stubs.h>
#include <abi/memory.h>
#include <abi/sysctl.h>
#include <mini-os/boot.h>
#include <mini-os/panic.h>

#define DOMAIN_PAGES 2048 /* 8 MiB */
#define AT_ONCE      256

static int physinfo(struct xen_sysctl_physinfo *info)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo,
                             .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    int rc = HYPERVISOR_sysctl(&op);

    *info = op.u.physinfo;
    return rc;
}

static uint64_t free_kib(void)
{
    struct xen_sysctl_physinfo info;

    BUG_ON(physinfo(&info));
    return info.free_pages * 4;
}

static void domctl(struct xen_domctl *op, unsigned int cmd)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    while (HYPERVISOR_domctl(op))
        BUG_ON(cmd != XEN_DOMCTL_destroydomain);
}

static void populate(domid_t domain)
{
    static xen_pfn_t frames[AT_ONCE];
    struct xen_memory_reservation r = { .domid = domain, .nr_extents = AT_ONCE };

    set_xen_guest_handle(r.extent_start, frames);
    for (unsigned int i = 0; i < DOMAIN_PAGES; i += AT_ONCE) {
        for (unsigned int n = 0; n < AT_ONCE; n++)
            frames[n] = i + n;
        BUG_ON(HYPERVISOR_memory_op(XENMEM_populate_physmap, &r) != AT_ONCE);
    }
}

/* A domain of one vCPU and 8 MiB, as far as the hypervisor's part of it goes. */
static void bench_domain(void)
{
    struct xen_domctl op = {
        .u.createdomain = { .max_vcpus = 1,
                            .max_evtchn_port = 1023,
                            .max_grant_frames = 64,
                            .max_maptrack_frames = 1024,
                            .grant_opts = XEN_DOMCTL_GRANT_version(1) },
    };
    uint64_t before = free_kib();

    domctl(&op, XEN_DOMCTL_createdomain);
    op.u.max_mem.max_memkb = DOMAIN_PAGES * 4 + 1024;
    domctl(&op, XEN_DOMCTL_max_mem);
    op.u.max_vcpus.max = 1;
    domctl(&op, XEN_DOMCTL_max_vcpus);
    populate(op.domain);
    report("domain-kib", before - free_kib() - DOMAIN_PAGES * 4);
    domctl(&op, XEN_DOMCTL_destroydomain);
}

void bench_memory(void)
{
    struct xen_sysctl_physinfo info;

    if (physinfo(&info))
        return;
    report("machine-kib", info.total_pages * 4);
    report("free-kib", info.free_pages * 4);
    report("domain0-kib", boot_info->nr_pages * 4);
    bench_domain();
}
