/* SPDX-License-Identifier: MIT */
/*
 * Reader-writer locks. A writer first wins the writers' spinlock, then announces itself,
 * which keeps new readers out, and waits for those that are in to leave: neither side
 * starves the other's queue.
 */
#include <hv/spinlock.h>
#include <hv/cpu.h>
#include <hv/smp.h>

void rwlock_init(struct rwlock *l, enum lock_level level)
{
    l->count = 0;
    spin_init(&l->writers, level);
}

void read_lock(struct rwlock *l)
{
    uint32_t count = __atomic_load_n(&l->count, __ATOMIC_RELAXED);

    for (;;) {
        if (count & RWLOCK_WRITER) {
            tlb_serve();
            cpu_relax();
            count = __atomic_load_n(&l->count, __ATOMIC_RELAXED);
        } else if (__atomic_compare_exchange_n(&l->count, &count, count + 1, true,
                                               __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            break;
        }
    }
    lock_check_take(&l->writers);
}

void read_unlock(struct rwlock *l)
{
    lock_check_drop(&l->writers);
    __atomic_fetch_sub(&l->count, 1, __ATOMIC_RELEASE);
}

void write_lock(struct rwlock *l)
{
    spin_lock(&l->writers);
    __atomic_fetch_or(&l->count, RWLOCK_WRITER, __ATOMIC_ACQUIRE);
    while (__atomic_load_n(&l->count, __ATOMIC_ACQUIRE) != RWLOCK_WRITER) {
        tlb_serve();
        cpu_relax();
    }
}

void write_unlock(struct rwlock *l)
{
    __atomic_store_n(&l->count, 0, __ATOMIC_RELEASE);
    spin_unlock(&l->writers);
}
