/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: exit() in one thread ends the domain and flushes what was printed, though
 * other threads hold a stream each: one waits for input, one for a condition in between
 * two pieces of a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/lock.h>

#include <mini-os/sync.h>

static struct semaphore never;

static void wait_for_input(void *unused)
{
    char line[16];

    (void)unused;
    fgets(line, sizeof(line), stdin);
}

static void hold_stream(void *unused)
{
    (void)unused;
    __lock_acquire_recursive(stderr->_lock);
    semaphore_wait(&never, TIME_NEVER);
}

int main(void)
{
    thread_detach(thread_create("input", wait_for_input, NULL));
    thread_detach(thread_create("holder", hold_stream, NULL));
    thread_yield();
    printf("flushed at the end");
    exit(EXIT_SUCCESS);
}
