/* SPDX-License-Identifier: MIT */
/* Ticket spinlocks: the part that is not inline. */
#include <hv/spinlock.h>
#include <hv/cpu.h>
#include <hv/smp.h>

void spin_init(struct spinlock *l, enum lock_level level)
{
    l->next = l->owner = 0;
#ifdef DEBUG
    l->level = (uint16_t)level;
    l->cpu = -1;
#else
    (void)level;
#endif
}

/* The holder may be waiting for our answer to a shoot-down; our interrupts may be off. */
noinline void spin_lock_slow(struct spinlock *l, uint16_t ticket)
{
    while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket) {
        tlb_serve();
        cpu_relax();
    }
}

bool spin_trylock(struct spinlock *l)
{
    uint16_t owner = __atomic_load_n(&l->owner, __ATOMIC_RELAXED);

    if (!__atomic_compare_exchange_n(&l->next, &owner, (uint16_t)(owner + 1), false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    lock_check_take_any(l);
    return true;
}

bool spin_is_locked(const struct spinlock *l)
{
    return __atomic_load_n(&l->owner, __ATOMIC_RELAXED) !=
           __atomic_load_n(&l->next, __ATOMIC_RELAXED);
}

void spin_lock_nested(struct spinlock *l)
{
    uint16_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_ACQUIRE);

    if (unlikely(__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket))
        spin_lock_slow(l, ticket);
    lock_check_take_any(l);
}
