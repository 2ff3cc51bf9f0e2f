/* SPDX-License-Identifier: MIT */
/*
 * Entering a guest kernel: every exception, event, callback and system call builds the
 * frame of the PV64 ABI on the kernel's stack:
 *
 *   lowest   rcx  r11  [ds es fs gs: failsafe]  [error code]
 *            rip  cs | saved upcall mask << 32  rflags  rsp  ss
 *
 * cs has RPL 0 when the guest's kernel was interrupted and 3 when its user mode was.
 * rcx and r11 are in the frame so that the guest can be entered by SYSRET.
 */
#include "bounce.h"

#include <hv/vcpu_time.h>

noinline cold void pv_bounce_failed(struct vcpu *v, uint64_t rip, uint64_t sp)
{
    if (!rip)
        domain_crash(v->domain, "no handler for a callback or exception at rip %#lx",
                     (unsigned long)v->regs.rip);
    else
        domain_crash(v->domain, "kernel stack at %#lx cannot take a frame for %#lx",
                     (unsigned long)sp, (unsigned long)rip);
}

void pv_bounce(struct vcpu *v, const struct pv_bounce *b)
{
    if (b->has_error)
        bounce_to(v, b->rip, b->masks_events, true, b->error_code);
    else
        bounce_to(v, b->rip, b->masks_events, false, 0);
}

bool pv_trap_lookup(struct vcpu *v, unsigned int vector, struct pv_bounce *b)
{
    const struct trap_info *t = &v->pv.traps[vector];

    *b = (struct pv_bounce){ .rip = t->address, .masks_events = TI_GET_IF(t) };
    return t->address != 0;
}

/* Exceptions for which the processor pushes an error code. */
#define VECTORS_WITH_ERROR_CODE                                                      \
    (1u << TRAP_DF | 1u << TRAP_TS | 1u << TRAP_NP | 1u << TRAP_SS | 1u << TRAP_GP | \
     1u << TRAP_PF | 1u << TRAP_AC)

noinline cold void pv_unhandled_trap(struct vcpu *v, unsigned int vector,
                                     uint32_t error_code)
{
    domain_crash(v->domain,
                 "unhandled exception %u (error code %#x) at rip %#lx: no entry in the "
                 "trap table",
                 vector, error_code, (unsigned long)v->regs.rip);
}

void pv_inject(struct vcpu *v, unsigned int vector, uint32_t error_code)
{
    const struct trap_info *t = &v->pv.traps[vector];

    if (unlikely(!t->address))
        pv_unhandled_trap(v, vector, error_code);
    else if (vector < 32 && (VECTORS_WITH_ERROR_CODE >> vector & 1))
        bounce_to(v, t->address, TI_GET_IF(t), true, error_code);
    else
        bounce_to(v, t->address, TI_GET_IF(t), false, 0);
}

void pv_bounce_trap(struct cpu_user_regs *regs, unsigned int vector)
{
    pv_inject(current, vector, regs->error_code);
}

static noinline void deliver_nmi(struct vcpu *v)
{
    struct pv_bounce b;

    v->pv.nmi_pending = 0;
    if (pv_trap_lookup(v, TRAP_NMI, &b)) {
        v->pv.nmi_masked = 1;
        b.masks_events = true;
        pv_bounce(v, &b);
    }
}

/* Upcalls in one place that are taken for a storm. */
#define STORM 64

/*
 * The guest is to be interrupted again before it has executed anything. A handler that
 * makes an event pending for its own vCPU each time keeps the guest there for ever: so do
 * kernels with preemptible RCU, whose event handler asks for an interrupt until the
 * interrupted task has been scheduled. After many of these the guest gets a moment.
 */
static noinline void deliver_after_iret(struct vcpu *v)
{
    struct vcpu_pv *pv = &v->pv;

    if (v->regs.rip != pv->upcall_rip || v->regs.rsp != pv->upcall_rsp) {
        pv->upcall_rip = v->regs.rip;
        pv->upcall_rsp = v->regs.rsp;
        pv->same_upcalls = 0;
    } else if (++pv->same_upcalls == STORM) {
        pv->same_upcalls = 0;
        vcpu_calm(v);
        return;
    }
    bounce_to(v, pv->event.rip, true, false, 0);
}

void pv_deliver_event(struct vcpu *v)
{
    if (unlikely(v->pv.nmi_pending && !v->pv.nmi_masked)) {
        deliver_nmi(v);
        return;
    }
    if (unlikely(!v->info->evtchn_upcall_pending || v->info->evtchn_upcall_mask))
        return;
    if (unlikely(v->regs.entry_vector == ENTRY_IRET))
        deliver_after_iret(v); /* which made the frame: nothing was executed since */
    else
        bounce_to(v, v->pv.event.rip, true, false, 0);
}

void (*event_delivery)(struct vcpu *v) = pv_deliver_event;

/*
 * The guest's own state cannot be loaded: its failsafe callback is told, with the
 * data selectors in the frame, and runs with none of them loaded.
 */
static void bounce_failsafe(struct vcpu *v)
{
    struct cpu_user_regs *r = &v->regs;
    uint8_t mask = v->info->evtchn_upcall_mask;
    uint64_t frame[11] = { r->rcx, r->r11, r->ds, r->es, r->fs, r->gs, r->rip };
    uint64_t sp = r->rsp, cs = (r->cs & ~3ull) | (uint64_t)mask << 32;

    if (!v->pv.kernel_mode) {
        sp = v->pv.kernel_sp;
        cs |= 3;
        pv_to_kernel_mode(v);
    }
    frame[7] = cs;
    frame[8] = guest_view_rflags(v, r->rflags, mask);
    frame[9] = r->rsp;
    frame[10] = r->ss;
    sp = (sp & ~15ull) - sizeof(frame);
    if (!v->pv.failsafe.rip || guest_write(sp, frame, sizeof(frame))) {
        pv_bounce_failed(v, v->pv.failsafe.rip, sp);
        return;
    }
    enter_at(v, v->pv.failsafe.rip, sp, v->pv.failsafe.masks_events);
}

void pv_failsafe(struct vcpu *v)
{
    bounce_failsafe(v);
    v->regs.ds = v->regs.es = v->regs.fs = v->regs.gs = 0;
}

/* What the guest wanted to return to is refused: its own exception,
 * in that very place. */
void pv_iret_fault(struct cpu_user_regs *regs, unsigned int vector,
                   unsigned int error_code)
{
    (void)regs;
    pv_inject(current, vector, error_code);
}
