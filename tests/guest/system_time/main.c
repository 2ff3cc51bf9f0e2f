/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: vcpu_time_info gives system time, which is the same on all vCPUs, never runs
 * backwards, and goes on at the rate of real time; the shared page has the wall clock.
 * Provocation: many reads on both vCPUs at once, compared through a shared maximum; a
 * second copy of the structure registered by the guest.
 * Expected: no step back on a vCPU; vCPUs agree within a millisecond; the copy says the
 * same as the original; wall clock after 2020.
 */
/* qemu: -smp 2 */
#include <test.h>

#include <abi/sched.h>
#include <abi/vcpu.h>
#include <mini-os/mm.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(vcpu_op, VCPUOP_register_vcpu_time_memory_area);

#define READS        20000
#define TOLERANCE    NSEC_PER_MSEC
#define SECONDS_2020 1577836800ULL

static volatile uint64_t latest;
static volatile unsigned int steps_back, disagreements;

static void read_clock(void *unused)
{
    uint64_t before = 0;

    (void)unused;
    for (unsigned int i = 0; i < READS; i++) {
        uint64_t others = latest, now = time_now();

        steps_back += now < before;
        disagreements += now + TOLERANCE < others;
        latest = before = now;
    }
}

static void check_monotonic(void)
{
    require(vcpu_start(1, read_clock, NULL) == 0);
    read_clock(NULL);
    vcpu_join(1);
    check_eq(steps_back, 0);
    check_eq(disagreements, 0);
}

/* The structure is self-consistent: version even, a usable multiplier. */
static void check_structure(void)
{
    struct vcpu_time_info info;

    time_info_read(&shared_info.vcpu_info[0].time, &info);
    check_eq(info.version & 1, 0);
    check(info.tsc_to_system_mul, "multiplier");
    check(info.tsc_timestamp <= read_tsc(), "timestamp is in the past");
    check(time_info_to_ns(&info, info.tsc_timestamp) == info.system_time,
          "at the timestamp");
    note("version %u, multiplier %#x, shift %d", info.version, info.tsc_to_system_mul,
         info.tsc_shift);
}

static void check_registered(void)
{
    struct vcpu_register_time_memory_area area = { 0 };
    struct vcpu_time_info *copy = alloc_page(), a, b;

    area.addr.v = copy;
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &area), 0);
    time_info_read(copy, &a);
    time_info_read(&shared_info.vcpu_info[0].time, &b);
    check(a.tsc_to_system_mul == b.tsc_to_system_mul && a.tsc_shift == b.tsc_shift,
          "the copy has the same rate");
    check(!memcmp(&a.system_time, &b.system_time, sizeof(a.system_time)) ||
              a.version != b.version,
          "and the same time");
    check_eq(HYPERVISOR_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, (void *)0x10),
             -EFAULT);
}

void test_main(void)
{
    uint64_t start, sec;
    uint32_t nsec;

    check_structure();
    check_monotonic();
    start = time_now();
    time_delay(NSEC_PER_MSEC);
    check(time_now() >= start + NSEC_PER_MSEC, "time passes");
    time_wallclock(&sec, &nsec);
    check(sec > SECONDS_2020, "wall clock");
    check(nsec < NSEC_PER_SEC, "nanoseconds of the wall clock");
    check_registered();
}
