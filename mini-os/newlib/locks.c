/* SPDX-License-Identifier: MIT */
/*
 * The locks that newlib takes around malloc(), stdio, atexit(), the environment; and each
 * thread's own struct _reent, with its errno.
 */
#include <reent.h>
#include <stdlib.h>
#include <sys/lock.h>

#include <mini-os/panic.h>
#include <mini-os/sync.h>

#include "../kernel/internal.h"
#include "internal.h"

struct __lock {
    struct mutex mutex;
};

struct __lock __lock___sinit_recursive_mutex, __lock___sfp_recursive_mutex,
    __lock___atexit_recursive_mutex, __lock___at_quick_exit_mutex,
    __lock___malloc_recursive_mutex, __lock___env_recursive_mutex, __lock___tz_mutex,
    __lock___dd_hash_mutex, __lock___arc4random_mutex;

/* Set when exit() has called everything: the rest waits for nobody. */
static bool ending;

void locks_stop_waiting(void)
{
    ending = true;
}

struct _reent *__getreent(void)
{
    return &thread_self()->reent;
}

void __retarget_lock_init(_LOCK_T *lock)
{
    *lock = calloc(1, sizeof(**lock));
    if (!*lock)
        panic("no memory for a lock");
}

void __retarget_lock_init_recursive(_LOCK_T *lock)
{
    __retarget_lock_init(lock);
}

void __retarget_lock_close(_LOCK_T lock)
{
    free(lock);
}

void __retarget_lock_close_recursive(_LOCK_T lock)
{
    free(lock);
}

static void acquire(struct mutex *mutex)
{
    if (ending)
        mutex_trylock(mutex);
    else
        mutex_lock(mutex);
}

static void release(struct mutex *mutex)
{
    if (!ending || mutex->owner == thread_self())
        mutex_unlock(mutex);
}

void __retarget_lock_acquire(_LOCK_T lock)
{
    acquire(&lock->mutex);
}

void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
    acquire(&lock->mutex);
}

int __retarget_lock_try_acquire(_LOCK_T lock)
{
    return mutex_trylock(&lock->mutex);
}

int __retarget_lock_try_acquire_recursive(_LOCK_T lock)
{
    return mutex_trylock(&lock->mutex);
}

void __retarget_lock_release(_LOCK_T lock)
{
    release(&lock->mutex);
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
    release(&lock->mutex);
}
