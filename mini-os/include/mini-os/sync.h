/* SPDX-License-Identifier: MIT */
/*
 * Mutexes, condition variables and semaphores between threads. All zero is the initial
 * state of each; waiters are served in the order in which they came. In threads only,
 * but for semaphore_post().
 */
#ifndef MINI_OS_SYNC_H
#define MINI_OS_SYNC_H

#include <mini-os/thread.h>

/* Recursive: its owner may lock it again, and unlocks it as often. */
struct mutex {
    struct thread *owner;
    unsigned int depth;
    struct wait_queue waiters;
};

void mutex_lock(struct mutex *mutex);

/* Returns whether the caller has it now. */
bool mutex_trylock(struct mutex *mutex);

/* By the owner. The first waiter becomes the next one. */
void mutex_unlock(struct mutex *mutex);

struct condition {
    struct wait_queue waiters;
};

/*
 * Unlocks the mutex, which must be locked once, waits, and locks it again. Returns 0, or
 * -ETIMEDOUT when the deadline passed first.
 */
int condition_wait(struct condition *cond, struct mutex *mutex, uint64_t deadline);
void condition_signal(struct condition *cond);
void condition_broadcast(struct condition *cond);

struct semaphore {
    unsigned int count;
    struct wait_queue waiters;
};

/* Adds one. In any context. */
void semaphore_post(struct semaphore *sem);

/* Takes one. Returns 0, or -ETIMEDOUT when there was none until the deadline. */
int semaphore_wait(struct semaphore *sem, uint64_t deadline);

#endif
