/* SPDX-License-Identifier: MIT */
/*
 * What gdb is tried on. `debuggee` writes and reads two variables, `debuggee threads` does
 * so in threads, `debuggee wait` until it is let go on, `debuggee crash` ends by a fault.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

volatile long watched = 5;
volatile long other;
volatile int waits = 1;

long step(long n)
{
    other = n;
    watched = n * n; /* line of the write */
    return other + watched;
}

static void *thread(void *number)
{
    for (long i = 0; i < 3; i++)
        step(*(long *)number * 10 + i);
    return NULL;
}

static void threads(void)
{
    static long numbers[] = { 1, 2, 3 };
    pthread_t ids[3];

    for (int i = 0; i < 3; i++)
        pthread_create(&ids[i], NULL, thread, &numbers[i]);
    for (int i = 0; i < 3; i++)
        pthread_join(ids[i], NULL);
}

static void crash(long depth)
{
    if (depth)
        crash(depth - 1);
    else
        *(volatile char *)depth = 1; /* line of the fault */
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (!strcmp(what, "threads"))
        threads();
    else if (!strcmp(what, "crash"))
        crash(3);
    while (!strcmp(what, "wait") && waits)
        usleep(1000);
    for (long i = 1; i <= 3; i++)
        step(i);
    printf("debuggee: %ld %ld\n", watched, other);
    return 0;
}
