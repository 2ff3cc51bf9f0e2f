/* SPDX-License-Identifier: MIT */
/*
 * What the files of the mini-os kernel and its C library glue share with each other.
 * Failing functions return a negative errno of <errno.h>.
 */
#ifndef MINI_OS_KERNEL_INTERNAL_H
#define MINI_OS_KERNEL_INTERNAL_H

#include <reent.h>

#include <mini-os/thread.h>
#include <mini-os/timeout.h>

struct start_info;

/* At the top of its own stack; vCPU 0's boot stack has a static one. */
struct thread {
    unsigned long sp; /* while it does not run */
    struct thread *next;
    struct wait_queue *queue; /* in which it waits */
    bool woken;               /* by other means than its timeout */
    bool finished, detached;
    const char *name;
    void (*fn)(void *arg);
    void *arg;
    char *stack;
    unsigned int order; /* of the stack */
    struct wait_queue joiners;
    struct timeout timeout;
    struct _reent reent;
};

/* switch.S: saves the callee-saved state, stores RSP in *save, continues at load. */
void thread_switch(unsigned long *save, unsigned long load);
extern char thread_first_entry[];

/* Called by switch.S on a new thread's stack. */
noreturn void thread_main(struct thread *thread);

/* Start-up, in this order, on the boot stack with events off. */
void timeout_init(void);
void threads_init(void);
void console_init(void);
void files_init(void);
void p2m_publish(void); /* without memory for it, nothing is published */
void xenbus_init(void);
void shutdown_watch_init(void);

/* After the domain has come back from SHUTDOWN_suspend: p2m_publish(), then these. */
void timeout_resume(void);
void console_resume(void);
void xenbus_resume(void);

/* Moves the heap's end by increment bytes; returns the old end, or NULL. */
void *heap_grow(ptrdiff_t increment);

/* The negative errno of <errno.h> for a hypercall's. */
int errno_from_xen(long rc);

/* Runs main() and ends the domain by what it returns. */
void program_main(void *unused);

#endif
