/* SPDX-License-Identifier: MIT */
/* Memory that the hypervisor keeps for itself. */
#include "bench.h"

#include <abi/hypercall_stubs.h>
#include <abi/sysctl.h>
#include <mini-os/boot.h>

void bench_memory(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo,
                             .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

    if (HYPERVISOR_sysctl(&op))
        return;
    report("machine-kib", op.u.physinfo.total_pages * 4);
    report("free-kib", op.u.physinfo.free_pages * 4);
    report("domain0-kib", boot_info->nr_pages * 4);
}
