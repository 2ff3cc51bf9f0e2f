/* SPDX-License-Identifier: MIT */
/*
 * Shutdown, crash and resumption. Marking and pausing is done on the spot, at any depth
 * of calls; telling domain 0, or ending the machine, takes locks and is left to
 * SOFTIRQ_RECLAIM, which comes before the CPU returns to any guest.
 */
#include "internal.h"

#include <hv/hooks.h>
#include <hv/lib.h>
#include <hv/sched.h>
#include <hv/softirq.h>
#include <abi/sched.h>

/* Shut down on this CPU and to be reported; each with a reference. Interrupts off. */
static DEFINE_PER_CPU(struct domain *, shut_down);

static bool exchange_flag(bool *flag, bool value)
{
    return __atomic_exchange_n(flag, value, __ATOMIC_ACQ_REL);
}

void domain_set_shutdown_code(struct domain *d, uint8_t reason)
{
    if (!exchange_flag(&d->has_shutdown_code, true))
        d->shutdown_code = reason;
}

/* Has this CPU report d's shutdown; a report that is still due says this one too. */
static void queue_report(struct domain *d)
{
    unsigned long flags;

    if (exchange_flag(&d->report_queued, true))
        return;
    domain_get(d);
    flags = irq_save();
    d->next_shut_down = this_cpu(shut_down);
    this_cpu(shut_down) = d;
    irq_restore(flags);
    softirq_raise(SOFTIRQ_RECLAIM);
}

void domain_shutdown(struct domain *d, uint8_t reason)
{
    if (exchange_flag(&d->is_shutting_down, true))
        return;
    domain_set_shutdown_code(d, reason);
    domain_pause_nosync(d);
    WRITE_ONCE(d->is_shut_down, true);
    queue_report(d);
}

void domain_resume(struct domain *d)
{
    if (!exchange_flag(&d->is_shut_down, false))
        return;
    d->has_shutdown_code = false;
    d->shutdown_code = 0;
    __atomic_store_n(&d->is_shutting_down, false, __ATOMIC_RELEASE);
    domain_unpause(d);
}

static cold void dump_registers(const struct vcpu *v)
{
    const struct cpu_user_regs *r = &v->regs;

    guest_printf(LOG_ERROR, "vCPU %u: rip %04x:%016lx rsp %04x:%016lx rflags %08lx\n",
                 v->id, r->cs, r->rip, r->ss, r->rsp, r->rflags);
    guest_printf(LOG_ERROR, "rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", r->rax,
                 r->rbx, r->rcx, r->rdx);
    guest_printf(LOG_ERROR, "rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", r->rsi,
                 r->rdi, r->rbp, r->r8);
    guest_printf(LOG_ERROR, "r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", r->r9,
                 r->r10, r->r11, r->r12);
    guest_printf(LOG_ERROR, "r13 %016lx r14 %016lx r15 %016lx %s mode\n", r->r13, r->r14,
                 r->r15, v->pv.kernel_mode ? "kernel" : "user");
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
    char why[128];
    va_list ap;

    if (READ_ONCE(d->is_shutting_down))
        return;
    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    guest_printf(LOG_ERROR, "domain %u crashed: %s\n", d->id, why);
    if (current->domain == d)
        dump_registers(current);
    domain_shutdown(d, SHUTDOWN_crash);
}

/* Domain 0 has ended: so does the machine. */
static noreturn void machine_end(uint8_t reason)
{
    if (reason == SHUTDOWN_poweroff) {
        pr_info("domain 0 has powered the machine off\n");
        machine_power_off();
    }
    pr_info("domain 0 has ended (shutdown code %u): restarting the machine\n", reason);
    machine_restart();
}

static struct domain *take_shut_down(void)
{
    unsigned long flags = irq_save();
    struct domain *d = this_cpu(shut_down);

    if (d)
        this_cpu(shut_down) = d->next_shut_down;
    irq_restore(flags);
    if (d)
        exchange_flag(&d->report_queued, false);
    return d;
}

static void report(struct domain *d)
{
    if (d == domain0)
        machine_end(d->shutdown_code);
    if (d->shutdown_code == SHUTDOWN_suspend && d->suspend_port)
        evtchn_send(d, d->suspend_port);
    else
        evtchn_raise_global_virq(VIRQ_DOM_EXC);
}

void domain_report_shutdowns(void)
{
    struct domain *d;

    while ((d = take_shut_down()) != NULL) {
        report(d);
        domain_put(d);
    }
}
