/* SPDX-License-Identifier: MIT */
/*
 * Which device memory a domain may map: what it has a right to (hv/rights.h), and never
 * the interrupt controllers, which are the hypervisor's.
 */
#include "mmu.h"
#include <hv/hooks.h>
#include <hv/rights.h>

/* Where PC-compatible machines have their I/O and local APICs (SDM volume 3, 11.4.1;
 * chipset manuals): [first, end) in frames. */
static const struct {
    uint64_t first, end;
} apic_ranges[] = {
    { 0xfec00, 0xfed00 },
    { 0xfee00, 0xfef00 },
};

bool pv_may_set_caching(const struct domain *d)
{
    return pv_has_device_access(d) || rights_has_iomem(d);
}

bool pv_may_map_device(const struct domain *d, mfn_t mfn)
{
    if (!rights_iomem(d, mfn_x(mfn), 1))
        return false;
    for (unsigned int i = 0; i < ARRAY_SIZE(apic_ranges); i++)
        if (mfn_x(mfn) >= apic_ranges[i].first && mfn_x(mfn) < apic_ranges[i].end)
            return false;
    return true;
}
