/* SPDX-License-Identifier: MIT */
/* The PV part of domains and vCPUs: creation and teardown (parts.def). */
#include "internal.h"
#include <hv/heap.h>

/* XCR0 of a new vCPU, as on Xen: x87 and SSE state. */
#define XCR0_AT_START 3

int pv_domain_create(struct domain *d, const struct xen_domctl_createdomain *cfg)
{
    (void)cfg;
    d->pv = hv_new(struct pv_domain);
    if (!d->pv)
        return -ENOMEM;
    pv_update_wallclock(d);
    return 0;
}

void pv_domain_destroy(struct domain *d)
{
    pv_policy_free(d->pv);
    hv_free(d->pv->io_ports);
    hv_free(d->pv);
    d->pv = NULL;
}

static int relinquish_vcpu(struct vcpu *v)
{
    int rc = pv_drop_roots(v);

    if (rc)
        return rc;
    pv_drop_ldt_mappings(v);
    v->pv.ldt_entries = 0;
    pv_drop_gdt(v);
    return 0;
}

/* Roots and descriptor pages of every vCPU, then what the domain has pinned. The
 * domain's vCPUs do not run any more. 0 or -ERESTART. */
int pv_domain_relinquish(struct domain *d)
{
    struct vcpu *v;
    int rc;

    for_each_vcpu (d, v) {
        rc = relinquish_vcpu(v);
        if (rc)
            return rc;
    }
    return pv_mm_relinquish(d);
}

/* The state a vCPU has before it is given a context. */
static void init_vcpu_state(struct vcpu *v)
{
    v->pv.kernel_mode = 1;
    v->pv.xcr0 = host_cpu.xsave ? XCR0_AT_START : 0;
    v->pv.dr7 = 0x400;
    v->pv.cr4 = 0;
    v->pv.iopl = 0;
    fpu_init_area(v->pv.fpu);
}

int pv_vcpu_create(struct vcpu *v)
{
    v->pv.traps = hv_alloc_page();
    if (!v->pv.traps)
        return -ENOMEM;
    v->pv.fpu = fpu_alloc();
    if (!v->pv.fpu) {
        hv_free_page(v->pv.traps);
        return -ENOMEM;
    }
    init_vcpu_state(v);
    return 0;
}

void pv_vcpu_destroy(struct vcpu *v)
{
    hv_free(v->pv.ldt_frames);
    fpu_free(v->pv.fpu);
    hv_free_page(v->pv.traps);
}

int pv_vcpu_reset(struct vcpu *v)
{
    int rc = relinquish_vcpu(v);

    if (rc)
        return rc;
    memset(v->pv.traps, 0, 256 * sizeof(*v->pv.traps));
    init_vcpu_state(v);
    v->initialised = false;
    return 0;
}
