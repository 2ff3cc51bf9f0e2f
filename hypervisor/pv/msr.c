/* SPDX-License-Identifier: MIT */
/*
 * Model-specific registers of a PV guest: a table of those that mean something to it.
 * An unknown one faults; but a kernel that has no #GP handler yet reads 0 and writes
 * nothing, as early Linux relies on.
 */
#include "internal.h"
#include <abi/arch-x86/cpufeatureset.h>
#include <abi/arch-x86/cpuid.h>

#define MSR_TSC                0x10
#define MSR_MISC_FEATURES      0x140
#define MSR_MTRR_CAP           0xfe
#define MSR_UCODE_REV          0x8b
#define MSR_MTRR_DEF_TYPE      0x2ff
#define MSR_AMD_PATCHLEVEL     0x8b
#define MSR_K8_SYSCFG          0xc0010010
#define MSR_K7_HWCR            0xc0010015
#define MSR_MCG_CTL            0x17b
#define MSR_XEN_HYPERCALL_PAGE 0x40000000

#define APIC_BASE_BSP (1ul << 8)
/* Of MISC_ENABLE: fast strings are the machine's; sampling, counting and task priorities
 * are not there. */
#define MISC_FAST_STRINGS (1ul << 0)
#define MISC_NOT_THERE    (1ul << 11 | 1ul << 12 | 1ul << 23)

#define EFER_SCE (1ul << 0)
#define EFER_LME (1ul << 8)
#define EFER_LMA (1ul << 10)
#define EFER_NX  (1ul << 11)

/* Or a domain that was created with relaxed rules. */
static bool no_gp_handler(const struct vcpu *v)
{
    return v->domain->has_relaxed_msrs || v->pv.traps[TRAP_GP].address == 0;
}

/* Passed through to reading: harmless facts about the machine. */
static bool read_host_msr(uint32_t msr, uint64_t *value)
{
    if (rdmsr_safe(msr, value))
        *value = 0;
    return true;
}

/* The first vCPU is the boot processor, wherever it runs. */
static bool read_apic_base(const struct vcpu *v, uint64_t *value)
{
    read_host_msr(MSR_APIC_BASE, value);
    *value = (*value & ~APIC_BASE_BSP) | (v->id == 0 ? APIC_BASE_BSP : 0);
    return true;
}

static bool read_misc_enable(uint64_t *value)
{
    read_host_msr(MSR_MISC_ENABLE, value);
    *value = (*value & MISC_FAST_STRINGS) | MISC_NOT_THERE;
    return true;
}

static bool read_unknown(const struct vcpu *v, uint32_t msr, uint64_t *value)
{
    *value = 0;
    if (no_gp_handler(v))
        return true;
    guest_printf(LOG_DEBUG, "d%u: RDMSR %#x refused\n", v->domain->id, msr);
    return false;
}

static bool read_arch_caps(const struct vcpu *v, uint64_t *value)
{
    if (!pv_has_feature(v, XEN_X86_FEATURE_ARCH_CAPS))
        return read_unknown(v, MSR_ARCH_CAPS, value);
    *value = cpu_policy_arch_caps(domain_cpu_policy(v->domain));
    return true;
}

static bool read_kernel_gs(const struct vcpu *v, uint64_t *value)
{
    *value = v->pv.gs_base_user;
    return true;
}

bool emulate_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    switch (msr) {
    case MSR_FS_BASE:
        *value = pv_read_fs_base();
        return true;
    case MSR_GS_BASE:
        *value = pv_read_gs_base();
        return true;
    case MSR_KERNEL_GS_BASE:
        return read_kernel_gs(v, value);
    case MSR_EFER: /* the guest is not told about the hypervisor's SVM or FFXSR use */
        *value = EFER_SCE | EFER_LME | EFER_LMA | (host_cpu.nx ? EFER_NX : 0);
        return true;
    case MSR_TSC:
        *value = rdtsc();
        return true;
    case MSR_TSC_AUX:
        *value = v->pv.msr_tsc_aux;
        return host_cpu.rdtscp;
    case MSR_PAT:
        *value = GUEST_PAT;
        return true;
    case MSR_APIC_BASE:
        return read_apic_base(v, value);
    case MSR_MISC_ENABLE:
        return read_misc_enable(value);
    case MSR_ARCH_CAPS:
        return read_arch_caps(v, value);
    case MSR_UCODE_REV:
    case MSR_K8_SYSCFG:
    case MSR_K7_HWCR:
        return read_host_msr(msr, value);
    case MSR_MCG_CAP ... MSR_MCG_CTL: /* machine checks: no bank is a guest's */
    case MSR_PLATFORM_INFO:           /* no CPUID faulting */
    case MSR_MISC_FEATURES:
    case MSR_XEN_HYPERCALL_PAGE:
        *value = 0;
        return true;
    default:
        return read_unknown(v, msr, value);
    }
}

/* WRMSR 0x40000000: page-aligned machine address of a frame of the guest's. */
static bool write_hypercall_msr(struct vcpu *v, uint64_t value)
{
    mfn_t mfn = _mfn(value >> PAGE_SHIFT);
    struct page_info *pg;

    if ((value & ~PAGE_MASK) || mfn_x(mfn) >= max_page)
        return false;
    pg = mfn_to_page(mfn);
    if (!page_get_writable(pg, v->domain->id))
        return false;
    pv_fill_hypercall_page(page_to_virt(pg));
    page_put_writable(pg);
    return true;
}

bool emulate_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value)
{
    uint64_t old;

    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_KERNEL_GS_BASE:
        if (!is_canonical(value))
            return false;
        if (msr == MSR_FS_BASE)
            pv_write_fs_base(value);
        else if (msr == MSR_GS_BASE)
            pv_write_gs_base(value);
        else
            v->pv.gs_base_user = value;
        return true;
    case MSR_TSC_AUX:
        if (!host_cpu.rdtscp || value >> 32)
            return false;
        v->pv.msr_tsc_aux = value;
        if (v == current)
            pv_load_tsc_aux(v);
        return true;
    case MSR_UCODE_REV: /* Intel's way to ask for the revision writes 0 first */
        return true;
    case MSR_XEN_HYPERCALL_PAGE:
        return write_hypercall_msr(v, value);
    default:
        /* Writing back what is there already changes nothing, so it may succeed. */
        return (emulate_rdmsr(v, msr, &old) && old == value) || no_gp_handler(v);
    }
}
