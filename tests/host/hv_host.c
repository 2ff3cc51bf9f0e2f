/* SPDX-License-Identifier: MIT */
/* The machine behind host unit tests: see hv_host.h. */
#include "hv_host.h"
#include <hv/cpumask.h>
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/smp.h>
#include <hv/softirq.h>
#include <hv/spinlock.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct page_info *frame_table;
uint64_t *m2p_table;
uint64_t max_page;
static char *ram;

unsigned int cpu_id;
uint32_t softirq_pending;
struct vcpu;
__attribute__((weak)) struct vcpu *current_vcpu; /* the scheduler's, if it is linked */
unsigned int nr_cpus = 1;
struct cpumask cpu_online_map = { { 1 } };

uint32_t host_tlb_clock = 1;
unsigned int host_tlb_flushes;
uint32_t host_tlb_last_stamp;

char host_panic_text[512];
static jmp_buf *panic_jump;

static void *map_zero(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED)
        abort();
    return p;
}

void host_machine_init(uint64_t frames)
{
    static uint64_t mapped;

    if (mapped) {
        munmap(ram, mapped << PAGE_SHIFT);
        munmap(frame_table, mapped * sizeof(*frame_table));
        munmap(m2p_table, mapped * sizeof(*m2p_table));
    }
    ram = map_zero(frames << PAGE_SHIFT);
    frame_table = map_zero(frames * sizeof(*frame_table));
    m2p_table = map_zero(frames * sizeof(*m2p_table));
    mapped = max_page = frames;
}

void *mfn_to_virt(mfn_t mfn)
{
    BUG_ON(mfn_x(mfn) >= max_page);
    return ram + (mfn_x(mfn) << PAGE_SHIFT);
}

mfn_t virt_to_mfn(const void *va)
{
    uint64_t n = (uint64_t)((const char *)va - ram) >> PAGE_SHIFT;

    BUG_ON(n >= max_page);
    return _mfn(n);
}

void clear_page(void *page)
{
    (memset)(page, 0, PAGE_SIZE);
}

void copy_page(void *dst, const void *src)
{
    (memcpy)(dst, src, PAGE_SIZE);
}

/* --- panics and messages --- */

bool host_panics(void (*fn)(void *arg), void *arg)
{
    jmp_buf here;
    bool panicked = true;

    panic_jump = &here;
    if (!setjmp(here)) {
        fn(arg);
        panicked = false;
    }
    panic_jump = NULL;
    return panicked;
}

noreturn void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (vsnprintf)(host_panic_text, sizeof(host_panic_text), fmt, ap);
    va_end(ap);
    if (panic_jump)
        longjmp(*panic_jump, 1);
    fprintf(stderr, "panic: %s\n", host_panic_text);
    abort();
}

static bool is_verbose(void)
{
    return getenv("HV_HOST_LOG") != NULL;
}

void log_vprintf(enum log_level level, const char *fmt, va_list ap)
{
    (void)level;
    if (is_verbose())
        vfprintf(stderr, fmt, ap);
}

void log_printf(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_vprintf(level, fmt, ap);
    va_end(ap);
}

void guest_printf(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_vprintf(level, fmt, ap);
    va_end(ap);
}

/* --- locks: one thread, so a lock that has to wait is a bug --- */

#define MAX_HELD 16
static struct {
    const void *lock;
    int level;
} held[MAX_HELD];
static unsigned int nr_held;

void spin_init(struct spinlock *l, enum lock_level level)
{
    *l = (struct spinlock){ 0 };
#ifdef DEBUG
    l->level = (uint16_t)level;
    l->cpu = -1;
#else
    (void)level;
#endif
}

void spin_lock_slow(struct spinlock *l, uint16_t ticket)
{
    panic("lock %p (ticket %u) is taken already", (void *)l, ticket);
}

bool spin_is_locked(const struct spinlock *l)
{
    return l->next != l->owner;
}

bool spin_trylock(struct spinlock *l)
{
    if (spin_is_locked(l))
        return false;
    spin_lock(l);
    return true;
}

static void note_held(const void *lock, int level)
{
    BUG_ON(nr_held == MAX_HELD);
    held[nr_held].lock = lock;
    held[nr_held++].level = level;
}

static void note_dropped(const void *lock)
{
    for (unsigned int i = nr_held; i-- > 0;) {
        if (held[i].lock != lock)
            continue;
        for (nr_held--; i < nr_held; i++)
            held[i] = held[i + 1];
        return;
    }
    panic("lock %p dropped but not held", lock);
}

void spin_lock_nested(struct spinlock *l)
{
    BUG_ON(spin_is_locked(l));
    l->next++;
    note_held(l, 0);
}

#ifdef DEBUG
void lock_check_take(struct spinlock *l)
{
    for (unsigned int i = 0; i < nr_held; i++)
        if (held[i].level >= l->level)
            panic("lock of level %u taken while %d is held", l->level, held[i].level);
    note_held(l, l->level);
}

void lock_check_drop(struct spinlock *l)
{
    note_dropped(l);
}
#endif

void rwlock_init(struct rwlock *l, enum lock_level level)
{
    l->count = 0;
    spin_init(&l->writers, level);
}

void read_lock(struct rwlock *l)
{
    l->count++;
}

void read_unlock(struct rwlock *l)
{
    BUG_ON(!l->count);
    l->count--;
}

void write_lock(struct rwlock *l)
{
    BUG_ON(l->count);
    spin_lock(&l->writers);
}

void write_unlock(struct rwlock *l)
{
    spin_unlock(&l->writers);
}

/* --- TLB and softirqs --- */

uint32_t tlb_stamp_now(void)
{
    return host_tlb_clock;
}

void tlb_flush_since(uint32_t stamp, const struct cpumask *mask)
{
    (void)mask;
    host_tlb_flushes++;
    host_tlb_last_stamp = stamp;
}

void tlb_flush_mask(const struct cpumask *mask, unsigned long va)
{
    (void)mask;
    (void)va;
    host_tlb_flushes++;
}

static void (*softirq_handler[NR_SOFTIRQS])(void);

void softirq_register(enum softirq nr, void (*handler)(void))
{
    softirq_handler[nr] = handler;
}

void softirq_raise(enum softirq nr)
{
    softirq_pending |= 1u << nr;
}

void softirq_run(void)
{
    while (softirq_pending) {
        unsigned int nr = (unsigned int)__builtin_ctz(softirq_pending);

        softirq_pending &= softirq_pending - 1;
        if (softirq_handler[nr])
            softirq_handler[nr]();
    }
}

/* --- random numbers (xorshift64*) --- */

static uint64_t random_state = 0x9e3779b97f4a7c15ull;

void host_random_seed(uint64_t seed)
{
    random_state = seed * 2 + 1;
}

uint64_t host_random(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1dull;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t n = strlen(src);

    if (size) {
        size_t copied = n < size ? n : size - 1;

        memcpy(dst, src, copied);
        dst[copied] = '\0';
    }
    return n;
}
