/* SPDX-License-Identifier: MIT */
/*
 * Non-maskable interrupts. A panic stops the other CPUs by one; any other is counted, for
 * its cause is the platform's to tell. The handler must not fault (entry.S), take locks
 * or print.
 */
#include "entry.h"
#include <hv/cpu.h>
#include <hv/lib.h>

static DEFINE_PER_CPU(unsigned int, nmi_count);

void nmi_handler(struct cpu_user_regs *regs)
{
    (void)regs;
    if (unlikely(panic_elsewhere()))
        for (;;)
            __asm__ volatile("cli; hlt" ::: "memory");
    this_cpu(nmi_count)++;
}

void nmi_print_counts(char key)
{
    unsigned int cpu;

    (void)key;
    for_each_online_cpu (cpu)
        pr_info("CPU%u: %u NMIs\n", cpu, per_cpu(nmi_count, cpu));
}
