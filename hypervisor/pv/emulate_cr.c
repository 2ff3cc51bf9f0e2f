/* SPDX-License-Identifier: MIT */
/* Control registers and XCR0 as a PV guest sees them. */
#include "internal.h"
#include <abi/arch-x86/cpufeatureset.h>

unsigned long pv_hw_cr4(const struct vcpu *v)
{
    unsigned long cr4 = this_cpu(cpu_cr4_base);

    return cr4 | (v->pv.cr4 & GUEST_CR4_OWN & cpu_cr4_available);
}

void pv_load_cr4(const struct vcpu *v)
{
    unsigned long cr4 = pv_hw_cr4(v);

    if (this_cpu(cpu_cr4_loaded) != cr4) {
        this_cpu(cpu_cr4_loaded) = cr4;
        write_cr4(cr4);
    }
}

void pv_set_ts(struct vcpu *v, bool ts)
{
    uint64_t bit = ts ? X86_CR0_TS : 0;

    if (v->pv.cr0_ts == bit)
        return;
    v->pv.cr0_ts = bit;
    if (v != current)
        return;
    if (ts)
        write_cr0(read_cr0() | X86_CR0_TS);
    else
        __asm__ volatile("clts");
}

int pv_set_xcr0(struct vcpu *v, uint64_t x)
{
    if (!(x & 1) || (x & ~cpu_policy_xcr0(domain_cpu_policy(v->domain))))
        return -EINVAL;
    if ((x & 4) && !(x & 2)) /* AVX needs SSE */
        return -EINVAL;
    if ((x & 0xe0) && ((x & 0xe0) != 0xe0 || !(x & 4))) /* AVX-512: all three, and AVX */
        return -EINVAL;
    if (((x >> 3) & 1) != ((x >> 4) & 1)) /* MPX: both or none */
        return -EINVAL;
    v->pv.xcr0 = x;
    if (v == current)
        xsetbv(0, x);
    return 0;
}

static uint64_t guest_cr3(const struct vcpu *v)
{
    const struct page_info *root = v->pv.root;

    return root ? xen_pfn_to_cr3(mfn_x(page_to_mfn(root))) : 0;
}

static bool read_cr(struct vcpu *v, unsigned int cr, uint64_t *value)
{
    switch (cr) {
    case 0:
        *value = (read_cr0() & ~X86_CR0_TS) | v->pv.cr0_ts;
        return true;
    case 2:
        *value = v->info->arch.cr2;
        return true;
    case 3:
        *value = guest_cr3(v);
        return true;
    case 4:
        *value = (this_cpu(cpu_cr4_base) & GUEST_CR4_SHOWN) | v->pv.cr4;
        return true;
    default:
        return false;
    }
}

/* What v does not have it cannot switch on. */
static bool write_guest_cr4(struct vcpu *v, uint64_t value)
{
    value &= GUEST_CR4_OWN & cpu_cr4_available;
    if ((value & X86_CR4_OSXSAVE) && !pv_has_feature(v, XEN_X86_FEATURE_XSAVE))
        value &= ~X86_CR4_OSXSAVE;
    if ((value & X86_CR4_FSGSBASE) && !pv_has_feature(v, XEN_X86_FEATURE_FSGSBASE))
        value &= ~X86_CR4_FSGSBASE;
    v->pv.cr4 = value;
    pv_load_cr4(v);
    return true;
}

/* MOV to CR3: the new root is used only if it can be; preempted work is done again. */
static bool write_guest_cr3(struct vcpu *v, uint64_t value)
{
    int rc = pv_set_kernel_root(v, _mfn(xen_cr3_to_pfn(value)));

    if (rc == -ERESTART) {
        v->pv.io_again = true;
        return true;
    }
    return rc == 0;
}

static bool write_cr(struct vcpu *v, unsigned int cr, uint64_t value)
{
    switch (cr) {
    case 0: /* only TS may change */
        if ((value ^ read_cr0()) & ~(uint64_t)X86_CR0_TS)
            return false;
        pv_set_ts(v, value & X86_CR0_TS);
        return true;
    case 2:
        v->info->arch.cr2 = value;
        return true;
    case 3:
        return write_guest_cr3(v, value);
    case 4:
        return write_guest_cr4(v, value);
    default:
        return false;
    }
}

bool emulate_cr(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *i)
{
    unsigned int cr = (i->modrm >> 3 & 7) | (i->rex & 4) << 1;
    uint64_t *reg = guest_reg(regs, (i->modrm & 7) | (i->rex & 1) << 3);

    return i->opcode == 0x20 ? read_cr(v, cr, reg) : write_cr(v, cr, *reg);
}
