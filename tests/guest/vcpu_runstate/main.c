/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the times that a vCPU has spent running, waiting, blocked and offline are
 * told by a hypercall and written to a registered area whenever it is scheduled.
 * Provocation: spinning and sleeping; a vCPU that was never started; addresses of the
 * hypervisor's, addresses that are not mapped, none.
 * Expected: running while asked, offline; sleeping counts as blocked, spinning as
 * running, and the four times cover all time; -EFAULT only for the hypervisor's
 * addresses.
 */
/* qemu: -smp 2 */
#include <test.h>

#include <abi/vcpu.h>
#include <mini-os/time.h>

COVERS(vcpu_op, VCPUOP_get_runstate_info, VCPUOP_register_runstate_memory_area);

#define MAX_TRIES 20
#define NAP       (20 * NSEC_PER_MSEC)

static struct vcpu_runstate_info area;

static int get(unsigned int vcpu, struct vcpu_runstate_info *info)
{
    return HYPERVISOR_vcpu_op(VCPUOP_get_runstate_info, vcpu, info);
}

static int set_area(unsigned int vcpu, unsigned long address)
{
    struct vcpu_register_runstate_memory_area op = { .addr.p = address };

    return HYPERVISOR_vcpu_op(VCPUOP_register_runstate_memory_area, vcpu, &op);
}

static uint64_t sum(const struct vcpu_runstate_info *info)
{
    return info->time[0] + info->time[1] + info->time[2] + info->time[3];
}

/* Was a nap spent blocked? A busy machine may hold this vCPU up until the nap is over. */
static bool nap_is_blocked_time(void)
{
    struct vcpu_runstate_info before, after;

    check_eq(get(0, &before), 0);
    time_sleep(NAP);
    check_eq(get(0, &after), 0);
    return after.time[RUNSTATE_blocked] - before.time[RUNSTATE_blocked] >= NAP * 9 / 10;
}

static void check_naps(void)
{
    unsigned int tries = 0;

    while (!nap_is_blocked_time() && ++tries < MAX_TRIES)
        ;
    check(tries < MAX_TRIES, "slept");
}

static void check_times(void)
{
    struct vcpu_runstate_info a, b, c;
    uint64_t start = time_now(), end;

    check_eq(get(0, &a), 0);
    check_eq(a.state, RUNSTATE_running);
    check(a.state_entry_time <= time_now(), "entered in the past");
    time_sleep(NAP);
    check_eq(get(0, &b), 0);
    time_delay(NAP);
    check_eq(get(0, &c), 0);
    end = time_now();
    check(c.time[RUNSTATE_running] > b.time[RUNSTATE_running], "ran");
    check(sum(&c) - sum(&a) <= end - start, "no more than all time");
    check(sum(&c) - sum(&a) >= 2 * NAP, "all time is accounted for");
}

static void check_area(void)
{
    uint64_t entered;

    check_eq(set_area(0, (unsigned long)&area), 0);
    check_eq(area.state, RUNSTATE_running);
    entered = area.state_entry_time;
    check(entered != 0, "written at once");
    time_sleep(NAP);
    check_eq(area.state, RUNSTATE_running);
    check(area.state_entry_time > entered, "written when it is scheduled again");
    check(area.time[RUNSTATE_blocked] >= NAP * 9 / 10, "with the time it slept");
    check_eq(set_area(0, 0), 0);
    entered = area.state_entry_time;
    time_sleep(NAP);
    check_eq(area.state_entry_time, entered);
}

static void check_addresses(void)
{
    struct vcpu_runstate_info info;

    check_eq(set_area(0, 0xffff800000000000), -EFAULT);
    check_eq(set_area(0, 0x8000000000000000), -EFAULT);
    check_eq(set_area(0, 0x10), 0);
    time_sleep(NSEC_PER_MSEC);
    check_eq(set_area(0, 0xfffffffffffffff8), 0);
    time_sleep(NSEC_PER_MSEC);
    check_eq(set_area(0, 0), 0);
    check_eq(set_area(1, (unsigned long)&area), 0);
    check_eq(set_area(1, 0), 0);
    check_eq(get(0, (void *)0x10), -EFAULT);
    check_eq(get(1, &info), 0);
    check_eq(info.state, RUNSTATE_offline);
}

void test_main(void)
{
    check_naps();
    check_times();
    check_area();
    check_addresses();
}
