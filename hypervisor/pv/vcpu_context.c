/* SPDX-License-Identifier: MIT */
/*
 * struct vcpu_guest_context in and out: how a vCPU gets its first state
 * (VCPUOP_initialise, DOMCTL_setvcpucontext, domain 0's start) and how tools look at it.
 */
#include "internal.h"

/* Every address that is later loaded where the processor insists on a canonical one. */
static bool addresses_okay(const struct vcpu_guest_context *c)
{
    const uint64_t addr[] = { c->user_regs.rip,
                              c->user_regs.rsp,
                              c->kernel_sp,
                              c->fs_base,
                              c->gs_base_kernel,
                              c->gs_base_user,
                              c->event_callback_eip,
                              c->failsafe_callback_eip,
                              c->syscall_callback_eip,
                              c->ldt_base };

    for (unsigned int i = 0; i < ARRAY_SIZE(addr); i++)
        if (!is_canonical(addr[i]))
            return false;
    for (unsigned int i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++)
        if (!is_canonical(c->trap_ctxt[i].address))
            return false;
    return guest_range_ok(c->ldt_base, 8);
}

static mfn_t root_of(uint64_t cr3)
{
    return _mfn(xen_cr3_to_pfn(cr3));
}

/* An initialised vCPU keeps its roots and descriptor tables. */
static bool tables_unchanged(const struct vcpu *v, const struct vcpu_guest_context *c)
{
    if (!v->pv.root || !mfn_eq(page_to_mfn(v->pv.root), root_of(c->ctrlreg[3])))
        return false;
    if (v->pv.gdt_entries != c->gdt_ents || v->pv.ldt_entries != c->ldt_ents)
        return false;
    for (unsigned int i = 0; i < DIV_ROUND_UP(v->pv.gdt_entries, 512u); i++)
        if (mfn_x(v->pv.gdt_frames[i]) != c->gdt_frames[i])
            return false;
    return true;
}

/* A vCPU that is to go on in user mode must have page tables there. */
static bool has_user_root(const struct vcpu *v, const struct vcpu_guest_context *c)
{
    return v->pv.user_root || (!v->initialised && mfn_x(root_of(c->ctrlreg[1])));
}

static int check_context(const struct vcpu *v, const struct vcpu_guest_context *c)
{
    if (!addresses_okay(c) || c->gdt_ents > FIRST_RESERVED_GDT_ENTRY ||
        c->ldt_ents > 8192 || (c->ldt_base & ~PAGE_MASK))
        return -EINVAL;
    if (v->initialised && !tables_unchanged(v, c))
        return -EOPNOTSUPP;
    return 0;
}

/* Descriptor tables and roots: what takes references. 0; -EINVAL; -ENOMEM; -ERESTART. */
static int take_tables(struct vcpu *v, const struct vcpu_guest_context *c)
{
    int rc;

    if (!v->pv.gdt_entries) {
        rc = pv_set_gdt(v, c->gdt_frames, (unsigned int)c->gdt_ents);
        if (rc)
            return rc;
    }
    rc = pv_set_ldt(v, c->ldt_base, (unsigned int)c->ldt_ents);
    if (!rc)
        rc = pv_set_kernel_root(v, root_of(c->ctrlreg[3]));
    if (!rc && mfn_x(root_of(c->ctrlreg[1])) && !v->pv.user_root)
        rc = pv_set_user_root(v, root_of(c->ctrlreg[1]));
    if (rc && rc != -ERESTART)
        pv_drop_gdt(v);
    return rc;
}

static void load_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct cpu_user_regs *r = &v->regs;

    *r = c->user_regs;
    r->cs = selector_to_ring3(r->cs);
    r->ss = selector_to_ring3(r->ss);
    r->error_code = 0;
    r->saved_upcall_mask = 0;
    frame_return_by_iret(r);
    v->pv.iopl = (uint32_t)(r->rflags & X86_EFLAGS_IOPL);
    r->rflags = (r->rflags & GUEST_RFLAGS_ALLOWED) | X86_EFLAGS_IF | 2;
    v->pv.kernel_mode = !!(c->flags & VGCF_in_kernel);
    v->pv.fs_base = c->fs_base;
    v->pv.gs_base_kernel = c->gs_base_kernel;
    v->pv.gs_base_user = c->gs_base_user;
    v->pv.kernel_ss = selector_to_ring3((uint16_t)c->kernel_ss);
    v->pv.kernel_sp = c->kernel_sp;
}

