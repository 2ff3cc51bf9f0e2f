/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a domain may have more vCPUs than the machine has processors, and more than
 * the shared page has room for; those register their vcpu_info.
 * Provocation: all 40 run at once, each takes a page fault, an IPI and a timer event.
 * Expected: each one gets its own.
 */
/* dom0: max_vcpus=40 */
/* timeout: 60 */
#include <test.h>

#include <abi/sched.h>
#include <mini-os/events.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>
#include <mini-os/traps.h>

COVERS(vcpu_op, VCPUOP_register_vcpu_info, VCPUOP_initialise, VCPUOP_up, VCPUOP_is_up,
       EVTCHNOP_bind_ipi, EVTCHNOP_bind_virq, SCHEDOP_block);

#define VCPUS 40

static int ipi_ports[VCPUS];
static volatile unsigned int ipis[VCPUS], ticks[VCPUS], faults[VCPUS];

static void count(evtchn_port_t port, void *data)
{
    volatile unsigned int *counters = data;

    (void)port;
    counters[this_vcpu()->id]++;
}

static void block_until(volatile unsigned int *value)
{
    events_disable();
    while (!*value) {
        HYPERVISOR_sched_op(SCHEDOP_block, NULL);
        events_disable();
    }
}

static void run(void *unused)
{
    unsigned int id = this_vcpu()->id;
    struct trap_result fault;
    uint64_t value;
    int timer;

    (void)unused;
    probe_read((void *)(0x1000UL + 8 * id), &value, &fault);
    faults[id] = fault.trapped && fault.cr2 == 0x1000UL + 8 * id;
    block_until(&ipis[id]);
    timer = event_bind_virq(VIRQ_TIMER, id, count, (void *)ticks);
    timer_set(time_now() + NSEC_PER_MSEC);
    block_until(&ticks[id]);
    event_close(timer);
}

static void start_all(void)
{
    for (unsigned int id = 1; id < VCPUS; id++)
        require(vcpu_start(id, run, NULL) == 0);
}

static void send_all(void)
{
    for (unsigned int id = 1; id < VCPUS; id++) {
        ipi_ports[id] = event_bind_ipi(id, count, (void *)ipis);
        require(ipi_ports[id] > 0);
        check_eq(event_send(ipi_ports[id]), 0);
    }
}

void test_main(void)
{
    check_eq(vcpu_count(), VCPUS);
    start_all();
    send_all();
    for (unsigned int id = 1; id < VCPUS; id++) {
        vcpu_join(id);
        check_eq(ipis[id], 1);
        check_eq(ticks[id], 1);
        check_eq(faults[id], 1);
        check_eq(event_close(ipi_ports[id]), 0);
    }
}
