/* SPDX-License-Identifier: MIT */
/*
 * What Linux's user programs notice of the hypervisor below: a row for each kind of work
 * that goes through it. Every row is the median of many rounds, in ticks of the time-stamp
 * counter, which counts instructions under QEMU's -icount shift=0.
 *
 * Output: "BENCH <name> <value>".
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS     51
#define PAGE       4096u
#define MANY_PAGES 256u
#define CALLS      16

static uint64_t read_tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static void fail(const char *what)
{
    perror(what);
    printf("BENCH failed: %s\n", what);
    exit(1);
}

/* --- the rows: each does its work once --- */

static void system_calls(void)
{
    for (int i = 0; i < CALLS; i++)
        syscall(SYS_getppid);
}

static void wait_for(pid_t child)
{
    int status;

    if (child < 0 || waitpid(child, &status, 0) != child || status)
        fail("child");
}

static void fork_exit(void)
{
    pid_t child = fork();

    if (!child)
        _exit(0);
    wait_for(child);
}

static void fork_exec(void)
{
    pid_t child = fork();

    if (!child) {
        execl("/proc/self/exe", "rows", "nothing", (char *)NULL);
        _exit(1);
    }
    wait_for(child);
}

static char *map(size_t size)
{
    char *at =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        fail("mmap");
    madvise(at, size, MADV_NOHUGEPAGE);
    return at;
}

static char *area;

static void map_area(void)
{
    area = map(MANY_PAGES * PAGE);
}

static int file;

/* A file whose pages are in memory. */
static void make_file(void)
{
    static char page[PAGE] = "text";

    file = memfd_create("rows", 0);
    for (unsigned int i = 0; i < MANY_PAGES; i++)
        if (write(file, page, PAGE) != PAGE)
            fail("memfd");
}

static void map_file(void)
{
    area = mmap(NULL, MANY_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (area == MAP_FAILED)
        fail("mmap");
}

static void map_and_unmap_file(void)
{
    int flags = MAP_SHARED | MAP_POPULATE;

    area = mmap(NULL, MANY_PAGES * PAGE, PROT_READ | PROT_WRITE, flags, file, 0);
    if (area == MAP_FAILED)
        fail("mmap");
    munmap(area, MANY_PAGES * PAGE);
}

static void map_and_fill_area(void)
{
    map_area();
    memset(area, 1, MANY_PAGES * PAGE);
}

static void touch_area(void)
{
    for (unsigned int i = 0; i < MANY_PAGES; i++)
        *(volatile char *)(area + i * PAGE) = 1;
}

static void unmap_area(void)
{
    munmap(area, MANY_PAGES * PAGE);
}

static void protect_area(void)
{
    if (mprotect(area, MANY_PAGES * PAGE, PROT_READ))
        fail("mprotect");
}

/* A page comes and goes. */
static void map_touch_unmap(void)
{
    char *at =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    *(volatile char *)at = 1;
    munmap(at, PAGE);
}

/* --- signals --- */

static volatile sig_atomic_t seen;

static void on_signal(int number)
{
    (void)number;
    seen++;
}

static void signal_myself(void)
{
    kill(getpid(), SIGUSR1);
}

static char *locked_page;

static void on_fault(int number)
{
    (void)number;
    mprotect(locked_page, PAGE, PROT_READ | PROT_WRITE);
}

static void fault_on_protected_page(void)
{
    *(volatile char *)locked_page = 1;
}

static void lock_page(void)
{
    mprotect(locked_page, PAGE, PROT_NONE);
}

/* --- pipes --- */

static int there[2], back[2];

static void pipe_to_myself(void)
{
    char byte = 0;

    if (write(there[1], &byte, 1) != 1 || read(there[0], &byte, 1) != 1)
        fail("pipe");
}

/* Two switches between processes. */
static void ping(void)
{
    char byte = 0;

    if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
        fail("ping");
}

static pid_t start_pong(void)
{
    pid_t child = fork();
    char byte;

    if (child)
        return child;
    close(there[1]);
    while (read(there[0], &byte, 1) == 1)
        if (write(back[1], &byte, 1) != 1)
            break;
    _exit(0);
}

/* --- time --- */

static void sleep_a_moment(void)
{
    const struct timespec moment = { 0, 100000 };

    nanosleep(&moment, NULL);
}

/* --- the frame --- */

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void nothing(void)
{
}

/* Divides the median by parts: what one round does so many times. */
static void measure(const char *name, unsigned int parts, void (*before)(void),
                    void (*op)(void), void (*after)(void))
{
    uint64_t taken[ROUNDS];

    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t start;

        before();
        start = read_tsc();
        op();
        taken[i] = read_tsc() - start;
        after();
    }
    qsort(taken, ROUNDS, sizeof(taken[0]), compare);
    printf("BENCH %s %llu\n", name, (unsigned long long)taken[ROUNDS / 2] / parts);
    fflush(stdout);
}

static void measure_memory(void)
{
    make_file();
    measure("page-fault", MANY_PAGES, map_file, touch_area, unmap_area);
    measure("page-fault-zeroed", MANY_PAGES, map_area, touch_area, unmap_area);
    measure("mmap-munmap-256-pages", 1, nothing, map_and_unmap_file, nothing);
    measure("munmap-256-pages", 1, map_and_fill_area, unmap_area, nothing);
    measure("mprotect-256-pages", 1, map_and_fill_area, protect_area, unmap_area);
    measure("mmap-touch-munmap", 1, nothing, map_touch_unmap, nothing);
}

static void measure_signals(void)
{
    locked_page = map(PAGE);
    signal(SIGUSR1, on_signal);
    signal(SIGSEGV, on_fault);
    measure("signal", 1, nothing, signal_myself, nothing);
    measure("signal-of-a-fault", 1, lock_page, fault_on_protected_page, nothing);
}

static void measure_pipes(void)
{
    if (pipe(there) || pipe(back))
        fail("pipe");
    measure("pipe", 1, nothing, pipe_to_myself, nothing);
    start_pong();
    measure("context-switch-by-pipe", 2, nothing, ping, nothing);
    close(there[1]);
    wait(NULL);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "nothing"))
        return 0;
    measure("system-call", CALLS, nothing, system_calls, nothing);
    measure("fork-exit", 1, nothing, fork_exit, nothing);
    measure("fork-exec", 1, nothing, fork_exec, nothing);
    measure_memory();
    measure_signals();
    measure_pipes();
    measure("sleep-100us", 1, nothing, sleep_a_moment, nothing);
    return 0;
}
