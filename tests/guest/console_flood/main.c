/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: what a guest writes to the system console costs its own time.
 * Provocation: a guest writes lines without end, all of them shown, first on another CPU
 * than domain 0's (which gets the device interrupts), then on the same.
 * Expected: domain 0 computes at least half as fast as beside a guest that only computes,
 * in one of several tries: the emulator's CPUs do not run evenly.
 *
 *   qemu: -smp 2
 *   dom0: max_vcpus=1
 *   timeout: 120
 */
#include <builder.h>
#include <test.h>

#include <abi/domctl.h>
#include <mini-os/time.h>

COVERS(console_io, CONSOLEIO_write);

#define WHILE  (60 * NSEC_PER_MSEC)
#define WHILES 8
#define TRIES  6

enum { COMPUTE, WRITE };

static struct guest guest;
static struct xen_domctl op;

static void write_or_compute(struct child_args *args)
{
    static char text[] = "a line of a guest that has a great many of them to write to "
                         "a console on which others would write, too\n";

    for (;;)
        if (args->state == WRITE)
            HYPERVISOR_console_io(CONSOLEIO_write, sizeof(text) - 1, text);
}

static void pin(domid_t id, uint64_t cpus)
{
    op.u.vcpuaffinity =
        (struct xen_domctl_vcpuaffinity){ .flags = XEN_VCPUAFFINITY_HARD };
    op.u.vcpuaffinity.cpumap_hard.bitmap.p = (uint8_t *)&cpus;
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
    check_eq(domctl(&op, XEN_DOMCTL_setvcpuaffinity, id), 0);
}

/* Rounds of a loop in a second, measured for a while. */
static uint64_t speed(void)
{
    uint64_t start = time_now(), passed = 0, rounds;

    for (rounds = 0; passed < WHILE; rounds++)
        passed = time_now() - start;
    return rounds * NSEC_PER_SEC / passed;
}

/* Speed beside the writer, in percent of that beside the same guest computing. */
static uint64_t compare(void)
{
    uint64_t beside_other = 0, beside_writer = 0;

    for (unsigned int i = 0; i < WHILES; i++) {
        guest.args->state = COMPUTE;
        beside_other += speed();
        guest.args->state = WRITE;
        beside_writer += speed();
    }
    guest.args->state = COMPUTE;
    return beside_writer * 100 / beside_other;
}

static void check_beside_writer(const char *where)
{
    uint64_t percent = 0;

    for (unsigned int i = 0; i < TRIES && percent < 50; i++) {
        percent = compare();
        note("%lu %% of its speed beside a writer on %s CPU", (unsigned long)percent,
             where);
    }
    check(percent >= 50, "a writer takes no other's time");
}

void test_main(void)
{
    pin(0, 1);
    require(guest_build(&guest, write_or_compute) == 0);
    pin(guest.id, 2);
    check_eq(guest_unpause(&guest), 0);
    check_beside_writer("another");
    pin(guest.id, 1);
    check_beside_writer("the same");
    check_eq(guest_destroy(&guest), 0);
}
