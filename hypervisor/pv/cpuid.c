/* SPDX-License-Identifier: MIT */
/*
 * What a PV guest sees through emulated CPUID. The policy is the machine's own leaves,
 * cut down to the features that a ring-3 kernel can use (masks below, by the classes of
 * the public cpufeatureset.h), plus the hypervisor's leaves at 0x40000000. A domain may
 * have a list of overriding leaves (set by the toolstack).
 */
#include "internal.h"
#include <abi/arch-x86/cpuid.h>
#include <abi/version.h>
#include <hv/timer.h>

#define BIT(n) (1u << (n))

/* Leaf 1 EDX: all but VME PSE MTRR PGE PSE36 (kernel's own paging) and
 * what is reserved. */
#define L1_EDX                                                                           \
    (0xffffffffu & ~(BIT(1) | BIT(3) | BIT(10) | BIT(12) | BIT(13) | BIT(17) | BIT(18) | \
                     BIT(20) | BIT(21) | BIT(29) | BIT(30) | BIT(31)))
/* Leaf 1 ECX: SSE3 PCLMUL SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX
 * F16C RDRAND */
#define L1_ECX                                                                    \
    (BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13) | BIT(19) | BIT(20) | BIT(22) | \
     BIT(23) | BIT(25) | BIT(26) | BIT(28) | BIT(29) | BIT(30))
#define L1_ECX_XSAVE      BIT(26)
#define L1_ECX_OSXSAVE    BIT(27)
#define L1_ECX_HYPERVISOR BIT(31)
#define L1_EDX_SEP        BIT(11)
/* Leaf 7 EBX: FSGSBASE BMI1 HLE AVX2 BMI2 ERMS RTM AVX512* RDSEED ADX
 * CLFLUSHOPT CLWB SHA */
#define L7_EBX                                                                       \
    (BIT(0) | BIT(3) | BIT(5) | BIT(8) | BIT(9) | BIT(16) | BIT(17) | BIT(18) |      \
     BIT(19) | BIT(21) | BIT(23) | BIT(24) | BIT(26) | BIT(27) | BIT(28) | BIT(29) | \
     BIT(30) | BIT(31))
#define L7_ECX                                                                  \
    (BIT(0) | BIT(1) | BIT(6) | BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(12) | \
     BIT(14) | BIT(22) | BIT(25))
#define L7_EDX (BIT(2) | BIT(3) | BIT(4) | BIT(14))
/* Extended leaf 1: LAHF ABM SSE4A MISALIGNSSE PREFETCHW XOP FMA4 TBM DBEXT;
 * EDX: SYSCALL NX ... */
#define X1_ECX                                                                           \
    (BIT(0) | BIT(1) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(11) | BIT(16) | BIT(21) | \
     BIT(26))
#define X1_EDX \
    (BIT(11) | BIT(20) | BIT(22) | BIT(25) | BIT(27) | BIT(29) | BIT(30) | BIT(31))
/* AMD repeats these leaf 1 EDX bits in the extended leaf. */
#define X1_EDX_COMMON 0x0183f3ffu
#define XSTATE1_EAX   (BIT(0) | BIT(1) | BIT(2))
#define X8_EBX        (BIT(0) | BIT(2))

struct cpuid_policy {
    unsigned int nr;
    struct xen_cpuid_leaf leaf[];
};

static void xen_leaf(const struct vcpu *v, uint32_t leaf, uint32_t sub,
                     struct cpuid_regs *r)
{
    *r = (struct cpuid_regs){ 0, 0, 0, 0 };
    switch (leaf) {
    case 0:
        r->a = XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES);
        r->b = XEN_CPUID_SIGNATURE_EBX;
        r->c = XEN_CPUID_SIGNATURE_ECX;
        r->d = XEN_CPUID_SIGNATURE_EDX;
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
        if (sub == 0) {
            r->a = (host_cpu.tsc_invariant ? BIT(1) : 0) | (host_cpu.rdtscp ? BIT(2) : 0);
            r->c = tsc_khz;
        } else if (sub == 1) {
            const struct time_base *b = time_base();

            r->c = b->scale.mul_frac;
            r->d = (uint32_t)(uint8_t)b->scale.shift;
        } else if (sub == 2) {
            r->a = tsc_khz;
        }
        break;
    case 5:
        if (sub == 0)
            r->b = host_cpu.phys_bits;
        break;
    default:
        break;
    }
    (void)v;
}

