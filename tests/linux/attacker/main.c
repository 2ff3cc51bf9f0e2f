/* SPDX-License-Identifier: MIT */
/* attacker KIND SEED SECONDS. A process's numbers follow from the seed, its place and how
 * many had the place before it. */
#define _GNU_SOURCE
#include "attacker.h"

#include "../hostile/numbers.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES 4
#define LIFE_MS   1000
#define NOBODY    65534

static const struct attack *const attacks[] = { &attack_instructions, &attack_processes,
                                                &attack_devices, &attack_privcmd };

/* Of all processes together, shared. */
struct counts {
    unsigned long rounds;
};

static struct counts *counts;
static sigjmp_buf back;

uint64_t any(struct attacker *self)
{
    return number_of(self->random += NUMBER_STEP);
}

uint64_t below(struct attacker *self, uint64_t limit)
{
    return any(self) % limit;
}

bool once_in(struct attacker *self, uint64_t n)
{
    return !below(self, n);
}

uint64_t wild(struct attacker *self)
{
    static const uint64_t number[] = {
        0,
        1,
        2,
        3,
        0x10,
        0x2b,
        0x33,
        0x7ff0,
        0xe008,
        0xe010,
        0xe02b,
        0xe033,
        0xe040,
        0xffff,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        0x7ffffffff000,
        0x7fffffffffff,
        0x800000000000,
        0xffff7fffffffffff,
        0xffff800000000000,
        0xffff804000000000,
        0xffff82d080000000,
        0xffff82d080200000,
        0xffff830000000000,
        0xffff87fffffffff8,
        0xffff880000000000,
        0xffffffff81000000,
        0xffffffffff5ff000,
        0xfffffffffffff000,
        1ul << 63,
        ~0ul,
    };

    switch (below(self, 4)) {
    case 0:
        return (uintptr_t)self->scratch + below(self, (SCRATCH_PAGES - 1) * PAGE);
    case 1:
        return any(self) >> below(self, 64);
    default:
        return number[below(self, sizeof(number) / sizeof(number[0]))];
    }
}

void breach(const char *what, uint64_t value)
{
    printf("attacker: BREACH: %s: %#lx\n", what, value);
    fflush(stdout);
}

static void on_signal(int number)
{
    (void)number;
    siglongjmp(back, 1);
}

static void catch_signals(void)
{
    static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS };
    const struct sigaction action = { .sa_handler = on_signal,
                                      .sa_flags = SA_ONSTACK | SA_NODEFER };
    const stack_t stack = { .ss_sp = malloc(1 << 16), .ss_size = 1 << 16 };

    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaction(numbers[i], &action, NULL);
}

bool guarded(struct attacker *self, void (*fn)(struct attacker *self))
{
    if (sigsetjmp(back, 1))
        return false;
    fn(self);
    return true;
}

static void *pages(size_t n, int prot)
{
    return mmap(NULL, n * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void live(const struct attack *attack, uint64_t seed)
{
    struct attacker self = {
        .random = seed,
        .scratch = pages(SCRATCH_PAGES, PROT_READ | PROT_WRITE),
        .code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC),
    };

    if (!attack->is_root && (setgid(NOBODY) || setuid(NOBODY)))
        exit(1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    catch_signals();
    for (;;) {
        guarded(&self, attack->round);
        __atomic_add_fetch(&counts->rounds, 1, __ATOMIC_RELAXED);
    }
}

static long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct place {
    pid_t process;
    long end; /* ms */
};

/* A new process in the place, when there is none or its time is over. Returns whether. */
static bool renew(struct place *place, const struct attack *attack, uint64_t seed)
{
    if (place->process && now_ms() >= place->end)
        kill(place->process, SIGKILL);
    if (place->process && !waitpid(place->process, NULL, WNOHANG))
        return false;
    place->end = now_ms() + LIFE_MS;
    place->process = fork();
    if (!place->process)
        live(attack, seed);
    return true;
}

static void run(const struct attack *attack, uint64_t seed, long seconds)
{
    struct place place[PROCESSES] = { 0 };
    unsigned long lives = 0;
    long end = now_ms() + seconds * 1000;

    printf("attacker: %s begins, seed %lu\n", attack->name, seed);
    fflush(stdout);
    while (now_ms() < end) {
        for (unsigned int i = 0; i < PROCESSES; i++)
            lives += renew(&place[i], attack, seed * 1000003 + lives);
        usleep(2000);
    }
    for (unsigned int i = 0; i < PROCESSES; i++) {
        kill(place[i].process, SIGKILL);
        waitpid(place[i].process, NULL, 0);
    }
    printf("attacker: %s: %lu rounds in %lu lives\n", attack->name, counts->rounds,
           lives);
}

int main(int argc, char **argv)
{
    counts = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; argc == 4 && i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        if (strcmp(argv[1], attacks[i]->name))
            continue;
        if (attacks[i]->prepare && !attacks[i]->prepare()) {
            perror("attacker");
            return 1;
        }
        run(attacks[i], strtoul(argv[2], NULL, 10), strtol(argv[3], NULL, 10));
        return 0;
    }
    fprintf(stderr, "attacker KIND SEED SECONDS\n");
    return 2;
}
