/* SPDX-License-Identifier: MIT */
/*
 * Registers and the chain of frame pointers, for messages about faults. Nothing here may
 * fault: only words on this CPU's own stacks are read, upwards, and no more than a
 * stack can hold.
 */
#include "entry.h"
#include <hv/cpu.h>
#include <hv/desc.h>
#include <hv/layout.h>
#include <hv/lib.h>

#define MAX_DEPTH 32

/* Is the frame at fp on this CPU's stack, or on the (IST) page that we are running on? */
static bool is_readable(uintptr_t fp)
{
    uintptr_t top = this_cpu(stack_top);
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    if (fp % 8)
        return false;
    return (fp >= top - HV_STACK_SIZE && fp <= top - 16) ||
           (fp / PAGE_SIZE == here / PAGE_SIZE && fp % PAGE_SIZE <= PAGE_SIZE - 16);
}

static void walk(uintptr_t fp)
{
    for (unsigned int depth = 0; depth < MAX_DEPTH && is_readable(fp); depth++) {
        const uintptr_t *frame = (const uintptr_t *)fp;

        pr_err("  [<%016lx>] %pS\n", frame[1], (void *)frame[1]);
        if (frame[0] <= fp)
            return;
        fp = frame[0];
    }
}

void dump_backtrace(const struct cpu_user_regs *regs)
{
    pr_err("backtrace:\n");
    pr_err("  [<%016lx>] %pS\n", (unsigned long)regs->rip, (void *)regs->rip);
    walk(regs->rbp);
}

void dump_backtrace_here(void)
{
    pr_err("backtrace:\n");
    walk((uintptr_t)__builtin_frame_address(0));
}

void dump_registers(const struct cpu_user_regs *r)
{
    pr_err("CPU %u  rip %04x:%016lx (%pS)\n", smp_cpu_id(), r->cs, (unsigned long)r->rip,
           (void *)r->rip);
    pr_err("rflags %016lx  rsp %04x:%016lx\n", (unsigned long)r->rflags, r->ss,
           (unsigned long)r->rsp);
#define ROW(a, b, c)                                                               \
    pr_err("%-3s %016lx  %-3s %016lx  %-3s %016lx\n", #a, (unsigned long)r->a, #b, \
           (unsigned long)r->b, #c, (unsigned long)r->c)
    ROW(rax, rbx, rcx);
    ROW(rdx, rsi, rdi);
    ROW(rbp, r8, r9);
    ROW(r10, r11, r12);
    ROW(r13, r14, r15);
#undef ROW
    pr_err("cr0 %016lx  cr2 %016lx  cr3 %016lx  cr4 %016lx\n", read_cr0(), read_cr2(),
           read_cr3(), read_cr4());
}
