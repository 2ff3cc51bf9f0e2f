/* SPDX-License-Identifier: MIT */
/*
 * Entries of traced vCPUs (hv/trace.h): exceptions, system calls and the delivery of
 * events, recorded. What an exception was is told by what has become of it: the ordinary
 * function is called, and afterwards the vCPU stands at its kernel's handler, or behind an
 * instruction that was emulated.
 */
#include "internal.h"
#include <hv/desc.h>
#include <hv/evtchn.h>
#include <hv/trace.h>

/* The state at an exception, before anything is done about it. */
struct exception {
    unsigned int vector;
    uint32_t error_code;
    uint64_t rip, cr2;
    struct cpu_user_regs regs;
    uint8_t insn[INSN_MAX]; /* for #GP and #UD */
    unsigned int insn_bytes;
    bool code64;
};

/* The guest's memory is read with interrupts on; the handlers want them off. */
static void look_at_insn(struct exception *e)
{
    uint64_t base;

    e->insn_bytes = 0;
    if (e->vector != TRAP_GP && e->vector != TRAP_UD)
        return;
    irq_enable();
    if (pv_code_segment(&e->regs, &base, &e->code64))
        e->insn_bytes = pv_fetch_insn(&e->regs, base, e->insn);
    irq_disable();
}

static bool is_at_handler(const struct vcpu *v, unsigned int vector)
{
    const struct trap_info *t = &v->pv.traps[vector];

    return t->address && v->regs.rip == t->address;
}

/* --- records --- */

#define NO_ERROR_CODE           0xffffu
#define VECTORS_WITH_ERROR_CODE 0x27d00u /* 8, 10-14, 17 */

static void record_trap(const struct exception *e, unsigned int vector)
{
    bool has_code = vector < 32 && (VECTORS_WITH_ERROR_CODE >> vector & 1);
    uint32_t code = has_code ? e->error_code & 0xffff : NO_ERROR_CODE;

    if (trace_wants(ABI_TRACE_FAULTS))
        trace_record(TRC_PV_TRAP | TRC_64_FLAG, TRACE_WORDS64(e->rip),
                     vector | (uint32_t)has_code << 15 | code << 16);
}

static void record_page_fault(const struct vcpu *v, const struct exception *e)
{
    uint64_t window = e->cr2 - DESC_WINDOW(smp_cpu_id());
    uint64_t entry = 0;

    if (is_at_handler(v, TRAP_PF) || v->domain->is_shutting_down) {
        if (trace_wants(ABI_TRACE_FAULTS))
            trace_record(TRC_PV_PAGE_FAULT | TRC_64_FLAG, TRACE_WORDS64(e->rip),
                         TRACE_WORDS64(e->cr2), e->error_code);
    } else if (window < DESC_WINDOW_SIZE) {
        if (trace_wants(ABI_TRACE_FAULTS))
            trace_record(TRC_PV_GDT_LDT_MAPPING_FAULT | TRC_64_FLAG,
                         TRACE_WORDS64(e->rip), TRACE_WORDS64(window));
    } else if (trace_wants(ABI_TRACE_EMULATION)) {
        if (guest_read(&entry, e->cr2 & ~7ull, sizeof(entry)))
            entry = 0;
        trace_record(TRC_PV_PTWR_EMULATION | TRC_64_FLAG, TRACE_WORDS64(entry),
                     TRACE_WORDS64(e->cr2), TRACE_WORDS64(e->rip));
    }
}

#define CPUID_OPCODE 0x1a2u /* 0f a2, as the record has it */

static void record_insn(const struct vcpu *v, const struct exception *e, uint32_t opcode)
{
    const struct cpu_user_regs *old = &e->regs, *now = &v->regs;

    if (opcode == CPUID_OPCODE)
        trace_record(ABI_TRC_PV_INSN, opcode, old->eax, old->ecx, now->eax, now->ebx,
                     now->ecx, now->edx);
    else
        trace_record(ABI_TRC_PV_INSN, opcode, old->eax, old->ecx, old->edx, now->eax,
                     now->ecx, now->edx);
}

