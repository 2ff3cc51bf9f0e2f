/* SPDX-License-Identifier: MIT */
#include "env.h"

#include <hv/lib.h>
#include <hv/smp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct page_info *frame_table;
uint64_t max_page = NR_FRAMES;
struct domain domains[NR_DOMAINS];
__thread uint64_t env_step;

static uint8_t *memory;
static __thread uint64_t random_state = 1;
static __thread unsigned int preempt_chance;
static uint32_t clock_now = 1, last_flush[NR_DOMAINS];
static pthread_mutex_t alloc_lock = PTHREAD_MUTEX_INITIALIZER;

/* --- what page.h and lib.h declare --- */

void *mfn_to_virt(mfn_t mfn)
{
    return memory + mfn_x(mfn) * PAGE_SIZE;
}

mfn_t virt_to_mfn(const void *va)
{
    return _mfn((uint64_t)((const uint8_t *)va - memory) >> PAGE_SHIFT);
}

bool mfn_is_ram(mfn_t mfn)
{
    return mfn_x(mfn) < NR_RAM;
}

void page_release(struct page_info *pg)
{
    uint64_t type = READ_ONCE(pg->type);

    if ((type & PGT_COUNT_MASK) || (type & (PGT_PARTIAL | PGT_PINNED)))
        env_fail("frame %lu is freed with type word %lx", pg - frame_table, type);
    __atomic_store_n(&pg->type, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&pg->ref, 0, __ATOMIC_RELEASE);
}

noreturn void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    env_fail(" (panic)");
}

noreturn void env_fail(const char *fmt, ...)
{
    va_list ap;

    fflush(stdout);
    fprintf(stderr, "\nstep %lu: ", env_step);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}

/* --- what page_type.h asks for --- */

uint32_t tlb_stamp_now(void)
{
    return __atomic_load_n(&clock_now, __ATOMIC_SEQ_CST);
}

void page_env_flush_now(domid_t id)
{
    __atomic_store_n(&last_flush[id], __atomic_add_fetch(&clock_now, 1, __ATOMIC_SEQ_CST),
                     __ATOMIC_SEQ_CST);
}

void page_env_flush(domid_t id, uint32_t stamp)
{
    if (env_last_flush(id) <= stamp)
        page_env_flush_now(id);
}

void page_env_fill_root(uint64_t *root)
{
    root[HV_FIRST_SLOT] = root[HV_LAST_SLOT] = HV_SLOT_PTE;
}

bool page_env_may_map_device(domid_t id, mfn_t mfn)
{
    (void)mfn;
    return id == 0;
}

bool page_env_may_set_caching(domid_t id)
{
    return id == 0;
}

bool page_env_preempt(void)
{
    return env_random(256) < preempt_chance;
}

/* --- what env.h declares --- */

uint32_t env_clock(void)
{
    return tlb_stamp_now();
}

uint32_t env_last_flush(unsigned int d)
{
    return __atomic_load_n(&last_flush[d], __ATOMIC_SEQ_CST);
}

void env_init(void)
{
    frame_table = calloc(NR_FRAMES, sizeof(*frame_table));
    memory = mmap(NULL, NR_FRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!frame_table || memory == MAP_FAILED)
        env_fail("no memory for the machine");
    for (unsigned int i = 0; i < NR_HV; i++)
        frame_table[i].ref = PGR_UNUSED;
    for (unsigned int i = 0; i < NR_DOMAINS; i++)
        domains[i] = (struct domain){ .id = (domid_t)i, .life = DOM_ALIVE };
}

void env_seed(uint64_t seed, unsigned int chance)
{
    random_state = seed * 0x9e3779b97f4a7c15ull + 1;
    preempt_chance = chance;
}

unsigned int env_random(unsigned int n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned int)((random_state >> 32) * n >> 32);
}

int env_alloc(unsigned int d)
{
    unsigned int from = env_random(NR_RAM);
    int found = -1;

    pthread_mutex_lock(&alloc_lock);
    for (unsigned int i = 0; i < NR_RAM && found < 0; i++) {
        unsigned int mfn = (from + i) % NR_RAM;

        if (mfn >= NR_HV && env_is_free(mfn))
            found = (int)mfn;
    }
    if (found >= 0) {
        page_env_flush_now((domid_t)d); /* the heap's part: no stale translations */
        __atomic_store_n(&frame_table[found].ref,
                         PGR_INUSE | PGR_ALLOCATED | (uint64_t)d << PGR_OWNER_SHIFT | 1,
                         __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&alloc_lock);
    return found;
}

bool env_drop_allocated(unsigned int mfn)
{
    struct page_info *pg = &frame_table[mfn];
    uint64_t old = READ_ONCE(pg->ref);

    do {
        if (!(old & PGR_INUSE) || !(old & PGR_ALLOCATED))
            return false;
    } while (!__atomic_compare_exchange_n(&pg->ref, &old, old & ~PGR_ALLOCATED, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    page_put(pg);
    return true;
}
