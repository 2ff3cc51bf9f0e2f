/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers. Each CPU has a priority queue of armed timers under a TIMER lock; its
 * local APIC is programmed for the first of them. The hardware deadline is only ever
 * moved closer when a timer is set: one that is stopped or put off leaves an early
 * interrupt behind, which finds nothing due and programs the next deadline. Re-arming a
 * timer, the common case, so touches no hardware.
 *
 *   idle      not armed                  timer_set   -> armed
 *   armed     in the queue of t->cpu     timer_stop  -> idle; due -> running
 *   running   not armed, some queue's running == t: may be set and migrated meanwhile
 *   dead      never armed again          timer_kill, once the function has returned
 */
#include <hv/timer.h>
#include <hv/apic.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/softirq.h>
#include <hv/spinlock.h>

struct timer_queue {
    struct spinlock lock;
    struct pqueue armed;
    struct timer *running;
    ns_t programmed; /* the hardware deadline, APIC_TIMER_NEVER = none */
};

static DEFINE_PER_CPU(struct timer_queue, timer_queue)
= {
    .lock = SPINLOCK_INIT(TIMER),
    .programmed = APIC_TIMER_NEVER,
};

/* Locks the queue that t belongs to; interrupts off. */
static inline struct timer_queue *timer_lock(struct timer *t)
{
    for (;;) {
        unsigned int cpu = READ_ONCE(t->cpu);
        struct timer_queue *q = &per_cpu(timer_queue, cpu);

        spin_lock(&q->lock);
        if (likely(cpu == READ_ONCE(t->cpu)))
            return q;
        spin_unlock(&q->lock);
    }
}

static struct timer *timer_of(struct pqueue_node *n)
{
    return container_of(n, struct timer, node);
}

/* A timer was put into q: makes the hardware deadline of that CPU early enough. */
static void timer_reprogram(struct timer_queue *q, const struct timer *t)
{
    if (t->expires >= q->programmed)
        return;
    if (t->cpu == smp_cpu_id()) {
        q->programmed = t->expires;
        apic_timer_program(t->expires);
    } else {
        softirq_raise_cpu(SOFTIRQ_TIMER, t->cpu);
    }
}

static inline void timer_arm(struct timer_queue *q, struct timer *t)
{
    t->armed = true;
    /* Negative times are all long past; the queue's keys are unsigned. */
    pqueue_insert(&q->armed, &t->node, t->expires > 0 ? (uint64_t)t->expires : 0);
    timer_reprogram(q, t);
}

static inline void timer_disarm(struct timer_queue *q, struct timer *t)
{
    if (!t->armed)
        return;
    pqueue_remove(&q->armed, &t->node);
    t->armed = false;
}

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, unsigned int cpu)
{
    memset(t, 0, sizeof(*t));
    t->fn = fn;
    t->arg = arg;
    t->cpu = cpu;
}

void timer_set(struct timer *t, ns_t expires)
{
    unsigned long flags = irq_save();
    struct timer_queue *q = timer_lock(t);

    timer_disarm(q, t);
    if (!t->dead) {
        t->expires = expires;
        timer_arm(q, t);
    }
    spin_unlock(&q->lock);
    irq_restore(flags);
}

void timer_stop(struct timer *t)
{
    struct timer_queue *q;
    unsigned long flags;

    if (!READ_ONCE(t->armed))
        return;
    flags = irq_save();
    q = timer_lock(t);
    timer_disarm(q, t);
    spin_unlock(&q->lock);
    irq_restore(flags);
}

void timer_kill(struct timer *t)
{
    unsigned long flags = irq_save();
    struct timer_queue *q = timer_lock(t);
    unsigned int cpu;

    timer_disarm(q, t);
    t->dead = true;
    spin_unlock(&q->lock);
    irq_restore(flags);

    /* It may have moved while it ran: any CPU can still be in its function. */
    for_each_online_cpu (cpu)
        while (READ_ONCE(per_cpu(timer_queue, cpu).running) == t)
            cpu_relax();
}

/* A queue that is being left and one that is entered, lower CPU first. */
static void timer_lock_pair(unsigned int a, unsigned int b)
{
    spin_lock(&per_cpu(timer_queue, min(a, b)).lock);
    spin_lock_nested(&per_cpu(timer_queue, max(a, b)).lock);
}

static void timer_unlock_pair(unsigned int a, unsigned int b)
{
    spin_unlock(&per_cpu(timer_queue, max(a, b)).lock);
    spin_unlock(&per_cpu(timer_queue, min(a, b)).lock);
}

void timer_migrate(struct timer *t, unsigned int cpu)
{
    unsigned long flags = irq_save();
    unsigned int from;

    while ((from = READ_ONCE(t->cpu)) != cpu) {
        timer_lock_pair(from, cpu);
        if (from == t->cpu) {
            bool armed = t->armed;

            timer_disarm(&per_cpu(timer_queue, from), t);
            WRITE_ONCE(t->cpu, cpu);
            if (armed)
                timer_arm(&per_cpu(timer_queue, cpu), t);
        }
        timer_unlock_pair(from, cpu);
    }
    irq_restore(flags);
}

/* Takes the first timer off q if it is due. Lock held. */
static struct timer *timer_take_due(struct timer_queue *q, ns_t now)
{
    struct pqueue_node *first = pqueue_first(&q->armed);
    struct timer *t;

    if (!first || timer_of(first)->expires > now)
        return NULL;
    t = timer_of(first);
    timer_disarm(q, t);
    q->running = t;
    return t;
}

/* The queue's first deadline into the hardware, whatever it was set to before. */
static void timer_program_first(struct timer_queue *q)
{
    struct pqueue_node *first = pqueue_first(&q->armed);

    q->programmed = first ? timer_of(first)->expires : APIC_TIMER_NEVER;
    apic_timer_program(q->programmed);
}

/*
 * SOFTIRQ_TIMER. The clock is read once: a function that arms its timer again does so
 * for a later time, which is left to the next round, and so cannot hold the CPU.
 */
static void timer_softirq(void)
{
    struct timer_queue *q = this_cpu_ptr(timer_queue);
    ns_t now = time_now();
    struct timer *t;

    irq_disable();
    spin_lock(&q->lock);
    while ((t = timer_take_due(q, now)) != NULL) {
        void (*fn)(void *arg) = t->fn;
        void *arg = t->arg;

        spin_unlock(&q->lock);
        irq_enable();
        fn(arg);
        irq_disable();
        spin_lock(&q->lock);
        WRITE_ONCE(q->running, NULL);
    }
    timer_program_first(q);
    spin_unlock(&q->lock);
    irq_enable();
}

void __init timers_init(void)
{
    softirq_register(SOFTIRQ_TIMER, timer_softirq);
}
