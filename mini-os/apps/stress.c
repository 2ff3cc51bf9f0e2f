/* SPDX-License-Identifier: MIT */
/*
 * Checks itself: memory, threads, timers, page tables and floating point, all at once.
 * Arguments: seconds to run (1), seed (1), and a kind of worker that is to break once what
 * it checks, which must be noticed. The last line is the verdict, "stress: SUCCESS" or
 * "stress: FAILURE", and the exit status says the same.
 */
#include <cpuid.h>
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mini-os/mm.h>
#include <mini-os/sync.h>
#include <mini-os/time.h>

#define WORKERS 2 /* of each kind */
#define BLOCKS  32
#define RING    8
#define STEPS   400 /* of the sums that floating point is checked by */

typedef double quad_t __attribute__((vector_size(32)));

struct sums {
    double sse;
    long double x87;
    quad_t avx;
};

struct worker {
    const char *name;
    bool (*round)(struct worker *worker);
    unsigned int number;
    uint64_t random;
    unsigned long rounds;
    bool failed;
    bool to_break; /* the next thing it checks */
    struct thread *thread;
    unsigned char *block[BLOCKS];
    size_t size[BLOCKS];
    struct sums sums; /* of the first round */
};

static uint64_t end_time;

/* xorshift64 */
static uint64_t draw(struct worker *w, uint64_t below)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random % below;
}

/* Whether this is the moment to break something. */
static bool breaks(struct worker *w)
{
    bool now = w->to_break && w->rounds >= 10;

    w->to_break &= !now;
    return now;
}

/* Blocks of memory, each filled with a byte that its place says. */
static bool memory_round(struct worker *w)
{
    size_t i = draw(w, BLOCKS);
    unsigned char fill = i * 16 + w->number + 1;

    if (w->size[i] && breaks(w))
        w->block[i][draw(w, w->size[i])] ^= 4;
    for (size_t at = 0; at < w->size[i]; at++)
        if (w->block[i][at] != fill)
            return false;
    w->size[i] = draw(w, 3000);
    free(w->block[i]);
    w->block[i] = malloc(w->size[i] + 1);
    if (!w->block[i])
        return false;
    memset(w->block[i], fill, w->size[i]);
    thread_yield();
    return true;
}

/* A counter that two threads change in two steps, under a mutex. */
static bool mutex_round(struct worker *w)
{
    static struct mutex mutex;
    static unsigned long counter, shadow;
    bool good;

    mutex_lock(&mutex);
    if (breaks(w))
        counter++;
    good = counter == shadow;
    counter++;
    if (draw(w, 4) == 0)
        thread_yield();
    shadow++;
    mutex_unlock(&mutex);
    thread_yield();
    return good;
}

/* A ring buffer between the even worker, which puts, and the odd one, which takes. */
static bool condition_round(struct worker *w)
{
    static struct mutex mutex;
    static struct condition changed;
    static unsigned long ring[RING], put, taken;
    bool putting = w->number % 2 == 0, good = true;

    mutex_lock(&mutex);
    while (putting ? put - taken == RING : put == taken) {
        if (time_now() >= end_time)
            goto out;
        condition_wait(&changed, &mutex, end_time);
    }
    if (putting) {
        ring[put % RING] = breaks(w) ? 0 : put;
        put++;
    } else {
        good = ring[taken % RING] == taken;
        taken++;
    }
    condition_signal(&changed);
out:
    mutex_unlock(&mutex);
    return good;
}

static void set_flag(void *flag)
{
    thread_yield();
    *(bool *)flag = true;
}

/* A thread that lives for a moment. */
static bool spawn_round(struct worker *w)
{
    bool ran = false;
    struct thread *thread = thread_create(w->name, set_flag, &ran);

    if (!thread)
        return false;
    thread_join(thread);
    return ran && !breaks(w);
}

/* No sleep ends too early. */
static bool timer_round(struct worker *w)
{
    bool broken = breaks(w);
    uint64_t deadline = time_now() + draw(w, 5 * NSEC_PER_MSEC);

    if (broken)
        deadline += NSEC_PER_SEC;
    thread_sleep_until(broken ? 0 : deadline);
    return time_now() >= deadline;
}

