/* SPDX-License-Identifier: MIT */
/*
 * Lock order, in debug builds: each CPU keeps the levels of the locks that it holds, and
 * panics when it takes one that is not above all of them. Locks taken with interrupts
 * off are compared only with others taken so: an interrupt handler may take one whatever
 * the code that it interrupts holds.
 */
#include <hv/spinlock.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/percpu.h>

#define MAX_HELD 16

struct held_lock {
    const struct spinlock *lock;
    bool irq_off;
};

struct held_locks {
    unsigned int count;
    struct held_lock lock[MAX_HELD];
};
static DEFINE_PER_CPU(struct held_locks, held_locks);

static const char *level_name(unsigned int level)
{
    switch (level) {
#define LOCK(name, level, guards) \
    case level:                   \
        return #name;
#include <hv/locks.def>
#undef LOCK
    default:
        return "?";
    }
}

static void check_order(const struct held_locks *held, const struct spinlock *l,
                        bool irq_off)
{
    for (unsigned int i = 0; i < held->count; i++) {
        const struct held_lock *h = &held->lock[i];

        if (h->lock == l || (h->lock->level >= l->level && h->irq_off == irq_off))
            panic("lock order: %s taken while %s is held", level_name(l->level),
                  level_name(h->lock->level));
    }
}

static void take(struct spinlock *l, bool ordered)
{
    unsigned long flags = irq_save();
    bool irq_off = !(flags & X86_EFLAGS_IF);
    struct held_locks *held = this_cpu_ptr(held_locks);

    if (ordered)
        check_order(held, l, irq_off);
    if (held->count < MAX_HELD)
        held->lock[held->count] = (struct held_lock){ l, irq_off };
    held->count++;
    l->cpu = (int16_t)smp_cpu_id();
    irq_restore(flags);
}

void lock_check_take(struct spinlock *l)
{
    take(l, true);
}

void lock_check_take_any(struct spinlock *l)
{
    take(l, false);
}

void lock_check_drop(struct spinlock *l)
{
    unsigned long flags = irq_save();
    struct held_locks *held = this_cpu_ptr(held_locks);
    unsigned int i = min(held->count, (unsigned int)MAX_HELD);

    while (i > 0 && held->lock[i - 1].lock != l)
        i--;
    if (i == 0)
        panic("%s lock released on a CPU that does not hold it", level_name(l->level));
    for (; i < min(held->count, (unsigned int)MAX_HELD); i++)
        held->lock[i - 1] = held->lock[i];
    held->count--;
    l->cpu = -1;
    irq_restore(flags);
}
