/* SPDX-License-Identifier: MIT */
/* Deferred work: a word of pending bits per CPU and one handler per kind. */
#include <hv/softirq.h>
#include <hv/smp.h>

DEFINE_PER_CPU(uint32_t, softirq_pending);

static void (*handlers[NR_SOFTIRQS])(void) __ro_after_init;

void softirq_register(enum softirq nr, void (*handler)(void))
{
    handlers[nr] = handler;
}

void softirq_raise(enum softirq nr)
{
    __atomic_fetch_or(this_cpu_ptr(softirq_pending), 1u << nr, __ATOMIC_SEQ_CST);
}

void softirq_raise_cpu(enum softirq nr, unsigned int cpu)
{
    uint32_t old =
        __atomic_fetch_or(&per_cpu(softirq_pending, cpu), 1u << nr, __ATOMIC_SEQ_CST);

    if (!(old & (1u << nr)) && cpu != smp_cpu_id())
        smp_send_event_check(cpu);
}

/* A bit is cleared before its handler runs: what is raised meanwhile is served again. */
void softirq_run(void)
{
    uint32_t *pending = this_cpu_ptr(softirq_pending);
    uint32_t bits;

    while ((bits = READ_ONCE(*pending)) != 0) {
        unsigned int nr = (unsigned int)__builtin_ctz(bits);

        __atomic_fetch_and(pending, ~(1u << nr), __ATOMIC_SEQ_CST);
        handlers[nr]();
    }
}
