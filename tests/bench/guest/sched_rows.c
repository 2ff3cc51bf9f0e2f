/* SPDX-License-Identifier: MIT */
/* The scheduler: yield, switch between two vCPUs of one processor, timer delivery. */
#include "bench.h"

#include <abi/hypercall_stubs.h>
#include <abi/sched.h>
#include <mini-os/boot.h>
#include <mini-os/events.h>
#include <mini-os/panic.h>
#include <mini-os/smp.h>

static volatile bool partner_stop;
static volatile unsigned long partner_turns;

static void yield(void)
{
    HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
}

static void partner(void *arg)
{
    (void)arg;
    while (!partner_stop) {
        partner_turns++;
        yield();
    }
}

/* Two switches lie between a yield and its return when the other vCPU yields as well. */
static void bench_switch(void)
{
    unsigned long turns;
    uint64_t start;

    if (vcpu_count() < 2 || vcpu_start(1, partner, NULL))
        return;
    while (!partner_turns)
        yield();
    turns = partner_turns;
    start = read_tsc();
    for (int i = 0; i < ROUNDS; i++)
        yield();
    report("vcpu-switch", (read_tsc() - start) / (ROUNDS + (partner_turns - turns)));
    partner_stop = true;
    while (vcpu_area(1)->running)
        yield();
    vcpu_join(1);
}

static void on_timer(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
}

static void bench_timer(void)
{
    int port = event_bind_virq(VIRQ_TIMER, 0, NULL, NULL);

    (void)on_timer;
    if (port < 0)
        return;
    events_disable();
    shared_info.evtchn_mask[0] &= ~(1UL << port);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start;

        event_clear(port);
        shared_info.vcpu_info[0].evtchn_upcall_pending = 0;
        shared_info.vcpu_info[0].evtchn_pending_sel = 0;
        start = read_tsc();
        HYPERVISOR_set_timer_op(1);
        while (!event_is_pending(port))
            cpu_relax();
        sample(read_tsc() - start);
    }
    report_median("timer-set-deliver");
    event_close(port);
}

void bench_sched(void)
{
    MEASURE("yield", , yield());
    bench_timer();
    bench_switch();
}
