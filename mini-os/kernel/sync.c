/* SPDX-License-Identifier: MIT */
/*
 * Mutexes, condition variables, semaphores.
 *
 * A mutex is handed over: from mutex_unlock() on it belongs to the first waiter, though
 * that one has yet to run. Nobody can overtake it.
 */
#include <mini-os/sync.h>

#include <mini-os/events.h>
#include <mini-os/panic.h>

#include "internal.h"

bool mutex_trylock(struct mutex *mutex)
{
    struct thread *self = thread_self();
    bool events = events_save_disable();

    if (!mutex->owner)
        mutex->owner = self;
    if (mutex->owner == self)
        mutex->depth++;
    events_restore(events);
    return mutex->owner == self;
}

void mutex_lock(struct mutex *mutex)
{
    bool events;

    if (mutex_trylock(mutex))
        return;
    events = events_save_disable();
    while (mutex->owner != thread_self())
        queue_wait(&mutex->waiters, TIME_NEVER);
    events_restore(events);
}

void mutex_unlock(struct mutex *mutex)
{
    bool events = events_save_disable();

    BUG_ON(mutex->owner != thread_self());
    if (--mutex->depth == 0) {
        mutex->owner = mutex->waiters.first;
        mutex->depth = mutex->owner ? 1 : 0;
        queue_wake_one(&mutex->waiters);
    }
    events_restore(events);
}

int condition_wait(struct condition *cond, struct mutex *mutex, uint64_t deadline)
{
    bool events = events_save_disable();
    int rc;

    BUG_ON(mutex->depth != 1);
    mutex_unlock(mutex);
    rc = queue_wait(&cond->waiters, deadline);
    events_restore(events);
    mutex_lock(mutex);
    return rc;
}

void condition_signal(struct condition *cond)
{
    queue_wake_one(&cond->waiters);
}

void condition_broadcast(struct condition *cond)
{
    queue_wake_all(&cond->waiters);
}

void semaphore_post(struct semaphore *sem)
{
    bool events = events_save_disable();

    sem->count++;
    queue_wake_one(&sem->waiters);
    events_restore(events);
}

int semaphore_wait(struct semaphore *sem, uint64_t deadline)
{
    bool events = events_save_disable();
    int rc = 0;

    while (!sem->count && !rc)
        rc = queue_wait(&sem->waiters, deadline);
    if (sem->count) {
        sem->count--;
        rc = 0;
    }
    events_restore(events);
    return rc;
}
