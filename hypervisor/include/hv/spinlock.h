/* SPDX-License-Identifier: MIT */
/*
 * Ticket spinlocks and reader-writer locks with levels (hv/locks.def). A waiting CPU
 * goes on answering TLB shoot-downs; cross calls too as long as it waits with interrupts
 * enabled. No CPU sends a synchronous request to others while it holds an "irq" lock.
 */
#ifndef HV_SPINLOCK_H
#define HV_SPINLOCK_H

#include <hv/compiler.h>
#include <hv/types.h>

enum lock_level {
#define LOCK(name, level, guards) LOCK_##name = level,
#include <hv/locks.def>
#undef LOCK
};

struct spinlock {
    uint16_t next;  /* ticket the next taker draws */
    uint16_t owner; /* ticket now served */
#ifdef DEBUG
    uint16_t level;
    int16_t cpu; /* holder, or -1 */
#endif
};

#define RWLOCK_WRITER (1u << 31)

struct rwlock {
    uint32_t count; /* readers in, RWLOCK_WRITER when one waits or is in */
    struct spinlock writers;
};

#ifdef DEBUG
#define SPINLOCK_INIT(lvl)   \
    {                        \
        0, 0, LOCK_##lvl, -1 \
    }
#else
#define SPINLOCK_INIT(lvl) \
    {                      \
        0, 0               \
    }
#endif
#define RWLOCK_INIT(lvl)      \
    {                         \
        0, SPINLOCK_INIT(lvl) \
    }

void spin_init(struct spinlock *l, enum lock_level level);
void spin_lock_slow(struct spinlock *l, uint16_t ticket);
#ifdef DEBUG
void lock_check_take(struct spinlock *l);
void lock_check_take_any(struct spinlock *l);
void lock_check_drop(struct spinlock *l);
#else
static inline void lock_check_take(struct spinlock *l)
{
    (void)l;
}
static inline void lock_check_take_any(struct spinlock *l)
{
    (void)l;
}
static inline void lock_check_drop(struct spinlock *l)
{
    (void)l;
}
#endif

static inline void spin_lock(struct spinlock *l)
{
    uint16_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_ACQUIRE);

    if (unlikely(__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket))
        spin_lock_slow(l, ticket);
    lock_check_take(l);
}

static inline void spin_unlock(struct spinlock *l)
{
    lock_check_drop(l);
#ifndef HV_HOST_BUILD
    /* Only the holder writes it, and every store releases on x86: one instruction does. */
    __asm__ volatile("incw %0" : "+m"(l->owner)::"memory");
#else
    __atomic_store_n(&l->owner, (uint16_t)(l->owner + 1), __ATOMIC_RELEASE);
#endif
}

/* True and locked when it was free; false, and nothing changed, when it was not. */
bool spin_trylock(struct spinlock *l);
bool spin_is_locked(const struct spinlock *l);
/* Second lock of the same level: only for the pair helpers named in locks.def. */
void spin_lock_nested(struct spinlock *l);

/* The same with interrupts off; flags carries the previous state to the unlock. */
#ifndef HV_HOST_BUILD
static inline unsigned long irq_save(void)
{
    unsigned long flags;

    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags)::"memory");
    return flags;
}

static inline void irq_restore(unsigned long flags)
{
    if (flags & 0x200)
        __asm__ volatile("sti" ::: "memory");
}
#else
static inline unsigned long irq_save(void)
{
    return 0;
}

static inline void irq_restore(unsigned long flags)
{
    (void)flags;
}
#endif

static inline unsigned long spin_lock_irqsave(struct spinlock *l)
{
    unsigned long flags = irq_save();

    spin_lock(l);
    return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags)
{
    spin_unlock(l);
    irq_restore(flags);
}

void rwlock_init(struct rwlock *l, enum lock_level level);
void read_lock(struct rwlock *l);
void read_unlock(struct rwlock *l);
void write_lock(struct rwlock *l);
void write_unlock(struct rwlock *l);

#endif
