/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: further vCPUs are initialised once, brought up and down, and run with the
 * context they were given.
 * Provocation: is_up, up and down of every vCPU, before initialisation, twice, for vCPUs
 * that do not exist; a run of vCPU 1, and a second one after it went down.
 * Expected: -EINVAL for up before initialise, -EEXIST for a second initialise, -ENOENT
 * for ids the domain does not have, -ENOSYS for an unknown operation; is_up tells the
 * truth.
 */
/* qemu: -smp 2 */
#include <test.h>

#include <abi/vcpu.h>
#include <mini-os/events.h>
#include <mini-os/mm.h>
#include <mini-os/smp.h>
#include <mini-os/traps.h>

COVERS(vcpu_op, VCPUOP_initialise, VCPUOP_up, VCPUOP_down, VCPUOP_is_up);

#define NO_VCPU 1000

static int op(int cmd, unsigned int vcpu)
{
    return HYPERVISOR_vcpu_op(cmd, vcpu, NULL);
}

static volatile unsigned int runs;

static void run(void *arg)
{
    struct trap_result fault;
    uint64_t value;

    check_eq(this_vcpu()->id, 1);
    check_eq((unsigned long)arg, 0x1234);
    check(!events_enabled(), "delivery is off at the start");
    check(probe_read((void *)0x10, &value, &fault), "traps work on this vCPU");
    check_eq(fault.vector, TRAP_PAGE_FAULT);
    check_eq(op(VCPUOP_is_up, 1), 1);
    runs++;
}

static void check_before(void)
{
    check_eq(vcpu_count(), 2);
    check_eq(op(VCPUOP_is_up, 0), 1);
    check_eq(op(VCPUOP_is_up, 1), 0);
    check_eq(op(VCPUOP_up, 1), -EINVAL);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_initialise, 1, (void *)0x10), -EFAULT);
    check_eq(op(VCPUOP_is_up, 1), 0);
}

static void check_runs(void)
{
    for (unsigned int i = 1; i <= 3; i++) {
        require(vcpu_start(1, run, (void *)0x1234) == 0);
        vcpu_join(1);
        check_eq(runs, i);
        check_eq(op(VCPUOP_is_up, 1), 0);
    }
}

static void check_second_initialise(void)
{
    struct vcpu_guest_context *ctxt = alloc_pages(1);

    vcpu_context_init(1, ctxt);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_initialise, 1, ctxt), -EEXIST);
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_initialise, 0, ctxt), -EEXIST);
    free_pages(ctxt, 1);
}

void test_main(void)
{
    check_before();
    check_runs();
    check_second_initialise();
    check_eq(op(VCPUOP_up, NO_VCPU), -ENOENT);
    check_eq(op(VCPUOP_down, NO_VCPU), -ENOENT);
    check_eq(op(VCPUOP_is_up, NO_VCPU), -ENOENT);
    check_eq(op(VCPUOP_is_up, ~0U), -ENOENT);
    check_eq(op(1000, 0), -ENOSYS);
}
