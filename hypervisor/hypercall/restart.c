/* SPDX-License-Identifier: MIT */
/*
 * Continuations: a hypercall that breaks off is issued again by the guest itself, with
 * arguments that say how far it came. The guest's registers are put back to its SYSCALL
 * instruction; within a multicall it is the guest's entry that is changed, and the
 * multicall that is issued again.
 */
#include <hv/hypercall.h>

#define SYSCALL_INSN_BYTES 2

static void set_registers(struct cpu_user_regs *regs, unsigned int nargs,
                          const unsigned long *args)
{
    uint64_t *const reg[] = { &regs->rdi, &regs->rsi, &regs->rdx,
                              &regs->r10, &regs->r8,  &regs->r9 };

    for (unsigned int i = 0; i < nargs; i++)
        *reg[i] = args[i];
}

static void set_entry(struct mc_state *mc, unsigned int nr, unsigned int nargs,
                      const unsigned long *args)
{
    mc->call.op = nr;
    for (unsigned int i = 0; i < nargs; i++)
        mc->call.args[i] = args[i];
    mc->nargs = (uint8_t)nargs;
    mc->preempted = true;
}

long hypercall_restart(unsigned int nr, unsigned int nargs, const unsigned long *args)
{
    struct vcpu *v = current;

    if (v->mc.active) {
        set_entry(&v->mc, nr, nargs, args);
    } else {
        set_registers(&v->regs, nargs, args);
        v->regs.rip -= SYSCALL_INSN_BYTES;
    }
    return nr; /* becomes RAX: the number, when SYSCALL is executed again */
}
