/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a guest that dies reports registers and a backtrace, and shuts down with
 * SHUTDOWN_crash, which the hypervisor announces.
 * Provocation: an unexpected page fault, three calls deep.
 * Expected: the domain crashes; nothing of the hypervisor does.
 */
/* expect: crash "PANIC: unexpected trap: vector 14" */
#include <test.h>

COVERS(sched_op, SCHEDOP_shutdown);

static const volatile long *volatile nowhere = (void *)0x10;

static noinline long third(const volatile long *at)
{
    return *at + 1;
}

static noinline long second(const volatile long *at)
{
    return third(at) + 1;
}

static noinline long first(const volatile long *at)
{
    return second(at) + 1;
}

void test_main(void)
{
    check(first(nowhere) == 0, "not reached");
}
