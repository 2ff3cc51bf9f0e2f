/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_iret: the guest kernel's way back to where an upcall interrupted it, or to
 * its user mode. The frame lies at its stack pointer (struct iret_context).
 */
#include "bounce.h"

/*
 * Leaves current in guest user mode if it is not there already. False: the domain has
 * been crashed because it has no user page tables.
 */
static always_inline bool enter_user_mode(struct vcpu *v)
{
    if (!v->pv.kernel_mode)
        return true;
    if (unlikely(!v->pv.user_root)) {
        domain_crash(v->domain, "iret to user mode without a user page-table root");
        return false;
    }
    pv_to_user_mode(v);
    return true;
}

/* The frame at sp, word by word. 0 or -EFAULT. */
static always_inline int load_iret_context(struct iret_context *f, uint64_t sp)
{
    const struct iret_context *g = (const struct iret_context *)sp;

    if (unlikely(!guest_start_ok(sp)))
        return -EFAULT;
    guest_window_open();
    GUEST_LOAD(uint64_t, &f->rax, &g->rax, fault);
    GUEST_LOAD(uint64_t, &f->r11, &g->r11, fault);
    GUEST_LOAD(uint64_t, &f->rcx, &g->rcx, fault);
    GUEST_LOAD(uint64_t, &f->flags, &g->flags, fault);
    GUEST_LOAD(uint64_t, &f->rip, &g->rip, fault);
    GUEST_LOAD(uint64_t, &f->cs, &g->cs, fault);
    GUEST_LOAD(uint64_t, &f->rflags, &g->rflags, fault);
    GUEST_LOAD(uint64_t, &f->rsp, &g->rsp, fault);
    GUEST_LOAD(uint64_t, &f->ss, &g->ss, fault);
    guest_window_close();
    return 0;
fault:
    guest_window_close();
    return -EFAULT;
}

/*
 * hypercall 23. Does not return to its caller in the guest unless the frame says so.
 * Returns the RAX that the frame holds; on a frame that cannot be used the domain is
 * crashed. Interrupts on, no locks.
 */
long hc_iret(void)
{
    struct vcpu *v = current;
    struct cpu_user_regs *regs = &v->regs;
    struct iret_context f;

    if (unlikely(load_iret_context(&f, regs->rsp))) {
        domain_crash(v->domain, "iret frame at %#lx cannot be read",
                     (unsigned long)regs->rsp);
        return 0;
    }
    if ((f.cs & 3) == 3 && !enter_user_mode(v))
        return 0;
    if (unlikely(v->pv.shows_iopl))
        v->pv.iopl = (uint32_t)(f.rflags & X86_EFLAGS_IOPL);

    regs->rip = f.rip;
    regs->cs = selector_to_ring3((uint16_t)f.cs);
    regs->rflags = (f.rflags & GUEST_RFLAGS_ALLOWED) | X86_EFLAGS_IF | 2;
    regs->rsp = f.rsp;
    regs->ss = selector_to_ring3((uint16_t)f.ss);
    if (!(f.flags & VGCF_in_syscall)) {
        frame_return_by_iret(regs);
        regs->r11 = f.r11;
        regs->rcx = f.rcx;
    } else if (regs->cs != FLAT_KERNEL_CS || regs->ss != FLAT_KERNEL_SS) {
        frame_return_by_iret(regs);
    }
    v->info->evtchn_upcall_mask = !(f.rflags & X86_EFLAGS_IF);
    v->pv.nmi_masked = 0;
    return (long)f.rax;
}
