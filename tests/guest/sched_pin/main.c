/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: domain 0 ties a vCPU to a processor for a while (SCHEDOP_pin_override).
 * Provocation: each processor in turn, twice without undoing, processors that do not
 * exist, undoing what was not done; get_physid of a vCPU that is not pinned for good.
 * Expected: 0, -EBUSY, -EINVAL, -EINVAL; -EINVAL.
 */
/* qemu: -smp 2 */
#include <test.h>

#include <abi/sched.h>
#include <abi/vcpu.h>
#include <mini-os/time.h>

COVERS(sched_op, SCHEDOP_pin_override, vcpu_op, VCPUOP_get_physid);

static int pin(int cpu)
{
    struct sched_pin_override op = { .pcpu = cpu };

    return HYPERVISOR_sched_op(SCHEDOP_pin_override, &op);
}

static void check_each(int cpu)
{
    uint64_t before = time_now();

    check_eq(pin(cpu), 0);
    check_eq(pin(cpu), -EBUSY);
    check_eq(pin(1 - cpu), -EBUSY);
    time_sleep(NSEC_PER_MSEC);
    check(time_now() >= before, "time goes on there");
    check_eq(pin(-1), 0);
}

void test_main(void)
{
    struct vcpu_get_physid physid;

    check_eq(pin(-1), -EINVAL);
    for (unsigned int round = 0; round < 20; round++)
        check_each(round % 2);
    check_eq(pin(2), -EINVAL);
    check_eq(pin(1000), -EINVAL);
    check_eq(pin(-5), -EINVAL);
    check_eq(HYPERVISOR_sched_op(SCHEDOP_pin_override, (void *)0x10), -EFAULT);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_get_physid, 0, &physid), -EINVAL);
}
