/* SPDX-License-Identifier: MIT */
/* The clocks that a program sees.
 *
 *   clocks serve          for each line of input, one with the monotonic and the real time
 *   clocks race SECONDS   a thread on each processor reads all clocks in turn with the others;
 *                         prints how often a clock was read after another processor had read
 *                         it, and how often it stood before what was read there
 *
 * Times are in ns. Exit status: 0; 1 when a clock went backwards, 2 for anything else. */

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_CPUS 64

static const struct {
    clockid_t id;
    const char *name;
} clocks[] = {
    { CLOCK_MONOTONIC, "monotonic" },     { CLOCK_MONOTONIC_RAW, "raw" },
    { CLOCK_MONOTONIC_COARSE, "coarse" }, { CLOCK_BOOTTIME, "boot" },
    { CLOCK_REALTIME, "real" },
};

#define NR_CLOCKS (sizeof(clocks) / sizeof(clocks[0]))

struct tally {
    uint64_t reads, handed_over, backwards, worst;
};

static struct {
    _Alignas(64) _Atomic uint64_t newest;
} last[NR_CLOCKS];

static atomic_bool over;

static uint64_t now(clockid_t id)
{
    struct timespec t;

    if (clock_gettime(id, &t) != 0)
        exit(2);
    return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

/* Reads a clock after the newest time that anybody has read is known. own: what this thread
 * has read last. Returns what it has read. */
static uint64_t read_after_others(unsigned int clock, uint64_t own, struct tally *tally)
{
    uint64_t before = atomic_load(&last[clock].newest);
    uint64_t time = now(clocks[clock].id);

    tally->reads++;
    if (before != own)
        tally->handed_over++;
    if (time < before) {
        tally->backwards++;
        if (before - time > tally->worst)
            tally->worst = before - time;
    }
    while (before < time &&
           !atomic_compare_exchange_weak(&last[clock].newest, &before, time))
        ;
    return time;
}

struct racer {
    pthread_t thread;
    int cpu;
    struct tally tallies[NR_CLOCKS];
};

static void *race_on_cpu(void *argument)
{
    struct racer *racer = argument;
    uint64_t own[NR_CLOCKS] = { 0 };
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(racer->cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0)
        exit(2);
    while (!atomic_load(&over))
        for (unsigned int clock = 0; clock < NR_CLOCKS; clock++)
            own[clock] = read_after_others(clock, own[clock], &racer->tallies[clock]);
    return NULL;
}

static struct tally sum(const struct racer *racers, long count, unsigned int clock)
{
    struct tally all = { 0 };

    for (long i = 0; i < count; i++) {
        const struct tally *one = &racers[i].tallies[clock];

        all.reads += one->reads;
        all.handed_over += one->handed_over;
        all.backwards += one->backwards;
        if (one->worst > all.worst)
            all.worst = one->worst;
    }
    return all;
}

static int race(unsigned int seconds)
{
    static struct racer racers[MAX_CPUS];
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    int status = 0;

    if (count < 1 || count > MAX_CPUS)
        return 2;
    for (long i = 0; i < count; i++) {
        racers[i].cpu = (int)i;
        if (pthread_create(&racers[i].thread, NULL, race_on_cpu, &racers[i]) != 0)
            return 2;
    }
    sleep(seconds);
    atomic_store(&over, true);
    for (long i = 0; i < count; i++)
        pthread_join(racers[i].thread, NULL);
    for (unsigned int clock = 0; clock < NR_CLOCKS; clock++) {
        struct tally all = sum(racers, count, clock);

        printf(
            "race %s: %lu reads, %lu after another's, %lu backwards, by up to %lu ns\n",
            clocks[clock].name, all.reads, all.handed_over, all.backwards, all.worst);
        if (all.backwards)
            status = 1;
    }
    return status;
}

/* Answers come at once, whatever else runs. */
static int serve(void)
{
    const struct sched_param priority = { .sched_priority = 50 };
    char line[64];

    if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof(line), stdin) && line[0] != '\n')
        printf("time %lu %lu\n", now(CLOCK_MONOTONIC), now(CLOCK_REALTIME));
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "serve") == 0)
        return serve();
    if (argc == 3 && strcmp(argv[1], "race") == 0)
        return race((unsigned int)atoi(argv[2]));
    return 2;
}
