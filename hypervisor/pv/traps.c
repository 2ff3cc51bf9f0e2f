/* SPDX-License-Identifier: MIT */
/*
 * Exceptions that a guest caused: which are the hypervisor's to repair or emulate, and
 * which are the guest kernel's own.
 */
#include "bounce.h"
#include <hv/desc.h>

static always_inline void bounce_page_fault(struct vcpu *v, uint32_t error_code,
                                            unsigned long cr2)
{
    const struct trap_info *t = &v->pv.traps[TRAP_PF];

    error_code = guest_view_error_code(v, error_code);
    v->info->arch.cr2 = cr2;
    if (likely(t->address))
        bounce_to(v, t->address, TI_GET_IF(t), true, error_code);
    else
        pv_unhandled_trap(v, TRAP_PF, error_code);
}

void pv_inject_page_fault(struct vcpu *v, uint32_t error_code, unsigned long cr2)
{
    bounce_page_fault(v, error_code, cr2);
}

/*
 * A descriptor that the processor wanted lies in a window page that is not mapped. For
 * the LDT that is an ordinary fault of the guest's own LDT address; for the GDT there
 * is no such descriptor.
 */
static void desc_window_fault(struct vcpu *v, struct cpu_user_regs *regs,
                              unsigned long cr2)
{
    unsigned long offset = cr2 - DESC_WINDOW(smp_cpu_id());

    if (pv_fault_in_desc_window(cr2, regs))
        return;
    if (offset >= DESC_WINDOW_LDT)
        pv_inject_page_fault(v, regs->error_code,
                             v->pv.ldt_base + (offset - DESC_WINDOW_LDT));
    else
        pv_inject(v, TRAP_GP, (uint32_t)offset & 0xfff8);
}

/* Faults that may not be the guest's own affair. True: nothing is left to be done. */
static noinline bool page_fault_slow(struct vcpu *v, struct cpu_user_regs *regs,
                                     unsigned long cr2)
{
    irq_enable();
    if (!(regs->error_code & PFEC_USER) &&
        cr2 - DESC_WINDOW(smp_cpu_id()) < DESC_WINDOW_SIZE) {
        desc_window_fault(v, regs, cr2);
        return true;
    }
    return v->pv.kernel_mode && guest_range_ok(cr2, 8) && pv_try_pte_write(regs, cr2);
}

void pv_page_fault(struct cpu_user_regs *regs, unsigned long cr2)
{
    struct vcpu *v = regs_vcpu(regs);
    uint32_t error_code = regs->error_code;

    if (page_fault_is_guests(error_code) || !page_fault_slow(v, regs, cr2))
        bounce_page_fault(v, error_code, cr2);
}

/*
 * `int n` whose gate the processor refused: error code bit 1 says so, the instruction
 * says which n (the error code's vector is not to be relied on). True when it was one.
 */
static bool software_interrupt(struct vcpu *v, struct cpu_user_regs *regs)
{
    uint8_t insn[INSN_MAX];
    uint64_t base;
    bool code64;
    unsigned int n;
    const struct trap_info *t;

    if (!(regs->error_code & 2) || !pv_code_segment(regs, &base, &code64))
        return false;
    n = pv_fetch_insn(regs, base, insn);
    if (n < 2 || insn[0] != 0xcd)
        return false;
    t = &v->pv.traps[insn[1]];
    if (!t->address || TI_GET_DPL(t) < (v->pv.kernel_mode ? 1 : 3)) {
        pv_inject(v, TRAP_GP, (uint32_t)insn[1] * 8 + 2);
        return true;
    }
    regs->rip += 2;
    pv_bounce(v, &(struct pv_bounce){ .rip = t->address, .masks_events = TI_GET_IF(t) });
    return true;
}

void pv_general_protection(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    irq_enable();
    if (software_interrupt(v, regs))
        return;
    if (!regs->error_code && pv_emulate_privileged(v, regs))
        return;
    pv_inject(v, TRAP_GP, regs->error_code);
}

/*
 * ud2; "xen"; then the instruction to be emulated: only CPUID is defined. Seven bytes,
 * read as two words with the fourth in both.
 */
#define FORCED_CPUID_BYTES 7

static bool is_forced_cpuid(uint64_t rip)
{
    return guest_fetch32(rip) == 0x65780b0f && guest_fetch32(rip + 3) == 0xa20f6e65;
}

void pv_invalid_opcode(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    struct cpuid_regs out;

    irq_enable();
    if (!is_forced_cpuid(regs->rip)) {
        pv_inject(v, TRAP_UD, 0);
        return;
    }
    pv_cpuid(v, regs->eax, regs->ecx, &out);
    regs->rax = out.a;
    regs->rbx = out.b;
    regs->rcx = out.c;
    regs->rdx = out.d;
    pv_skip_insn(v, regs, FORCED_CPUID_BYTES);
}

void pv_debug(struct cpu_user_regs *regs, unsigned long dr6)
{
    struct vcpu *v = current;

    (void)regs;
    irq_enable();
    v->pv.dr6 |= dr6 & 0xe00f;
    pv_inject(v, TRAP_DB, 0);
}

/* Virtual TS is cleared before the guest's handler runs: the interface promises so. */
void pv_device_not_available(struct cpu_user_regs *regs)
{
    struct vcpu *v = regs_vcpu(regs);

    pv_set_ts(v, false);
    pv_inject(v, TRAP_NM, 0);
}

/*
 * SYSCALL from user mode. Without a handler it is an undefined instruction, as it is
 * on a processor whose EFER.SCE is clear.
 */
static always_inline void enter_syscall(struct vcpu *v, const struct pv_callback *cb)
{
    struct cpu_user_regs *regs = &v->regs;

    if (unlikely(!cb->rip)) {
        regs->rip -= 2;
        pv_inject(v, TRAP_UD, 0);
        return;
    }
    bounce_to(v, cb->rip, cb->masks_events, false, 0);
}

void pv_syscall_from_user(struct cpu_user_regs *regs)
{
    struct vcpu *v = regs_vcpu(regs);

    enter_syscall(v, &v->pv.syscall);
}

void pv_syscall32_from_user(struct cpu_user_regs *regs)
{
    struct vcpu *v = regs_vcpu(regs);

    enter_syscall(v, &v->pv.syscall32);
}

/* SYSENTER saves no return address: the guest's ABI with its user mode knows it. */
void pv_sysenter_from_user(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    const struct pv_callback *cb = &v->pv.sysenter;

    irq_enable();
    if (!cb->rip) {
        pv_inject(v, TRAP_GP, 0);
        return;
    }
    (void)regs;
    pv_bounce(v, &(struct pv_bounce){ .rip = cb->rip, .masks_events = cb->masks_events });
}
