/* SPDX-License-Identifier: MIT */
/*
 * Entering a guest kernel: every exception, event, callback and system call goes
 * through pv_bounce(), which builds the frame of the PV64 ABI on the kernel's stack:
 *
 *   lowest   rcx  r11  [ds es fs gs: failsafe]  [error code]
 *            rip  cs | saved upcall mask << 32  rflags  rsp  ss
 *
 * cs has RPL 0 when the guest's kernel was interrupted and 3 when its user mode was.
 * rcx and r11 are in the frame so that the guest can be entered by SYSRET.
 */
#include "internal.h"

#define BOUNCE_RFLAGS_CLEAR                                                             \
    (X86_EFLAGS_AC | X86_EFLAGS_VM | X86_EFLAGS_RF | X86_EFLAGS_NT | X86_EFLAGS_TF |    \
     X86_EFLAGS_IOPL)

/* RFLAGS as the guest is to find them: IF shows its event mask, IOPL its virtual one. */
static inline uint64_t guest_view_rflags(const struct vcpu *v, const struct cpu_user_regs *r,
                                         uint8_t mask)
{
    uint64_t flags = r->rflags & ~(X86_EFLAGS_IF | X86_EFLAGS_IOPL);

    if (!mask)
        flags |= X86_EFLAGS_IF;
    if (v->domain->vm_assist & (1u << VMASST_TYPE_architectural_iopl))
        flags |= v->pv.iopl;
    return flags;
}

static noinline cold void bounce_failed(struct vcpu *v, const struct pv_bounce *b, uint64_t sp)
{
    if (!b->rip)
        domain_crash(v->domain, "no handler for a callback or exception at rip %#lx",
                     (unsigned long)v->regs.rip);
    else
        domain_crash(v->domain, "kernel stack at %#lx cannot take a frame for %#lx",
                     (unsigned long)sp, (unsigned long)b->rip);
}

void pv_bounce(struct vcpu *v, const struct pv_bounce *b)
{
    struct cpu_user_regs *regs = &v->regs;
    uint8_t mask = v->info->evtchn_upcall_mask;
    uint64_t frame[12], *f = frame, sp = regs->rsp;
    uint64_t cs = (regs->cs & ~3ull) | (uint64_t)mask << 32;
    size_t bytes;

    if (!v->pv.kernel_mode) {
        sp = v->pv.kernel_sp;
        cs |= 3;
        pv_toggle_mode(v);
    }
    *f++ = regs->rcx;
    *f++ = regs->r11;
    if (unlikely(b->failsafe)) {
        *f++ = regs->ds;
        *f++ = regs->es;
        *f++ = regs->fs;
        *f++ = regs->gs;
    }
    if (b->has_error)
        *f++ = b->error_code;
    *f++ = regs->rip;
    *f++ = cs;
    *f++ = guest_view_rflags(v, regs, mask);
    *f++ = regs->rsp;
    *f++ = regs->ss;

    bytes = (size_t)((char *)f - (char *)frame);
    sp = (sp & ~15ull) - bytes;
    if (unlikely(!b->rip || guest_write(sp, frame, bytes))) {
        bounce_failed(v, b, sp);
        return;
    }
    if (b->masks_events)
        v->info->evtchn_upcall_mask = 1;
    regs->rsp = sp;
    regs->rip = b->rip;
    regs->cs = FLAT_KERNEL_CS;
    regs->ss = FLAT_KERNEL_SS;
    regs->rflags &= ~BOUNCE_RFLAGS_CLEAR;
    frame_return_by_sysret(regs);
}

bool pv_trap_lookup(struct vcpu *v, unsigned int vector, struct pv_bounce *b)
{
    const struct trap_info *t = &v->pv.traps[vector];

    *b = (struct pv_bounce){ .rip = t->address, .masks_events = TI_GET_IF(t) };
    return t->address != 0;
}

/* Exceptions for which the processor pushes an error code. */
#define VECTORS_WITH_ERROR_CODE                                                         \
    (1u << TRAP_DF | 1u << TRAP_TS | 1u << TRAP_NP | 1u << TRAP_SS | 1u << TRAP_GP |    \
     1u << TRAP_PF | 1u << TRAP_AC)

void pv_inject(struct vcpu *v, unsigned int vector, uint32_t error_code)
{
    struct pv_bounce b;

    if (unlikely(!pv_trap_lookup(v, vector, &b))) {
        domain_crash(v->domain,
                     "unhandled exception %u (error code %#x) at rip %#lx: no entry in "
                     "the trap table",
                     vector, error_code, (unsigned long)v->regs.rip);
        return;
    }
    b.has_error = vector < 32 && (VECTORS_WITH_ERROR_CODE >> vector & 1);
    b.error_code = error_code;
    pv_bounce(v, &b);
}

void pv_bounce_trap(struct cpu_user_regs *regs, unsigned int vector)
{
    pv_inject(current, vector, regs->error_code);
}

static void deliver_nmi(struct vcpu *v)
{
    struct pv_bounce b;

    v->pv.nmi_pending = 0;
    if (pv_trap_lookup(v, TRAP_NMI, &b)) {
        v->pv.nmi_masked = 1;
        b.masks_events = true;
        pv_bounce(v, &b);
    }
}

void pv_deliver_event(struct vcpu *v)
{
    const struct pv_callback *cb = &v->pv.event;

    if (unlikely(v->pv.nmi_pending && !v->pv.nmi_masked)) {
        deliver_nmi(v);
        return;
    }
    if (unlikely(!v->info->evtchn_upcall_pending || v->info->evtchn_upcall_mask))
        return;
    pv_bounce(v, &(struct pv_bounce){ .rip = cb->rip, .masks_events = true });
}

/*
 * The guest's own state cannot be loaded: its failsafe callback is told, with the
 * data selectors in the frame, and runs with none of them loaded.
 */
static void bounce_failsafe(struct vcpu *v)
{
    const struct pv_callback *cb = &v->pv.failsafe;

    pv_bounce(v, &(struct pv_bounce){ .rip = cb->rip,
                                      .masks_events = cb->masks_events,
                                      .failsafe = true });
}

void pv_failsafe(struct vcpu *v)
{
    bounce_failsafe(v);
    v->regs.ds = v->regs.es = v->regs.fs = v->regs.gs = 0;
}

void pv_iret_fault(struct cpu_user_regs *regs, unsigned int vector, unsigned int error_code)
{
    struct vcpu *v = current;

    (void)regs;
    (void)vector;
    (void)error_code;
    /* A kernel that cannot be returned to has nobody who could repair it. */
    if (v->pv.kernel_mode && regs->rip == v->pv.failsafe.rip) {
        domain_crash(v->domain, "failsafe callback at %#lx cannot be entered",
                     (unsigned long)regs->rip);
        return;
    }
    pv_read_data_selectors(v);
    bounce_failsafe(v);
}
