/* SPDX-License-Identifier: MIT */
/*
 * Ticket spinlocks.
 */
#include <mini-os/lock.h>

#include <mini-os/events.h>
#include <mini-os/time.h>

#define SPINS_BEFORE_SLEEP 1000
#define SLEEP              (20 * NSEC_PER_USEC)

void spin_lock(struct spinlock *lock)
{
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

    for (unsigned int spins = 1;; spins++) {
        if (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) == ticket)
            return;
        if (spins % SPINS_BEFORE_SLEEP == 0)
            time_sleep(SLEEP);
        cpu_relax();
    }
}

/* Free: the next ticket to be drawn is the one that is served. */
bool spin_trylock(struct spinlock *lock)
{
    uint32_t ticket = __atomic_load_n(&lock->serving, __ATOMIC_RELAXED);

    return __atomic_compare_exchange_n(&lock->next, &ticket, ticket + 1, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void spin_unlock(struct spinlock *lock)
{
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}

bool spin_lock_events(struct spinlock *lock)
{
    bool were_enabled = events_save_disable();

    spin_lock(lock);
    return were_enabled;
}

void spin_unlock_events(struct spinlock *lock, bool were_enabled)
{
    spin_unlock(lock);
    events_restore(were_enabled);
}