static void leaf_1(struct cpuid_regs *r)
{
    r->b = (r->b & 0x0000ff00) | BIT(16);
    r->c = (r->c & L1_ECX) | L1_ECX_HYPERVISOR;
    if (!host_cpu.xsave)
        r->c &= ~L1_ECX_XSAVE;
    r->d &= L1_EDX;
    if (!host_cpu.is_intel_like)
        r->d &= ~L1_EDX_SEP; /* SYSENTER does not work in 64-bit mode */
}

static void leaf_7(uint32_t sub, struct cpuid_regs *r)
{
    if (sub) {
        *r = (struct cpuid_regs){ 0, 0, 0, 0 };
        return;
    }
    r->a = 0;
    r->b &= L7_EBX;
    r->c &= L7_ECX;
    r->d &= L7_EDX;
    if (!host_cpu.fsgsbase)
        r->b &= ~BIT(0);
}

/* Sizes follow the components that this hypervisor switches and the guest enabled. */
static void leaf_xstate(uint32_t sub, struct cpuid_regs *r)
{
    if (!host_cpu.xsave || sub > 62) {
        *r = (struct cpuid_regs){ 0, 0, 0, 0 };
    } else if (sub == 0) {
        r->a &= (uint32_t)host_cpu.xcr0;
        r->d &= (uint32_t)(host_cpu.xcr0 >> 32);
        r->c = host_cpu.xsave_size;
    } else if (sub == 1) {
        *r = (struct cpuid_regs){ r->a & XSTATE1_EAX, 0, 0, 0 };
    } else if (!(host_cpu.xcr0 >> sub & 1)) {
        *r = (struct cpuid_regs){ 0, 0, 0, 0 };
    }
}

static void host_leaf(uint32_t leaf, uint32_t sub, struct cpuid_regs *r)
{
    *r = cpuid(leaf, sub);
    switch (leaf) {
    case 0:
        if (r->a > 0xd)
            r->a = 0xd;
        break;
    case 1:
        leaf_1(r);
        break;
    case 7:
        leaf_7(sub, r);
        break;
    case 0xd:
        leaf_xstate(sub, r);
        break;
    case 2:
    case 4:
        break;
    default: /* MONITOR, thermal, PMU and the like are the machine's own */
        *r = (struct cpuid_regs){ 0, 0, 0, 0 };
        break;
    }
}

static void extended_leaf(uint32_t leaf, struct cpuid_regs *r)
{
    *r = cpuid(leaf, 0);
    switch (leaf) {
    case 0x80000000:
        if (r->a > 0x80000008)
            r->a = 0x80000008;
        break;
    case 0x80000001:
        r->c &= X1_ECX;
        r->d &= X1_EDX | (host_cpu.is_intel_like ? 0 : X1_EDX_COMMON & L1_EDX);
        if (!host_cpu.nx)
            r->d &= ~BIT(20);
        break;
    case 0x80000007:
        *r = (struct cpuid_regs){ 0, 0, 0, host_cpu.tsc_invariant ? BIT(8) : 0 };
        break;
    case 0x80000008:
        *r = (struct cpuid_regs){ r->a & 0xffff, r->b & X8_EBX, 0, 0 };
        break;
    case 0x80000002 ... 0x80000006:
        break;
    default:
        *r = (struct cpuid_regs){ 0, 0, 0, 0 };
        break;
    }
}

/* The leaf as the toolstack has set it for d, or null. */
static const struct xen_cpuid_leaf *find_override(const struct domain *d, uint32_t leaf,
                                                  uint32_t sub)
{
    const struct cpuid_policy *p = d ? d->pv->cpuid : NULL;

    for (unsigned int i = 0; p && i < p->nr; i++) {
        const struct xen_cpuid_leaf *l = &p->leaf[i];

        if (l->leaf == leaf && (l->subleaf == sub || l->subleaf == XEN_CPUID_NO_SUBLEAF))
            return l;
    }
    return NULL;
}

