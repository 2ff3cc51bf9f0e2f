/* SPDX-License-Identifier: MIT */
/*
 * Threads: creation, the run queue, blocking, the end.
 *
 *   ready    in run_queue
 *   running  current
 *   waiting  in a wait_queue, its timeout set unless it waits for ever
 *   finished in none; freed by thread_join(), or when detached by whoever runs next
 *
 * All of it is changed with event delivery off. A thread that finds nobody ready waits for
 * events on its own stack: there is no idle thread.
 */
#include "internal.h"

#include <errno.h>

#include <abi/hypercall_stubs.h>
#include <abi/sched.h>
#include <mini-os/events.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>
#include <mini-os/smp.h>

#define MXCSR_INITIAL 0x1f80UL /* every exception masked, round to nearest */
#define FCW_INITIAL   0x037fUL /* the same, and 64 bits of precision */

/* A stack from which thread_switch() starts a thread. */
struct first_frame {
    uint64_t fpu, r15, r14, r13, r12, rbp, rbx, rip;
};

static struct thread boot_thread = { .name = "boot" };
static struct thread *current = &boot_thread;
static struct thread *corpse; /* detached and finished, to be freed by the next to run */
static struct wait_queue run_queue;

static void enqueue(struct wait_queue *queue, struct thread *thread)
{
    thread->next = NULL;
    if (queue->first)
        queue->last->next = thread;
    else
        queue->first = thread;
    queue->last = thread;
}

static struct thread *dequeue(struct wait_queue *queue)
{
    struct thread *thread = queue->first;

    if (thread)
        queue->first = thread->next;
    return thread;
}

static void unqueue(struct wait_queue *queue, struct thread *thread)
{
    struct thread **link = &queue->first, *before = NULL;

    while (*link != thread) {
        before = *link;
        link = &before->next;
    }
    *link = thread->next;
    if (queue->last == thread)
        queue->last = before;
}

struct thread *thread_self(void)
{
    return current;
}

const char *thread_name(const struct thread *thread)
{
    return thread->name;
}

static size_t stack_bytes(const struct thread *thread)
{
    return (size_t)PAGE_SIZE << thread->order;
}

/* The guard page's frame comes back with the others. */
static void free_stack(char *stack, unsigned int order)
{
    int rc = map_mfn(stack, virt_to_mfn(stack), PTE_RW);

    BUG_ON(rc);
    free_pages(stack, order);
}

static void bury(void)
{
    struct thread *dead = corpse;

    corpse = NULL;
    if (dead)
        free_stack(dead->stack, dead->order);
}

/* Opens event delivery until an event comes. */
static void idle(void)
{
    HYPERVISOR_sched_op(SCHEDOP_block, NULL);
    events_disable();
}

/* Events off. The current thread is already where it belongs: in a queue, or finished. */
static void schedule(void)
{
    struct thread *from = current, *to;

    while (!(to = dequeue(&run_queue)))
        idle();
    if (to == from)
        return;
    current = to;
    this_vcpu()->stack = to->stack;
    this_vcpu()->stack_size = stack_bytes(to);
    thread_switch(&from->sp, to->sp);
    bury();
}

void thread_main(struct thread *thread)
{
    bury();
    events_enable();
    thread->fn(thread->arg);
    thread_exit();
}

static void prepare_first_switch(struct thread *thread)
{
    struct first_frame *frame = (struct first_frame *)((unsigned long)thread & ~15UL) - 1;

    *frame = (struct first_frame){
        .fpu = FCW_INITIAL << 32 | MXCSR_INITIAL,
        .rbx = (uint64_t)thread,
        .rip = (uint64_t)thread_first_entry,
    };
    thread->sp = (unsigned long)frame;
}

struct thread *thread_create_sized(const char *name, void (*fn)(void *arg), void *arg,
                                   unsigned int order)
{
    char *stack = alloc_pages(order);
    struct thread *thread;
    bool events;

    if (!stack)
        return NULL;
    unmap(stack);
    thread = (struct thread *)((stack + ((size_t)PAGE_SIZE << order) - sizeof(*thread)));
    thread = (struct thread *)((unsigned long)thread & ~63UL);
    thread->name = name;
    thread->fn = fn;
    thread->arg = arg;
    thread->stack = stack;
    thread->order = order;
    _REENT_INIT_PTR_ZEROED(&thread->reent);
    prepare_first_switch(thread);
    events = events_save_disable();
    enqueue(&run_queue, thread);
    events_restore(events);
    return thread;
}

struct thread *thread_create(const char *name, void (*fn)(void *arg), void *arg)
{
    return thread_create_sized(name, fn, arg, THREAD_STACK_ORDER);
}

void thread_exit(void)
{
    _reclaim_reent(&current->reent);
    events_disable();
    current->finished = true;
    if (current->detached)
        corpse = current;
    queue_wake_all(&current->joiners);
    schedule();
    __builtin_unreachable();
}

void thread_join(struct thread *thread)
{
    bool events = events_save_disable();

    BUG_ON(thread->detached || thread == current);
    while (!thread->finished)
        queue_wait(&thread->joiners, TIME_NEVER);
    events_restore(events);
    free_stack(thread->stack, thread->order);
}

void thread_detach(struct thread *thread)
{
    bool events = events_save_disable();
    bool finished = thread->finished;

    thread->detached = true;
    events_restore(events);
    if (finished)
        free_stack(thread->stack, thread->order);
}

void thread_yield(void)
{
    bool events = events_save_disable();

    enqueue(&run_queue, current);
    schedule();
    events_restore(events);
}

static void wake(struct thread *thread, bool woken)
{
    thread->queue = NULL;
    thread->woken = woken;
    enqueue(&run_queue, thread);
}

static void wait_timed_out(struct timeout *timeout)
{
    struct thread *thread =
        (struct thread *)((char *)timeout - offsetof(struct thread, timeout));

    unqueue(thread->queue, thread);
    wake(thread, false);
}

int queue_wait(struct wait_queue *queue, uint64_t deadline)
{
    current->queue = queue;
    enqueue(queue, current);
    if (deadline != TIME_NEVER)
        timeout_set(&current->timeout, deadline, wait_timed_out);
    schedule();
    return current->woken ? 0 : -ETIMEDOUT;
}

void queue_wake_one(struct wait_queue *queue)
{
    bool events = events_save_disable();
    struct thread *thread = dequeue(queue);

    if (thread) {
        timeout_cancel(&thread->timeout);
        wake(thread, true);
    }
    events_restore(events);
}

void queue_wake_all(struct wait_queue *queue)
{
    bool events = events_save_disable();

    while (queue->first)
        queue_wake_one(queue);
    events_restore(events);
}

void thread_sleep_until(uint64_t deadline)
{
    struct wait_queue nobody = { NULL, NULL };
    bool events = events_save_disable();

    queue_wait(&nobody, deadline);
    events_restore(events);
}

/* Makes the code that runs on the boot stack a thread like the others. */
void threads_init(void)
{
    boot_thread.stack = this_vcpu()->stack;
    boot_thread.order = __builtin_ctz(STACK_SIZE / PAGE_SIZE);
    boot_thread.detached = true;
    _REENT_INIT_PTR_ZEROED(&boot_thread.reent);
}
