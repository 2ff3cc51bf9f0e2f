/* SPDX-License-Identifier: MIT */
/*
 * Trap -> guest: what entry code and interrupt handlers (layer x86) call when the
 * processor came from a guest, and what they guarantee.
 *
 * Guarantees on entry to each: on the CPU's hypervisor stack, GS = per-CPU, interrupts
 * off, regs == &current->regs complete up to ss. The function may enable interrupts. It
 * returns; the caller then runs the exit path (softirqs, pending events, return). A
 * function that gave up the CPU or crashed the domain just returns too: the exit path
 * notices.
 *
 * How the exit path leaves is told by regs->entry_vector:
 *   ENTRY_SYSCALL   by SYSRET: RCX and R11 come back as rip and rflags. Set by the SYSCALL
 *                   entry, and by frame_return_by_sysret(). Only for frames whose cs and
 *                   ss are the flat FLAT_KERNEL_CS and FLAT_KERNEL_SS.
 *   anything else   by IRET, with every register of the frame.
 * rip may be anything: one that is not canonical leaves by IRET and faults.
 *
 * Hypercalls: the handler's result is stored in regs->rax, always. A handler that
 * replaces the frame returns the RAX that belongs to it; one whose frame needs its own
 * RCX, R11 or other selectors also calls frame_return_by_iret().
 *
 * After a hypercall that leaves ENTRY_SYSCALL, the exit path trusts that RBP and R12-R15
 * of the frame are as they were on entry: handlers must not change them. All others may
 * change any register.
 */
#ifndef HV_GUEST_ENTRY_H
#define HV_GUEST_ENTRY_H

#include <hv/vcpu.h>

#define ENTRY_SYSCALL 0xffffffffu
#define ENTRY_IRET    0u

static inline void frame_return_by_iret(struct cpu_user_regs *regs)
{
    regs->entry_vector = ENTRY_IRET;
}

static inline void frame_return_by_sysret(struct cpu_user_regs *regs)
{
    regs->entry_vector = ENTRY_SYSCALL;
}

/*
 * The short ways, for what happens most. When entry code calls them it has saved of the
 * guest's general registers no more than RAX, RCX and R11 in the frame; beside these
 *   pv_page_fault_short   finds in the frame what the processor pushed, and CR2
 *   pv_syscall_short      user mode's rip and rflags in the frame, rsp in syscall_rsp
 *   pv_iret_short         rsp in syscall_rsp, nothing in the frame
 * Each does the whole job, so that the guest can be resumed at once; or none of it (0), and
 * the general way is taken from the beginning with what entry code has kept
 * (pv_iret_short may have changed the frame). A page fault continues with rip and rflags
 * of the frame, a system call at the vCPU's callback, both with the stack pointer that is
 * returned; iret with RAX, rip, rflags and rsp of the frame.
 * They keep every register but RAX, which is why they may call nothing; interrupts stay
 * off.
 */
#define short_way __attribute__((no_caller_saved_registers))
short_way uint64_t pv_page_fault_short(void);
short_way uint64_t pv_syscall_short(void);

enum short_iret {
    SHORT_IRET_REFUSED,
    SHORT_IRET_BY_IRET, /* RCX, R11, cs and ss of the frame count, too */
    SHORT_IRET_BY_SYSRET,
};
short_way enum short_iret pv_iret_short(void);

/*
 * RFLAGS bits that a guest kernel is entered without. DF, because a kernel may rely on
 * SYSCALL's clearing it: one that does not would copy backwards for its user mode.
 */
#define BOUNCE_RFLAGS_CLEAR                                                          \
    (X86_EFLAGS_AC | X86_EFLAGS_VM | X86_EFLAGS_RF | X86_EFLAGS_NT | X86_EFLAGS_DF | \
     X86_EFLAGS_TF | X86_EFLAGS_IOPL)

/* A guest's stack pointer until it is in the frame; interrupts off. */
DECLARE_PER_CPU(uintptr_t, syscall_rsp);

/* SYSCALL from guest user mode: continue at the guest kernel's syscall callback. */
void pv_syscall_from_user(struct cpu_user_regs *regs);
/* SYSCALL from compatibility mode (CSTAR) and SYSENTER. */
void pv_syscall32_from_user(struct cpu_user_regs *regs);
void pv_sysenter_from_user(struct cpu_user_regs *regs);

/* #PF with CR2 already read. */
void pv_page_fault(struct cpu_user_regs *regs, unsigned long cr2);
/* #GP: privileged-operation emulation, software interrupts, or bounce. */
void pv_general_protection(struct cpu_user_regs *regs);
/* #UD: forced-emulation prefix, or bounce. */
void pv_invalid_opcode(struct cpu_user_regs *regs);
/* #DB; dr6 as read (and already reset in the processor). */
void pv_debug(struct cpu_user_regs *regs, unsigned long dr6);
/* #NM: lazy-FPU notice of the guest (virtual CR0.TS). */
void pv_device_not_available(struct cpu_user_regs *regs);
/* Any other exception or software interrupt `vector`, to be bounced as is. */
void pv_bounce_trap(struct cpu_user_regs *regs, unsigned int vector);

/*
 * A fault in the hypervisor that lies in the descriptor windows (LDT demand mapping):
 * true when the access can be retried.
 */
bool pv_fault_in_desc_window(unsigned long va, struct cpu_user_regs *regs);

/* Exit path, IRQs off, current->info has a pending unmasked event (or an NMI is pending):
 * builds the upcall frame. */
void pv_deliver_event(struct vcpu *v);
/*
 * How the exit path calls it: pv_deliver_event() or, while any domain is traced, the one
 * that records first.
 */
extern void (*event_delivery)(struct vcpu *v);
void pv_deliver_event_traced(struct vcpu *v);

/*
 * The same for the entries of a CPU whose vCPU is traced (hv/trace.h): each records and
 * does what the ordinary one leads to. Hypercalls: interrupts on; the result for RAX.
 */
long hypercall_traced(struct cpu_user_regs *regs);
void pv_syscall_traced(struct cpu_user_regs *regs);
void pv_exception_traced(struct cpu_user_regs *regs);

/* Exit path: IRET refused the frame in regs: the guest's exception, as if raised there.
 */
void pv_iret_fault(struct cpu_user_regs *regs, unsigned int vector,
                   unsigned int error_code);

#endif