static void load_callbacks(struct vcpu *v, const struct vcpu_guest_context *c)
{
    memcpy(v->pv.traps, c->trap_ctxt, sizeof(c->trap_ctxt));
    for (unsigned int i = 0; i < 256; i++)
        v->pv.traps[i].cs = selector_to_ring3(v->pv.traps[i].cs);
    v->pv.event.rip = c->event_callback_eip;
    v->pv.failsafe.rip = c->failsafe_callback_eip;
    v->pv.syscall.rip = c->syscall_callback_eip;
    v->pv.failsafe.masks_events = c->flags & VGCF_failsafe_disables_events;
    v->pv.syscall.masks_events = c->flags & VGCF_syscall_disables_events;
}

static void load_debug(struct vcpu *v, const struct vcpu_guest_context *c)
{
    static const unsigned int order[] = { 0, 1, 2, 3, 6, 7 };

    /* Values that may not be used leave a register at its reset state, as on Xen. */
    for (unsigned int i = 0; i < ARRAY_SIZE(order); i++)
        if (pv_set_debugreg(v, order[i], c->debugreg[order[i]]))
            continue;
}

int pv_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    int rc = check_context(v, c);

    if (rc)
        return rc;
    if (!(c->flags & VGCF_in_kernel) && !has_user_root(v, c))
        return -EINVAL;
    if (c->flags & VGCF_i387_valid) {
        rc = fpu_import_legacy(v->pv.fpu, &c->fpu_ctxt);
        if (rc)
            return rc;
    }
    if (!v->initialised) {
        rc = take_tables(v, c);
        if (rc)
            return rc;
    }
    load_registers(v, c);
    load_callbacks(v, c);
    load_debug(v, c);
    v->pv.cr4 = c->ctrlreg[4] & GUEST_CR4_OWN & cpu_cr4_available;
    v->pv.cr0_ts = c->ctrlreg[0] & X86_CR0_TS;
    if (v->id == 0)
        v->domain->vm_assist = c->vm_assist & VM_ASSIST_OFFERED;
    v->root_cr3 = v->pv.kernel_mode ? v->pv.kernel_cr3 : v->pv.user_cr3;
    v->initialised = true;
    return 0;
}

static void store_tables(const struct vcpu *v, struct vcpu_guest_context *c)
{
    c->ldt_base = v->pv.ldt_base;
    c->ldt_ents = v->pv.ldt_entries;
    c->gdt_ents = v->pv.gdt_entries;
    for (unsigned int i = 0; i < DIV_ROUND_UP(v->pv.gdt_entries, 512u); i++)
        c->gdt_frames[i] = mfn_x(v->pv.gdt_frames[i]);
    if (v->pv.root)
        c->ctrlreg[3] = xen_pfn_to_cr3(mfn_x(page_to_mfn(v->pv.root)));
    if (v->pv.user_root)
        c->ctrlreg[1] = xen_pfn_to_cr3(mfn_x(page_to_mfn(v->pv.user_root)));
}

int pv_vcpu_set_xstate(struct vcpu *v, uint64_t xcr0, const void *image)
{
    uint64_t old = v->pv.xcr0;
    int rc = pv_set_xcr0(v, xcr0);

    if (!rc)
        rc = fpu_import_xsave(v->pv.fpu, image);
    if (rc)
        v->pv.xcr0 = old;
    return rc;
}

void pv_vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
    memset(c, 0, sizeof(*c));
    fpu_export_legacy(v->pv.fpu, &c->fpu_ctxt);
    c->flags = VGCF_i387_valid | (v->pv.kernel_mode ? VGCF_in_kernel : 0) |
               (v->pause_flags & VPF_DOWN ? 0 : VGCF_online) |
               (v->pv.failsafe.masks_events ? VGCF_failsafe_disables_events : 0) |
               (v->pv.syscall.masks_events ? VGCF_syscall_disables_events : 0);
    c->user_regs = v->regs;
    c->user_regs.error_code = c->user_regs.entry_vector = 0;
    c->user_regs.rflags |= v->pv.iopl;
    memcpy(c->trap_ctxt, v->pv.traps, sizeof(c->trap_ctxt));
    store_tables(v, c);
    c->kernel_ss = v->pv.kernel_ss;
    c->kernel_sp = v->pv.kernel_sp;
    c->ctrlreg[0] = X86_CR0_PG | X86_CR0_PE | X86_CR0_WP | v->pv.cr0_ts;
    c->ctrlreg[2] = v->info->arch.cr2;
    c->ctrlreg[4] = v->pv.cr4;
    for (unsigned int i = 0; i < 8; i++)
        c->debugreg[i] = i == 4 || i == 5 ? 0 : pv_get_debugreg(v, i);
    c->event_callback_eip = v->pv.event.rip;
    c->failsafe_callback_eip = v->pv.failsafe.rip;
    c->syscall_callback_eip = v->pv.syscall.rip;
    c->vm_assist = v->id == 0 ? v->domain->vm_assist : 0;
    c->fs_base = v->pv.fs_base;
    c->gs_base_kernel = v->pv.gs_base_kernel;
    c->gs_base_user = v->pv.gs_base_user;
}
