/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_xenpmu_op(cmd, arg): performance counters. The hypercall is absent
 * (-ENOSYS); its numbers stay, so that a guest's attempt can be named.
 *
 * Specified by: xen/pmu.h.
 */
#ifndef ABI_PMU_H
#define ABI_PMU_H

#include <abi/xen.h>

#define XENPMU_VER_MAJ 0
#define XENPMU_VER_MIN 1

#define XENPMU_mode_get    0
#define XENPMU_mode_set    1
#define XENPMU_feature_get 2
#define XENPMU_feature_set 3
#define XENPMU_init        4
#define XENPMU_finish      5
#define XENPMU_lvtpc_set   6
#define XENPMU_flush       7

#ifndef __ASSEMBLY__

struct xen_pmu_params {
    struct {
        uint32_t maj;
        uint32_t min;
    } version;     /* XENPMU_VER_* */
    uint64_t val;  /* by command; XENPMU_init: pfn of the shared page */
    uint32_t vcpu; /* XENPMU_init, _finish */
    uint32_t pad;
};
typedef struct xen_pmu_params xen_pmu_params_t;
DEFINE_XEN_GUEST_HANDLE(xen_pmu_params_t);

#endif /* !__ASSEMBLY__ */
#endif /* ABI_PMU_H */
