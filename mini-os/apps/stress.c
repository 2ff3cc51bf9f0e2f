/* SPDX-License-Identifier: MIT */
/*
 * Checks itself: memory, threads, timers, page tables and floating point, all at once.
 * Arguments: seconds to run (1), seed (1). The last line is the verdict, "stress: SUCCESS"
 * or "stress: FAILURE", and the exit status says the same.
 */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mini-os/mm.h>
#include <mini-os/sync.h>
#include <mini-os/time.h>

#define WORKERS 2 /* of each kind */
#define BLOCKS  32
#define RING    8

struct worker {
    const char *name;
    bool (*round)(struct worker *worker);
    unsigned int number;
    uint64_t random;
    unsigned long rounds;
    bool failed;
    struct thread *thread;
    unsigned char *block[BLOCKS];
    size_t size[BLOCKS];
    double sum;
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

/* Blocks of memory, each filled with a byte that its place says. */
static bool memory_round(struct worker *w)
{
    size_t i = draw(w, BLOCKS);
    unsigned char fill = i * 16 + w->number + 1;

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
        ring[put % RING] = put;
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
    return ran;
}

/* No sleep ends too early. */
static bool timer_round(struct worker *w)
{
    uint64_t deadline = time_now() + draw(w, 5 * NSEC_PER_MSEC);

    thread_sleep_until(deadline);
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
    good = ((volatile unsigned long *)window[w->number])[w->number] == value;
    good &= !space_map(&space, 0x400000 + draw(w, 1000) * PAGE_SIZE,
                       pte_make(virt_to_mfn(page), PTE_RO));
    thread_yield();
    space_destroy(&space);
    good &= !unmap(window[w->number]);
    free_page(page);
    return good;
}

/* Half of the workers round up, the others down: each must keep its own mode and sums. */
static bool float_round(struct worker *w)
{
    int mode = w->number % 2 ? FE_UPWARD : FE_DOWNWARD;
    volatile double one = 1, three = 3;
    double third;

    if (w->rounds == 0)
        fesetround(mode);
    third = one / three;
    if (draw(w, 2))
        thread_yield();
    w->sum += sqrt(2.0 * (w->number + 1));
    if (fegetround() != mode)
        return false;
    return mode == FE_UPWARD ? third * 3 > 1 : third * 3 <= 1 && third < 1 / 3.0L;
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
    struct worker *all = calloc(WORKERS, sizeof(workers));
    bool good = all;

    end_time = time_now() + (uint64_t)(seconds * NSEC_PER_SEC);
    for (size_t i = 0; all && i < WORKERS * KINDS; i++)
        start(&all[i], &workers[i % KINDS], i / KINDS, seed);
    for (size_t i = 0; all && i < WORKERS * KINDS; i++)
        good &= finish(&all[i]);
    free(all);
    printf("stress: %s\n", good ? "SUCCESS" : "FAILURE");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