static void record_emulated(const struct vcpu *v, const struct exception *e)
{
    struct insn i;

    if (!trace_wants(ABI_TRACE_EMULATION))
        return;
    trace_record(TRC_PV_EMULATE_PRIVOP | TRC_64_FLAG, TRACE_WORDS64(v->regs.rip));
    if (!insn_decode(e->insn, e->insn_bytes, e->code64, &i))
        record_insn(v, e,
                    i.opcode | (uint32_t)i.two_byte << 8 |
                        (uint32_t)(i.two_byte ? i.modrm : i.imm8) << 16);
}

/* #GP: an instruction refused or emulated, or `int n`. */
static void record_protection(const struct vcpu *v, const struct exception *e)
{
    if (e->insn_bytes >= 2 && e->insn[0] == 0xcd && is_at_handler(v, e->insn[1]))
        record_trap(e, e->insn[1]);
    else if (is_at_handler(v, TRAP_GP) || v->domain->is_shutting_down)
        record_trap(e, TRAP_GP);
    else
        record_emulated(v, e);
}

static void record_undefined(const struct vcpu *v, const struct exception *e)
{
    if (is_at_handler(v, TRAP_UD) || v->domain->is_shutting_down) {
        record_trap(e, TRAP_UD);
    } else if (trace_wants(ABI_TRACE_EMULATION)) {
        trace_record(TRC_PV_FORCED_INVALID_OP | TRC_64_FLAG, TRACE_WORDS64(v->regs.rip));
        record_insn(v, e, CPUID_OPCODE);
    }
}

static void record_exception(const struct vcpu *v, const struct exception *e)
{
    switch (e->vector) {
    case TRAP_PF:
        record_page_fault(v, e);
        break;
    case TRAP_GP:
        record_protection(v, e);
        break;
    case TRAP_UD:
        record_undefined(v, e);
        break;
    default:
        record_trap(e, e->vector);
        break;
    }
}

/* --- entries --- */

void pv_exception_traced(struct cpu_user_regs *regs)
{
    struct vcpu *v = regs_vcpu(regs);
    struct exception e = { .vector = regs->entry_vector,
                           .error_code = regs->error_code,
                           .rip = regs->rip,
                           .cr2 = read_cr2(),
                           .regs = *regs };

    look_at_insn(&e);
    if (e.vector == TRAP_PF)
        e.error_code = (e.error_code & ~PFEC_USER) |
                       (v->pv.kernel_mode ? 0 : e.error_code & PFEC_USER);
    if (e.vector == TRAP_PF)
        pv_page_fault(regs, e.cr2);
    else
        exception_from_guest(regs);
    record_exception(v, &e);
}

void pv_syscall_traced(struct cpu_user_regs *regs)
{
    if (trace_wants(ABI_TRACE_SYSCALLS))
        trace_record(ABI_TRC_PV_SYSCALL, TRACE_WORDS64(regs->rip),
                     TRACE_WORDS64(regs->rax), TRACE_WORDS64(regs->rdi));
    pv_syscall_from_user(regs);
}

/* Ports that wait for v, the first of them in words[1...]; words[0]: how many. */
static unsigned int list_ports(const struct vcpu *v, uint32_t *words)
{
    const struct shared_info *s = v->domain->shared_info;
    uint64_t selector = READ_ONCE(v->info->evtchn_pending_sel);
    unsigned int n = 1;

    words[0] = 0;
    for (; selector; selector &= selector - 1) {
        unsigned int i = (unsigned int)__builtin_ctzll(selector);
        uint64_t ports = READ_ONCE(s->evtchn_pending[i]) & ~READ_ONCE(s->evtchn_mask[i]);

        for (; ports; ports &= ports - 1, words[0]++)
            if (n < TRACE_EXTRA_MAX)
                words[n++] = i * 64 + (uint32_t)__builtin_ctzll(ports);
    }
    return n;
}

void pv_deliver_event_traced(struct vcpu *v)
{
    uint32_t words[TRACE_EXTRA_MAX];
    unsigned int n;

    if (!trace_wants(ABI_TRACE_EVENTS)) {
        /* not of this one */
    } else if (v->pv.nmi_pending && !v->pv.nmi_masked) {
        trace_put(ABI_TRC_PV_NMI, 0, NULL);
    } else if (v->info->evtchn_upcall_pending && !v->info->evtchn_upcall_mask) {
        n = list_ports(v, words);
        trace_put(ABI_TRC_PV_EVENTS, n, words);
    }
    pv_deliver_event(v);
}