/* The same frame seen through another address; then an address space made and freed. */
static bool table_round(struct worker *w)
{
    static char *window[WORKERS];
    unsigned long *page = alloc_page(), value = draw(w, ~0UL);
    struct address_space space;
    bool good;

    if (!window[w->number])
        window[w->number] = window_reserve(1);
    if (!page || !window[w->number] ||
        map_mfn(window[w->number], virt_to_mfn(page), PTE_RO) || space_create(&space))
        return false;
    page[w->number] = value;
    if (breaks(w) && map_mfn(window[w->number], virt_to_mfn(w->thread), PTE_RO))
        return false;
    good = ((volatile unsigned long *)window[w->number])[w->number] == value;
    good &= !space_map(&space, 0x400000 + draw(w, 1000) * PAGE_SIZE,
                       pte_make(virt_to_mfn(page), PTE_RO));
    thread_yield();
    space_destroy(&space);
    good &= !unmap(window[w->number]);
    free_page(page);
    return good;
}

/* Steps of x = 3.9 x (1 - x): any bit that is lost on the way changes the result. */
static double sse_sum(double x)
{
    for (int i = 0; i < STEPS; i++)
        x = 3.9 * x * (1 - x);
    return x;
}

static long double x87_sum(long double x)
{
    for (int i = 0; i < STEPS; i++)
        x = 3.9L * x * (1 - x);
    return x;
}

__attribute__((target("avx"))) static void avx_sum(quad_t *sums)
{
    quad_t x = { 0.1, 0.2, 0.3, 0.4 };

    for (int i = 0; i < STEPS; i++)
        x = 3.9 * x * (1 - x);
    *sums = x;
}

/* The processor has AVX, and the hypervisor keeps its registers. */
static bool has_avx(void)
{
    unsigned int a, b, c, d, low, high;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX))
        return false;
    asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6) == 6;
}

static void compute(struct sums *sums)
{
    memset(sums, 0, sizeof(*sums));
    sums->sse = sse_sum(0.3);
    sums->x87 = x87_sum(0.6L);
    if (has_avx())
        avx_sum(&sums->avx);
}

/* Half of the workers round up, the others down: each must keep its own mode and sums. */
static bool float_round(struct worker *w)
{
    int mode = w->number % 2 ? FE_UPWARD : FE_DOWNWARD;
    struct sums sums;

    if (w->rounds == 0) {
        fesetround(mode);
        compute(&w->sums);
    }
    if (breaks(w))
        fesetround(FE_TONEAREST);
    if (draw(w, 2))
        thread_yield();
    compute(&sums);
    return !memcmp(&sums, &w->sums, sizeof(sums)) && fegetround() == mode;
}

static struct worker workers[] = {
    { .name = "memory", .round = memory_round },
    { .name = "mutex", .round = mutex_round },
    { .name = "condition", .round = condition_round },
    { .name = "spawn", .round = spawn_round },
    { .name = "timer", .round = timer_round },
    { .name = "table", .round = table_round },
    { .name = "float", .round = float_round },
};

#define KINDS ARRAY_SIZE(workers)

static void work(void *arg)
{
    struct worker *w = arg;

    while (time_now() < end_time && !w->failed) {
        w->failed = !w->round(w);
        w->rounds++;
        if (w->rounds % 16 == 0)
            thread_yield();
    }
    for (size_t i = 0; i < BLOCKS; i++)
        free(w->block[i]);
}

static void start(struct worker *w, const struct worker *kind, unsigned int number,
                  uint64_t seed)
{
    *w = *kind;
    w->number = number;
    w->random = (seed * WORKERS + number + 1) * 0x9e3779b97f4a7c15;
    w->thread = thread_create(w->name, work, w);
    w->failed = !w->thread;
}

/* Waits for the worker, reports it, and returns whether all was well. */
static bool finish(struct worker *w)
{
    if (w->thread)
        thread_join(w->thread);
    printf("%-9s %u: %7lu rounds%s\n", w->name, w->number, w->rounds,
           w->failed ? ", FAILED" : "");
    return !w->failed && w->rounds;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    struct worker *all =
        aligned_alloc(_Alignof(struct worker), WORKERS * sizeof(workers));
    bool good = all;

    end_time = time_now() + (uint64_t)(seconds * NSEC_PER_SEC);
    for (size_t i = 0; argc > 3 && i < KINDS; i++)
        workers[i].to_break = !strcmp(argv[3], workers[i].name);
    for (size_t i = 0; all && i < WORKERS * KINDS; i++)
        start(&all[i], &workers[i % KINDS], i / KINDS, seed);
    for (size_t i = 0; all && i < WORKERS * KINDS; i++)
        good &= finish(&all[i]);
    free(all);
    printf("stress: %s\n", good ? "SUCCESS" : "FAILURE");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
