/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: what a hypercall has read of its arguments stays what it was checked to be.
 * Provocation: three vCPUs issue calls with wild arguments in the same memory, in which a
 * fourth keeps changing every word while they run.
 * Expected: each returns a result or an error number; the program and the machine go on.
 */
/* qemu: -smp 4 */
/* dom0: max_vcpus=4 */
/* timeout: 180 */
#include <test.h>
#include <wild_calls.h>

#include <mini-os/smp.h>

#define VCPUS 4
#define CALLS 12000

static volatile bool stop;

static void call(void *arg)
{
    struct random r = { 100 + this_vcpu()->id };

    (void)arg;
    for (unsigned int i = 0; i < CALLS; i++)
        wild_call(&r);
    wild_finish();
}

static void change(void *arg)
{
    struct random r = { 7 };

    (void)arg;
    while (!stop)
        wild_scribble(&r);
}

void test_main(void)
{
    require(vcpu_count() >= VCPUS);
    wild_init();
    require(!vcpu_start(1, change, NULL));
    for (unsigned int id = 2; id < VCPUS; id++)
        require(!vcpu_start(id, call, NULL));
    call(NULL);
    for (unsigned int id = 2; id < VCPUS; id++)
        vcpu_join(id);
    stop = true;
    vcpu_join(1);
    wild_finish();
    check(HYPERVISOR_xen_version(0, NULL) > 0, "calls still work");
}
