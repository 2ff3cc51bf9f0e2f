/* SPDX-License-Identifier: MIT */
/*
 * Virtual CPUs: what each has of its own, and starting them.
 *
 * A vCPU's area is found through the top of its STACK_SIZE-aligned stack, so that tests
 * have the segment bases for themselves; code on any other stack must not call
 * this_vcpu(), directly or through traps. In the mini-os kernel (MINI_OS_KERNEL), which
 * has stacks of any size, GS is based at the area.
 */
#ifndef MINI_OS_SMP_H
#define MINI_OS_SMP_H

#include <abi/xen.h>
#include <mini-os/compiler.h>
#include <mini-os/layout.h>

#define VCPUS_MAX 512

struct trap_catch;
struct trap_result;

struct vcpu_area {
    struct vcpu_area *self;
    unsigned int id;
    struct vcpu_info *info; /* in shared_info, or registered for ids it has no room for */
    void *stack;            /* in use: lowest address, */
    size_t stack_size;      /* bytes */
    void (*entry)(void *arg);
    void *arg;
    volatile bool running;     /* from entry's start to its return */
    struct trap_catch *catch;  /* innermost trap_call() */
    struct trap_result *probe; /* result of the TRAP_PROBE under way */
    struct user_return *user;  /* the user_enter() under way */
};

/* The last bytes of every stack. */
struct stack_top {
    struct vcpu_area *area;
    uint64_t unused;
};

static inline struct stack_top *stack_top(unsigned long sp)
{
    return (struct stack_top *)((sp | (STACK_SIZE - 1)) + 1) - 1;
}

#ifdef MINI_OS_KERNEL

static inline struct vcpu_area *this_vcpu(void)
{
    struct vcpu_area *area;

    asm("mov %%gs:0, %0" : "=r"(area));
    return area;
}

#else

static inline struct vcpu_area *this_vcpu(void)
{
    unsigned long sp;

    asm volatile("mov %%rsp, %0" : "=r"(sp));
    return stack_top(sp)->area;
}

#endif

/* How many vCPUs the domain has, whether they run or not. */
unsigned int vcpu_count(void);

/* NULL while that vCPU has not been started. */
struct vcpu_area *vcpu_area(unsigned int id);

/*
 * A stack with its area pointer set, a guard page below and nothing on it. Returns its
 * lowest address, or NULL.
 */
void *stack_alloc(struct vcpu_area *area);

/*
 * Starts vCPU id: entry(arg) on a stack of its own, events masked, with this library's
 * traps and callbacks. It goes down when entry returns, and can be started again then.
 * Returns 0, -ENOMEM, -EBUSY when it runs, or what VCPUOP_initialise or VCPUOP_up said.
 */
int vcpu_start(unsigned int id, void (*entry)(void *arg), void *arg);

/*
 * Fills the context with which vcpu_start() initialises, for tests that change it first.
 * The vCPU's area must exist (after vcpu_prepare()).
 */
struct vcpu_guest_context;
int vcpu_prepare(unsigned int id, void (*entry)(void *arg), void *arg);
void vcpu_context_init(unsigned int id, struct vcpu_guest_context *ctxt);

/* Waits until vCPU id's entry has returned and VCPUOP_is_up says 0. */
void vcpu_join(unsigned int id);

#endif
