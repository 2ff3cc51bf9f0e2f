/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a domain has two watchdog timers, which it arms, puts off and takes away.
 * Provocation: a third one; ids that were never given, are too large or taken away; one
 * with a short time that is put off again and again past that time.
 * Expected: ids 1 and 2, then -ENOSPC; -EINVAL; the domain lives on; -EFAULT.
 */
#include <test.h>

#include <abi/sched.h>
#include <mini-os/time.h>

COVERS(sched_op, SCHEDOP_watchdog);

static int watchdog(uint32_t id, uint32_t timeout)
{
    struct sched_watchdog op = { .id = id, .timeout = timeout };

    return HYPERVISOR_sched_op(SCHEDOP_watchdog, &op);
}

static void check_errors(void)
{
    check_eq(watchdog(3, 10), -EINVAL);
    check_eq(watchdog(~0U, 10), -EINVAL);
    check_eq(watchdog(1, 10), -EINVAL);
    check_eq(watchdog(1, 0), -EINVAL);
    check_eq(HYPERVISOR_sched_op(SCHEDOP_watchdog, (void *)0x10), -EFAULT);
}

static void check_two(void)
{
    check_eq(watchdog(0, 100), 1);
    check_eq(watchdog(0, 100), 2);
    check_eq(watchdog(0, 100), -ENOSPC);
    check_eq(watchdog(1, 100), 0);
    check_eq(watchdog(1, 0), 0);
    check_eq(watchdog(1, 0), -EINVAL);
    check_eq(watchdog(0, 100), 1);
    check_eq(watchdog(1, 0), 0);
    check_eq(watchdog(2, 0), 0);
}

/* Its end would be the domain's. */
static void check_put_off(void)
{
    check_eq(watchdog(0, 2), 1);
    for (unsigned int i = 0; i < 6; i++) {
        time_sleep(NSEC_PER_SEC / 2);
        check_eq(watchdog(1, 2), 0);
    }
    check_eq(watchdog(1, 0), 0);
}

void test_main(void)
{
    check_errors();
    check_two();
    check_put_off();
}
