/* SPDX-License-Identifier: MIT */
/*
 * Exceptions by where they came from. A guest's go to the PV machine (hv/guest_entry.h).
 * Those of the hypervisor itself are expected in few places: instructions with a fixup
 * (hv/extable.h), accesses of the processor to descriptors in LDT window pages that are
 * not mapped yet, breakpoints of a guest on memory that we touch for it. All others are
 * our own fault.
 */
#include "entry.h"
#include <hv/cpu.h>
#include <hv/extable.h>
#include <hv/guest_entry.h>
#include <hv/layout.h>
#include <hv/lib.h>
#include <hv/trap.h>

/* DR6 of a processor without anything to report. */
#define DR6_INIT 0xffff0ff0ul

static const char *const exception_name[] = {
    "divide error",
    "debug",
    "NMI",
    "breakpoint",
    "overflow",
    "bound range",
    "invalid opcode",
    "no FPU",
    "double fault",
    "coprocessor overrun",
    "invalid TSS",
    "segment not present",
    "stack fault",
    "general protection",
    "page fault",
    "spurious",
    "x87 error",
    "alignment check",
    "machine check",
    "SIMD error",
};

static const char *vector_name(unsigned int vector)
{
    return vector < ARRAY_SIZE(exception_name) ? exception_name[vector] : "unknown";
}

static unsigned long take_dr6(void)
{
    unsigned long dr6;

    __asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
    __asm__ volatile("mov %0, %%dr6" ::"r"(DR6_INIT));
    return dr6;
}

void exception_from_guest(struct cpu_user_regs *regs)
{
    switch (regs->entry_vector) {
    case TRAP_GP:
        pv_general_protection(regs);
        break;
    case TRAP_UD:
        pv_invalid_opcode(regs);
        break;
    case TRAP_NM:
        pv_device_not_available(regs);
        break;
    case TRAP_DB:
        pv_debug(regs, take_dr6());
        break;
    default:
        pv_bounce_trap(regs, regs->entry_vector);
        break;
    }
}

static bool in_desc_window(unsigned long va)
{
    return va - DESC_WINDOW(smp_cpu_id()) < DESC_WINDOW_SIZE;
}

/*
 * A protection fault on a page whose entry allows the access by now: the TLB held an
 * older one, which the fault has dropped. So each such access is tried again once;
 * fault_tried remembers it, and a second fault in a row at the same place is real.
 */
struct fault_place {
    unsigned long rip, va;
};
static DEFINE_PER_CPU(struct fault_place, fault_tried);

static bool try_again(const struct cpu_user_regs *regs, unsigned long va)
{
    bool again;

    if (!(regs->error_code & PFEC_PRESENT))
        return false;
    again = this_cpu(fault_tried).rip != regs->rip || this_cpu(fault_tried).va != va;
    this_cpu(fault_tried).rip = again ? regs->rip : 0;
    this_cpu(fault_tried).va = va;
    return again;
}

void exception_from_hypervisor(struct cpu_user_regs *regs)
{
    bool is_page_fault = regs->entry_vector == TRAP_PF;
    unsigned long cr2 = is_page_fault ? read_cr2() : 0;
    uintptr_t fixup;

    if (is_page_fault && in_desc_window(cr2) && pv_fault_in_desc_window(cr2, regs))
        return;
    fixup = extable_lookup(regs->rip);
    if (unlikely(!fixup))
        panic_regs(regs, "%s (vector %u, error code %#x, address %#lx) in the hypervisor",
                   vector_name(regs->entry_vector), regs->entry_vector, regs->error_code,
                   cr2);
    if (is_page_fault && try_again(regs, cr2))
        return;
    regs->rip = fixup;
}

void exception_at_iret(struct cpu_user_regs *regs, unsigned int vector,
                       unsigned int error_code, unsigned long cr2)
{
    regs->error_code = error_code;
    if (vector == TRAP_PF)
        pv_page_fault(regs, cr2);
    else
        pv_iret_fault(regs, vector, error_code);
}

/*
 * A guest's watchpoint on memory that we read or write for it, a single step that a guest
 * took into SYSENTER, or one held back by MOV SS until our first instruction: none of
 * them is the hypervisor's business, nor reported.
 */
void debug_in_hypervisor(struct cpu_user_regs *regs)
{
    take_dr6();
    regs->rflags &= ~X86_EFLAGS_TF;
}

static void print_machine_check(void)
{
    uint64_t cap, status, addr;

    if (rdmsr_safe(MSR_MCG_CAP, &cap))
        return;
    for (unsigned int bank = 0; bank < (cap & 0xff); bank++) {
        if (rdmsr_safe(MSR_MC0_STATUS + bank * 4, &status) || !(status >> 63))
            continue;
        addr = 0;
        if ((status >> 58 & 1) && rdmsr_safe(MSR_MC0_STATUS + bank * 4 + 1, &addr))
            addr = 0;
        pr_err("machine check bank %u: status %#llx address %#llx\n", bank,
               (unsigned long long)status, (unsigned long long)addr);
    }
}

void fatal_exception(struct cpu_user_regs *regs)
{
    if (regs->entry_vector == TRAP_MC)
        print_machine_check();
    panic_regs(regs, "%s", vector_name(regs->entry_vector));
}
