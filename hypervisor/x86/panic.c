/* SPDX-License-Identifier: MIT */
/*
 * The end: one CPU prints why, all others stop. The first to come here wins; one that
 * comes second, on another CPU, stops too, and one that fails while it panics stops
 * without another word.
 */
#include "entry.h"
#include <hv/apic.h>
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/hooks.h>
#include <hv/lib.h>
#include <hv/spinlock.h>

#define NOBODY (~0u)

static unsigned int panic_cpu = NOBODY;

bool panic_elsewhere(void)
{
    unsigned int who = READ_ONCE(panic_cpu);

    return who != NOBODY && who != smp_cpu_id();
}

static noreturn void stop_this_cpu(void)
{
    for (;;)
        __asm__ volatile("cli; hlt" ::: "memory");
}

/* Only the first caller of all CPUs returns. */
static void claim_panic(void)
{
    unsigned int nobody = NOBODY;

    irq_disable();
    if (!__atomic_compare_exchange_n(&panic_cpu, &nobody, smp_cpu_id(), false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        stop_this_cpu();
    apic_send_nmi_others();
    console_force();
}

static void print_reason(const char *fmt, va_list ap) printf_like(1, 0);
static void print_reason(const char *fmt, va_list ap)
{
    pr_err("panic on CPU %u:\n", smp_cpu_id());
    log_vprintf(LOG_ERROR, fmt, ap);
}

void panic(const char *fmt, ...)
{
    va_list ap;

    claim_panic();
    va_start(ap, fmt);
    print_reason(fmt, ap);
    va_end(ap);
    dump_backtrace_here();
    machine_restart();
}

void panic_regs(const struct cpu_user_regs *regs, const char *fmt, ...)
{
    va_list ap;

    claim_panic();
    va_start(ap, fmt);
    print_reason(fmt, ap);
    va_end(ap);
    dump_registers(regs);
    dump_backtrace(regs);
    machine_restart();
}
