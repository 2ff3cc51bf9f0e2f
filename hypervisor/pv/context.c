/* SPDX-License-Identifier: MIT */
/*
 * Switching a CPU between vCPUs, and a vCPU between its kernel and user mode.
 *
 * GS: in the hypervisor the active GS base is the CPU's own, and MSR_KERNEL_GS_BASE
 * holds the guest's active one. The base of the mode that the guest is not in is kept
 * in v->pv (gs_base_user while in the kernel, gs_base_kernel while in user mode).
 */
#include "bounce.h"
#include <hv/desc.h>
#include <hv/extable.h>
#include <hv/paging.h>
#include <hv/sched.h>

static DEFINE_PER_CPU(uint64_t, loaded_tsc_aux);

void pv_toggle_mode(struct vcpu *v)
{
    if (v->pv.kernel_mode)
        pv_to_user_mode(v);
    else
        pv_to_kernel_mode(v);
}

/* --- data selectors --- */

#define READ_SELECTOR(seg)                                 \
    ({                                                     \
        uint16_t s_;                                       \
        __asm__ volatile("mov %%" #seg ", %0" : "=r"(s_)); \
        s_;                                                \
    })

/* Loads a selector; false, and the register unchanged, when the processor refuses it. */
#define LOAD_SELECTOR(seg, sel)                     \
    ({                                              \
        bool ok_ = false;                           \
        __asm__ volatile("1: mov %1, %%" #seg "\n"  \
                         "   movb $1, %0\n"         \
                         "2:\n" EXTABLE("1b", "2b") \
                         : "+r"(ok_)                \
                         : "r"((uint32_t)(sel))     \
                         : "memory");               \
        ok_;                                        \
    })

void pv_read_data_selectors(struct vcpu *v)
{
    v->regs.ds = READ_SELECTOR(ds);
    v->regs.es = READ_SELECTOR(es);
    v->regs.fs = READ_SELECTOR(fs);
    v->regs.gs = READ_SELECTOR(gs);
}

/*
 * Loads GS's selector without disturbing this CPU's GS base. *base: what the
 * descriptor gave; 0 for a null selector, which leaves the base alone on some
 * processors, and then it would be our own. Interrupts off.
 */
static bool load_gs_selector(uint16_t sel, uint64_t *base)
{
    uint64_t own = rdmsr(MSR_GS_BASE);
    bool ok = LOAD_SELECTOR(gs, sel);

    /* No per-CPU access may come before this: GS.base is the descriptor's now. */
    *base = ok && sel > 3 ? rdmsr(MSR_GS_BASE) : 0;
    wrmsr(MSR_GS_BASE, own);
    return ok;
}

static bool load_data_selectors(const struct cpu_user_regs *r)
{
    uint64_t unused;
    bool ok = true;

    if (unlikely(r->ds | READ_SELECTOR(ds)))
        ok &= LOAD_SELECTOR(ds, r->ds);
    if (unlikely(r->es | READ_SELECTOR(es)))
        ok &= LOAD_SELECTOR(es, r->es);
    if (unlikely(r->fs | READ_SELECTOR(fs)))
        ok &= LOAD_SELECTOR(fs, r->fs);
    if (unlikely(r->gs | READ_SELECTOR(gs)))
        ok &= load_gs_selector(r->gs, &unused);
    return ok;
}

static void null_data_selectors(void)
{
    uint64_t unused;

    LOAD_SELECTOR(ds, 0);
    LOAD_SELECTOR(es, 0);
    LOAD_SELECTOR(fs, 0);
    load_gs_selector(0, &unused);
}

/* Selectors first, then the bases: loading a selector changes its base. */
static void load_segments(struct vcpu *v)
{
    bool ok = load_data_selectors(&v->regs);

    if (unlikely(!ok))
        null_data_selectors();
    pv_write_fs_base(v->pv.fs_base);
    pv_write_gs_base(v->pv.kernel_mode ? v->pv.gs_base_kernel : v->pv.gs_base_user);
    if (unlikely(!ok))
        pv_failsafe(v);
}

static void save_segments(struct vcpu *v)
{
    pv_read_data_selectors(v);
    v->pv.fs_base = pv_read_fs_base();
    if (v->pv.kernel_mode)
        v->pv.gs_base_kernel = pv_read_gs_base();
    else
        v->pv.gs_base_user = pv_read_gs_base();
}

/* --- floating point: always switched, with every component the machine has enabled,
 * whatever the guests enabled, so that nothing is left behind for the next --- */

static void save_fpu(struct vcpu *v)
{
    if (v->pv.cr0_ts)
        __asm__ volatile("clts");
    if (host_cpu.xsave && v->pv.xcr0 != host_cpu.xcr0)
        xsetbv(0, host_cpu.xcr0);
    fpu_save(v->pv.fpu, host_cpu.xcr0);
}

/* TS is clear and XCR0 is host_cpu.xcr0 on entry. */
static void load_fpu(struct vcpu *v)
{
    fpu_restore(v->pv.fpu, host_cpu.xcr0);
    if (host_cpu.xsave && v->pv.xcr0 != host_cpu.xcr0)
        xsetbv(0, v->pv.xcr0);
    if (v->pv.cr0_ts)
        write_cr0(read_cr0() | X86_CR0_TS);
}

void pv_load_tsc_aux(const struct vcpu *v)
{
    if (host_cpu.rdtscp && this_cpu(loaded_tsc_aux) != v->pv.msr_tsc_aux) {
        this_cpu(loaded_tsc_aux) = v->pv.msr_tsc_aux;
        wrmsr(MSR_TSC_AUX, v->pv.msr_tsc_aux);
    }
}

void pv_vm_assist_changed(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu (d, v)
        v->pv.shows_iopl = has_virtual_iopl(d);
}

/* --- the switch --- */

static void save_guest(struct vcpu *v)
{
    save_segments(v);
    save_fpu(v);
    pv_unload_debugregs(v);
}

/* Shows v's GDT and LDT in this CPU's window; takes effect with the CR3 load. */
static void load_descriptor_windows(struct vcpu *v)
{
    desc_window_set_gdt(v->pv.gdt_frames, DIV_ROUND_UP(v->pv.gdt_entries, 512u));
    desc_window_clear_ldt();
    if (v->pv.ldt_entries)
        pv_show_ldt(v);
}

static void load_guest(struct vcpu *v)
{
    load_descriptor_windows(v);
    v->pv.shows_iopl = has_virtual_iopl(v->domain);
    write_cr3(v->root_cr3);
    desc_load_ldt(v->pv.ldt_entries);
    desc_set_guest_frame(v);
    pv_load_cr4(v);
    load_fpu(v);
    pv_load_tsc_aux(v);
    pv_load_debugregs(v);
    load_segments(v);
}

/*
 * Called by schedule() with interrupts off. The domain's bit in dirty_cpus is set before
 * its page tables are loaded and cleared after they are not any more.
 */
void pv_context_switch(struct vcpu *prev, struct vcpu *next)
{
    unsigned int me = smp_cpu_id();
    struct domain *pd = prev->domain, *nd = next->domain;

    if (pd)
        save_guest(prev);
    if (nd && nd != pd)
        cpumask_set_atomic(&nd->dirty_cpus, me);
    current = next;
    if (nd) {
        load_guest(next);
        pv_update_vcpu_time(next);
    } else {
        write_cr3(idle_cr3);
    }
    if (pd && pd != nd)
        cpumask_clear_atomic(&pd->dirty_cpus, me);
}

/* --- hypercalls --- */

/* hypercall 3: the stack on which the kernel is entered from user mode. 0. */
long hc_stack_switch(unsigned long ss, unsigned long esp)
{
    struct vcpu *v = current;

    v->pv.kernel_ss = selector_to_ring3((uint16_t)ss);
    v->pv.kernel_sp = esp;
    return 0;
}

/* hypercall 5: virtual CR0.TS. 0. */
long hc_fpu_taskswitch(int set)
{
    pv_set_ts(current, set != 0);
    return 0;
}

/* A null selector keeps its RPL: user mode may read it back. */
static long set_gs_user_selector(struct vcpu *v, uint16_t sel)
{
    unsigned long flags = irq_save();
    bool ok =
        load_gs_selector(sel > 3 ? selector_to_ring3(sel) : sel, &v->pv.gs_base_user);

    if (!ok)
        ok = load_gs_selector(0, &v->pv.gs_base_user);
    irq_restore(flags);
    return 0;
}

/* hypercall 25. 0; -EINVAL: not canonical, or no such base. */
long hc_set_segment_base(unsigned int which, unsigned long base)
{
    struct vcpu *v = current;

    if (which == SEGBASE_GS_USER_SEL)
        return set_gs_user_selector(v, (uint16_t)base);
    if (!is_canonical(base))
        return -EINVAL;
    switch (which) {
    case SEGBASE_FS:
        pv_write_fs_base(base);
        return 0;
    case SEGBASE_GS_USER:
        v->pv.gs_base_user = base;
        return 0;
    case SEGBASE_GS_KERNEL:
        pv_write_gs_base(base);
        return 0;
    default:
        return -EINVAL;
    }
}