/* Overrides take features away and lower the last leaf;
 * everything else is the machine's. */
static void apply_override(const struct domain *d, uint32_t leaf, uint32_t sub,
                           struct cpuid_regs *r)
{
    const struct xen_cpuid_leaf *l = find_override(d, leaf, sub);

    if (!l)
        return;
    switch (leaf) {
    case 0:
    case 0x80000000:
        r->a = min(r->a, l->a);
        break;
    case 1:
        r->c &= l->c | L1_ECX_OSXSAVE | L1_ECX_HYPERVISOR;
        r->d &= l->d;
        break;
    case 7:
    case 0x80000001:
    case 0x80000007:
    case 0x80000008:
        r->b &= l->b;
        r->c &= l->c;
        r->d &= l->d;
        break;
    case 0xd:
        if (sub == 1)
            r->a &= l->a;
        break;
    default:
        break;
    }
}

/* What all vCPUs of d see alike. */
static void domain_leaf(const struct domain *d, uint32_t leaf, uint32_t sub,
                        struct cpuid_regs *out)
{
    if (leaf <= 0xd && leaf <= host_cpu.max_leaf)
        host_leaf(leaf, sub, out);
    else if (leaf >= 0x80000000 && leaf <= host_cpu.max_ext_leaf)
        extended_leaf(leaf, out);
    else
        *out = (struct cpuid_regs){ 0, 0, 0, 0 };
    apply_override(d, leaf, sub, out);
}

void pv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, struct cpuid_regs *out)
{
    if (leaf >= 0x40000000 && leaf < 0x40000100) {
        xen_leaf(v, leaf - 0x40000000, sub, out);
        return;
    }
    domain_leaf(v->domain, leaf, sub, out);
    if (leaf == 1) {
        out->b |= (uint32_t)(v->id * 2) << 24;
        /* Shown from the start: a guest asks before it sets CR4.OSXSAVE. */
        if (out->c & L1_ECX_XSAVE)
            out->c |= L1_ECX_OSXSAVE;
    }
}

void pv_cpuid_policy(const struct domain *d, uint32_t leaf, uint32_t sub,
                     struct cpuid_regs *out)
{
    domain_leaf(d, leaf, sub, out);
    /* The size for what is enabled in XCR0 now. */
    if (leaf == 0xd && sub == 0)
        out->b = 0;
}

/* Puts l in its place of the list, or at its end. */
static void merge_leaf(struct cpuid_policy *p, const struct xen_cpuid_leaf *l)
{
    for (unsigned int i = 0; i < p->nr; i++)
        if (p->leaf[i].leaf == l->leaf && p->leaf[i].subleaf == l->subleaf) {
            p->leaf[i] = *l;
            return;
        }
    p->leaf[p->nr++] = *l;
}

/* Of other leaves nothing can be changed: they are not kept. */
static bool is_adjustable(const struct xen_cpuid_leaf *l)
{
    switch (l->leaf) {
    case 0:
    case 1:
    case 7:
    case 0x80000000:
    case 0x80000001:
    case 0x80000007:
    case 0x80000008:
        return l->subleaf == 0 || l->subleaf == XEN_CPUID_NO_SUBLEAF;
    case 0xd:
        return l->subleaf == 1;
    default:
        return false;
    }
}

#define ADJUSTABLE_LEAVES 15 /* eight, seven of them under two names */

int pv_cpuid_override(struct domain *d, const struct xen_cpuid_leaf *leaf, unsigned int n)
{
    struct cpuid_policy *p = d->pv->cpuid;

    if (!p) {
        p = hv_zalloc(sizeof(*p) + ADJUSTABLE_LEAVES * sizeof(p->leaf[0]));
        if (!p)
            return -ENOMEM;
        d->pv->cpuid = p;
    }
    for (unsigned int i = 0; i < n; i++)
        if (is_adjustable(&leaf[i]))
            merge_leaf(p, &leaf[i]);
    return 0;
}

void pv_cpuid_free(struct pv_domain *pd)
{
    hv_free(pd->cpuid);
    pd->cpuid = NULL;
}
