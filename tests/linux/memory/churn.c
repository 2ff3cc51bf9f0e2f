/* SPDX-License-Identifier: MIT */
/*
 * churn MIB WORKERS SEED: processes that map, fill, check, clear and unmap memory, up to MIB
 * together, until SIGTERM comes. Every word that has been written is looked at before it is
 * given up; a cleared page must be zero. Prints a line at the end, "churn: N pages checked,
 * no word wrong", or what was found.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../hostile/numbers.h"

#define PAGE  4096
#define WORDS (PAGE / sizeof(uint64_t))
#define SLOTS 16

/* Memory of a worker: pages of one seed, or none. */
struct slot {
    uint64_t *memory;
    size_t pages;
    uint64_t seed;
};

struct worker {
    uint64_t random;
    size_t room; /* pages that a slot may have */
    uint64_t checked;
    struct slot slot[SLOTS];
};

static volatile sig_atomic_t *over; /* shared by all */

static uint64_t any(struct worker *w)
{
    return number_of(w->random += NUMBER_STEP);
}

static void fail(const char *what, size_t page, size_t word, uint64_t found)
{
    printf("churn: WRONG: %s: page %zu, word %zu: %#llx\n", what, page, word,
           (unsigned long long)found);
    exit(1);
}

static uint64_t pattern(const struct slot *s, size_t page)
{
    return number_of(s->seed + page);
}

static void fill(struct slot *s, size_t page)
{
    uint64_t value = pattern(s, page);

    for (size_t i = 0; i < WORDS; i++)
        s->memory[page * WORDS + i] = value + i;
}

static void check(struct worker *w, const struct slot *s, size_t page)
{
    uint64_t value = pattern(s, page);

    for (size_t i = 0; i < WORDS; i++)
        if (s->memory[page * WORDS + i] != value + i)
            fail("pattern", page, i, s->memory[page * WORDS + i]);
    w->checked++;
}

static void check_zero(struct worker *w, const struct slot *s, size_t page)
{
    for (size_t i = 0; i < WORDS; i++)
        if (s->memory[page * WORDS + i])
            fail("zero", page, i, s->memory[page * WORDS + i]);
    w->checked++;
}

static void map(struct worker *w, struct slot *s)
{
    s->pages = 1 + any(w) % w->room;
    s->seed = any(w);
    s->memory = mmap(NULL, s->pages * PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s->memory == MAP_FAILED) {
        perror("churn: mmap");
        exit(1);
    }
    for (size_t page = 0; page < s->pages; page++)
        fill(s, page);
}

static void clear(struct worker *w, struct slot *s)
{
    if (madvise(s->memory, s->pages * PAGE, MADV_DONTNEED)) {
        perror("churn: madvise");
        exit(1);
    }
    for (size_t page = 0; page < s->pages; page++) {
        check_zero(w, s, page);
        fill(s, page);
    }
}

static void step(struct worker *w)
{
    struct slot *s = &w->slot[any(w) % SLOTS];

    if (!s->memory) {
        map(w, s);
        return;
    }
    for (size_t page = 0; page < s->pages; page++)
        check(w, s, page);
    if (any(w) % 3) {
        munmap(s->memory, s->pages * PAGE);
        s->memory = NULL;
    } else {
        clear(w, s);
    }
}

static void stop(int number)
{
    (void)number;
    *over = 1;
}

/* Tells how many pages it has checked. */
static void work(struct worker *w, int report)
{
    while (!*over)
        step(w);
    for (struct slot *s = w->slot; s < w->slot + SLOTS; s++)
        for (size_t page = 0; s->memory && page < s->pages; page++)
            check(w, s, page);
    exit(write(report, &w->checked, sizeof(w->checked)) != sizeof(w->checked));
}

static void start(size_t mib, unsigned long workers, uint64_t seed, int report)
{
    for (unsigned long i = 0; i < workers; i++) {
        struct worker w = { .random = number_of(seed + i),
                            .room = (mib << 8) / workers / SLOTS };

        if (!fork())
            work(&w, report);
    }
}

/* Returns whether all ended well. */
static bool collect(int report, uint64_t *pages)
{
    uint64_t checked;
    bool good = true;
    int status;

    while (wait(&status) > 0)
        good &= status == 0;
    for (*pages = 0; read(report, &checked, sizeof(checked)) == sizeof(checked);)
        *pages += checked;
    return good;
}

int main(int argc, char **argv)
{
    unsigned long workers = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    uint64_t pages;
    int report[2];

    over = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!workers || pipe(report) || over == MAP_FAILED) {
        fprintf(stderr, "churn MIB WORKERS SEED\n");
        return 2;
    }
    signal(SIGTERM, stop);
    start(strtoul(argv[1], NULL, 10), workers, strtoul(argv[3], NULL, 10), report[1]);
    close(report[1]);
    if (!collect(report[0], &pages)) {
        printf("churn: FAILED\n");
        return 1;
    }
    printf("churn: %llu pages checked, no word wrong\n", (unsigned long long)pages);
    return 0;
}
