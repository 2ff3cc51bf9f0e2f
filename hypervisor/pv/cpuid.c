/* SPDX-License-Identifier: MIT */
/*
 * What a PV guest sees through emulated CPUID: its domain's policy (cpu_policy.c), what
 * goes with the vCPU's state, and the hypervisor's leaves at 0x40000000. The instruction
 * without the emulation prefix, which user programs use, is the machine's own: only
 * kernels ask for the emulated one.
 */
#include "cpu_policy.h"
#include "internal.h"
#include <abi/arch-x86/cpuid.h>
#include <abi/arch-x86/cpufeatureset.h>
#include <abi/version.h>
#include <hv/page.h>
#include <hv/timer.h>

#define FEATURE_BIT(name) (1u << XEN_X86_FEATURE_##name % 32)

/* Of leaf 0x40000003.0 EAX. */
#define TSC_STABLE (1u << 1)
#define TSC_RDTSCP (1u << 2)

const struct cpu_policy *domain_cpu_policy(const struct domain *d)
{
    return d && d->pv->policy ? d->pv->policy : cpu_policy_default();
}

int domain_change_cpu_policy(struct domain *d, const struct xen_cpuid_leaf *leaf,
                             unsigned int n, const uint64_t *msr_arch_caps)
{
    if (!d->pv->policy) {
        d->pv->policy = hv_new(struct cpu_policy);
        if (!d->pv->policy)
            return -ENOMEM;
        *d->pv->policy = *cpu_policy_default();
    }
    cpu_policy_change(d->pv->policy, leaf, n, msr_arch_caps);
    return 0;
}

void pv_policy_free(struct pv_domain *pd)
{
    hv_free(pd->policy);
    pd->policy = NULL;
}

bool pv_has_feature(const struct vcpu *v, unsigned int feature)
{
    return cpu_policy_has(domain_cpu_policy(v->domain), feature);
}

/* The last of the hypervisor's leaves; a policy may lower it, but not below the two by
 * which the hypervisor is recognised. */
static uint32_t last_xen_leaf(const struct domain *d)
{
    struct cpuid_regs r;

    cpu_policy_leaf(domain_cpu_policy(d), XEN_CPUID_FIRST_LEAF, 0, &r);
    r.a &= 0xff;
    return r.a < 2 || r.a > XEN_CPUID_MAX_NUM_LEAVES ? XEN_CPUID_MAX_NUM_LEAVES : r.a;
}

static void tsc_leaf(const struct domain *d, uint32_t sub, struct cpuid_regs *r)
{
    const struct time_base *b = time_base();

    switch (sub) {
    case 0:
        r->a = (host_cpu.tsc_invariant ? TSC_STABLE : 0) |
               (host_cpu.rdtscp ? TSC_RDTSCP : 0);
        r->c = tsc_khz;
        r->d = d->tsc_incarnation;
        break;
    case 1:
        r->c = b->scale.mul_frac;
        r->d = (uint32_t)(int8_t)b->scale.shift;
        break;
    case 2:
        r->a = tsc_khz;
        break;
    default:
        break;
    }
}

static void xen_leaf(const struct domain *d, uint32_t leaf, uint32_t sub,
                     struct cpuid_regs *r)
{
    uint32_t last = last_xen_leaf(d);

    *r = (struct cpuid_regs){ 0, 0, 0, 0 };
    switch (leaf <= last ? leaf : ~0u) {
    case 0:
        *r = (struct cpuid_regs){ XEN_CPUID_LEAF(last), XEN_CPUID_SIGNATURE_EBX,
                                  XEN_CPUID_SIGNATURE_ECX, XEN_CPUID_SIGNATURE_EDX };
        break;
    case 1:
        r->a = 4u << 16 | 17;
        break;
    case 2:
        r->a = 1;
        r->b = 0x40000000;
        r->c = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
        break;
    case 3:
        tsc_leaf(d, sub, r);
        break;
    case 5: /* bits of machine addresses; there is no sub-leaf behind it */
        if (sub == 0)
            r->b = 64 - (uint32_t)__builtin_clzll(((uint64_t)max_page << PAGE_SHIFT) - 1);
        break;
    default:
        break;
    }
}

void pv_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t sub, struct cpuid_regs *out)
{
    const struct cpu_policy *p = domain_cpu_policy(v->domain);

    if (leaf >= XEN_CPUID_FIRST_LEAF && leaf < XEN_CPUID_FIRST_LEAF + 0x100) {
        xen_leaf(v->domain, leaf - XEN_CPUID_FIRST_LEAF, sub, out);
        return;
    }
    cpu_policy_leaf(p, leaf, sub, out);
    /* Shown from the start: a guest asks before it sets CR4.OSXSAVE. */
    if (leaf == 1 && (out->c & FEATURE_BIT(XSAVE)))
        out->c |= FEATURE_BIT(OSXSAVE);
    if (leaf == 0xd && sub == 0)
        out->b = cpu_policy_xsave_size(p, v->pv.xcr0);
    else if (leaf == 0xd && sub == 1)
        out->b = cpu_policy_xsavec_size(p, v->pv.xcr0);
}
