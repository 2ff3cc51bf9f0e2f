/* SPDX-License-Identifier: MIT */
/*
 * Threads, and what they wait for.
 *
 * Threads share vCPU 0 and take turns: one runs until it blocks, yields or ends, so what
 * no blocking call interrupts needs no lock against other threads. Handlers of events and
 * timeouts do interrupt it; they may wake threads but never block.
 * Deadlines are system time in ns (time_now()); TIME_NEVER waits for ever.
 */
#ifndef MINI_OS_THREAD_H
#define MINI_OS_THREAD_H

#include <mini-os/compiler.h>
#include <mini-os/layout.h>

#define TIME_NEVER UINT64_MAX

#define THREAD_STACK_ORDER 2 /* 2^n pages; the lowest one is the guard page */

struct thread;

/* Threads in the order in which they came. All zero is an empty queue. */
struct wait_queue {
    struct thread *first, *last;
};

/*
 * Starts fn(arg) in a thread of its own on a stack of 2^order pages. The name is not
 * copied. Returns it, to be given to thread_join() or thread_detach(); NULL when there
 * is no memory.
 */
struct thread *thread_create_sized(const char *name, void (*fn)(void *arg), void *arg,
                                   unsigned int order);

/* The same with THREAD_STACK_ORDER. */
struct thread *thread_create(const char *name, void (*fn)(void *arg), void *arg);

/* Waits for the thread's end and frees it. One thread may do that. */
void thread_join(struct thread *thread);

/* Gives up the right to join: the thread frees itself at its end. */
void thread_detach(struct thread *thread);

/* Ends the caller, as returning from its function does. */
noreturn void thread_exit(void);

struct thread *thread_self(void);
const char *thread_name(const struct thread *thread);

/* Lets every other thread that can run have a turn. */
void thread_yield(void);

/* Sleeps until the deadline. */
void thread_sleep_until(uint64_t deadline);

/*
 * Waits in the queue until woken. Called with event delivery off, so that the condition
 * waited for cannot come true unnoticed; off again on return, on meanwhile. Returns 0
 * when woken, -ETIMEDOUT when the deadline passed first.
 */
int queue_wait(struct wait_queue *queue, uint64_t deadline);

/* Wakes the first or every thread in the queue. In any context. */
void queue_wake_one(struct wait_queue *queue);
void queue_wake_all(struct wait_queue *queue);

#endif
