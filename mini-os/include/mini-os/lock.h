/* SPDX-License-Identifier: MIT */
/*
 * Ticket spinlocks between vCPUs.
 *
 * The _events forms also mask event delivery on this vCPU; needed for every lock that
 * an event handler takes. A waiting vCPU sleeps now and then, since
 * the holder may not be running.
 */
#ifndef MINI_OS_LOCK_H
#define MINI_OS_LOCK_H

#include <mini-os/compiler.h>

struct spinlock {
    uint32_t next;
    uint32_t serving;
};

#define SPINLOCK_INIT \
    {                 \
        0, 0          \
    }

void spin_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);

/* Returns whether the lock was free and is now held. */
bool spin_trylock(struct spinlock *lock);

/* Returns the mask state to be given back to spin_unlock_events(). */
bool spin_lock_events(struct spinlock *lock);
void spin_unlock_events(struct spinlock *lock, bool were_enabled);

#endif
