/* SPDX-License-Identifier: MIT */
/*
 * Constants for assembly. Compiled to assembly text only; the build extracts each
 * "->NAME value" line into <hv/asm-offsets.h>.
 */
#include <hv/cpu.h>
#include <hv/desc.h>
#include <hv/guest_entry.h>
#include <hv/hypercall.h>
#include <hv/vcpu.h>

#define CONSTANT(name, value) __asm__ volatile("\n.ascii \"->" #name " %0\"" ::"i"(value))
/* Offsets in the frame, and of a vCPU's fields from its frame: &vcpu->regs is at hand. */
#define FRAME(name, field) CONSTANT(FRAME_##name, offsetof(struct cpu_user_regs, field))
#define VCPU(name, field) \
    CONSTANT(VCPU_##name, \
             (long)offsetof(struct vcpu, field) - (long)offsetof(struct vcpu, regs))

void asm_offsets(void);

void asm_offsets(void)
{
    FRAME(r15, r15);
    FRAME(r14, r14);
    FRAME(r13, r13);
    FRAME(r12, r12);
    FRAME(rbp, rbp);
    FRAME(rbx, rbx);
    FRAME(r11, r11);
    FRAME(r10, r10);
    FRAME(r9, r9);
    FRAME(r8, r8);
    FRAME(rax, rax);
    FRAME(rcx, rcx);
    FRAME(rdx, rdx);
    FRAME(rsi, rsi);
    FRAME(rdi, rdi);
    FRAME(error_code, error_code);
    FRAME(entry_vector, entry_vector);
    FRAME(rip, rip);
    FRAME(cs, cs);
    FRAME(rflags, rflags);
    FRAME(rsp, rsp);
    FRAME(ss, ss);
    FRAME(es, es);

    CONSTANT(VCPU_REGS, offsetof(struct vcpu, regs));
    VCPU(kernel_mode, pv.kernel_mode);
    VCPU(nmi_pending, pv.nmi_pending);
    VCPU(nmi_masked, pv.nmi_masked);
    VCPU(syscall_rip, pv.syscall.rip);
    VCPU(info, info);
    VCPU(domain, domain);
    CONSTANT(INFO_pending, offsetof(struct vcpu_info, evtchn_upcall_pending));
    CONSTANT(INFO_mask, offsetof(struct vcpu_info, evtchn_upcall_mask));

    /* struct ist_stack: the word behind the frame. */
    CONSTANT(IST_GS_BASE, offsetof(struct cpu_user_regs, es));

    CONSTANT(SHORT_IRET_BY_IRET_IMM, (int)SHORT_IRET_BY_IRET);
    CONSTANT(MINUS_ENOSYS, -XEN_ENOSYS);
    CONSTANT(ENTRY_SYSCALL_IMM, (int)ENTRY_SYSCALL);
    CONSTANT(HYPERCALL_LIMIT, HYPERCALL_TABLE_SIZE);
    CONSTANT(GS_BASE_MSR, MSR_GS_BASE);
    CONSTANT(BOUNCE_RFLAGS, ~(int)BOUNCE_RFLAGS_CLEAR);
    CONSTANT(RFLAGS_IF, X86_EFLAGS_IF);
    CONSTANT(HV_DATA_SELECTOR, HV_DS);
}
