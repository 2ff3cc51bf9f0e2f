/* SPDX-License-Identifier: MIT */
/*
 * The work. Every pattern depends on the domain's id, so that what another domain left
 * behind in memory or registers is noticed.
 */
#include "worker.h"

#include <abi/hypercall_stubs.h>
#include <abi/sched.h>
#include <abi/vcpu.h>
#include <abi/version.h>
#include <mini-os/boot.h>
#include <mini-os/events.h>
#include <mini-os/string.h>
#include <mini-os/time.h>

#define MEMORY_WORDS  2048
#define XMM_BYTES     (16 * 16)
#define TIMER_AHEAD   (300 * NSEC_PER_USEC)
#define TIMER_EARLY   (50 * NSEC_PER_USEC)
#define EVENT_TIMEOUT (10 * NSEC_PER_SEC)
#define FLOOD_BURST   200

static uint64_t memory[MEMORY_WORDS];
static evtchn_port_t timer_port;
static uint64_t sent;

static uint64_t now(void)
{
    const struct vcpu_time_info *shared = &shared_info.vcpu_info[0].time;
    struct vcpu_time_info info;

    time_info_read(shared, &info);
    return time_info_to_ns(&info, read_tsc());
}

/* Whether the port became pending before the deadline; the event is taken. */
static bool wait_event(evtchn_port_t port, uint64_t deadline)
{
    struct sched_poll poll = { .nr_ports = 1, .timeout = deadline };

    poll.ports.p = &port;
    while (!event_is_pending(port)) {
        if (now() > deadline)
            return false;
        HYPERVISOR_sched_op(SCHEDOP_poll, &poll);
    }
    event_clear(port);
    return true;
}

static uint64_t pattern(uint64_t seed, unsigned int i)
{
    return (seed + i) * 0x9e3779b97f4a7c15;
}

static enum fault work_memory(uint64_t seed)
{
    for (unsigned int i = 0; i < MEMORY_WORDS; i++)
        memory[i] = pattern(seed, i);
    barrier();
    for (unsigned int i = 0; i < MEMORY_WORDS; i++)
        if (memory[i] != pattern(seed, i))
            return FAULT_MEMORY;
    return FAULT_NONE;
}

static void load_xmm(const void *from)
{
    asm volatile("movups 0x00(%0), %%xmm0; movups 0x10(%0), %%xmm1\n\t"
                 "movups 0x20(%0), %%xmm2; movups 0x30(%0), %%xmm3\n\t"
                 "movups 0x40(%0), %%xmm4; movups 0x50(%0), %%xmm5\n\t"
                 "movups 0x60(%0), %%xmm6; movups 0x70(%0), %%xmm7\n\t"
                 "movups 0x80(%0), %%xmm8; movups 0x90(%0), %%xmm9\n\t"
                 "movups 0xa0(%0), %%xmm10; movups 0xb0(%0), %%xmm11\n\t"
                 "movups 0xc0(%0), %%xmm12; movups 0xd0(%0), %%xmm13\n\t"
                 "movups 0xe0(%0), %%xmm14; movups 0xf0(%0), %%xmm15" ::"r"(from)
                 : "memory");
}

static void store_xmm(void *to)
{
    asm volatile("movups %%xmm0, 0x00(%0); movups %%xmm1, 0x10(%0)\n\t"
                 "movups %%xmm2, 0x20(%0); movups %%xmm3, 0x30(%0)\n\t"
                 "movups %%xmm4, 0x40(%0); movups %%xmm5, 0x50(%0)\n\t"
                 "movups %%xmm6, 0x60(%0); movups %%xmm7, 0x70(%0)\n\t"
                 "movups %%xmm8, 0x80(%0); movups %%xmm9, 0x90(%0)\n\t"
                 "movups %%xmm10, 0xa0(%0); movups %%xmm11, 0xb0(%0)\n\t"
                 "movups %%xmm12, 0xc0(%0); movups %%xmm13, 0xd0(%0)\n\t"
                 "movups %%xmm14, 0xe0(%0); movups %%xmm15, 0xf0(%0)" ::"r"(to)
                 : "memory");
}

/* Registers and control words hold their values while others run. */
static enum fault work_fpu(uint64_t seed)
{
    uint64_t want[XMM_BYTES / 8], got[XMM_BYTES / 8];
    uint32_t mxcsr = 0x1f80 | (uint32_t)(seed & 3) << 13, mxcsr_now;
    uint16_t cw = 0x37f & ~(uint16_t)((seed & 3) << 8), cw_now;

    for (unsigned int i = 0; i < XMM_BYTES / 8; i++)
        want[i] = pattern(~seed, i);
    asm volatile("ldmxcsr %0; fldcw %1" ::"m"(mxcsr), "m"(cw));
    load_xmm(want);
    HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
    for (unsigned int i = 0; i < 2000; i++)
        barrier();
    store_xmm(got);
    asm volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr_now), "=m"(cw_now));
    if (memcmp(want, got, XMM_BYTES) || mxcsr != mxcsr_now || cw != cw_now)
        return FAULT_FPU;
    return FAULT_NONE;
}

static enum fault work_timer(void)
{
    uint64_t deadline = now() + TIMER_AHEAD;

    event_clear(timer_port);
    if (HYPERVISOR_set_timer_op(deadline))
        return FAULT_HYPERCALL;
    if (!wait_event(timer_port, deadline + EVENT_TIMEOUT))
        return FAULT_TIMER_LOST;
    return now() + TIMER_EARLY < deadline ? FAULT_TIMER_EARLY : FAULT_NONE;
}

static enum fault work_events(struct child_args *args)
{
    struct evtchn_send send = { .port = args->port };

    if (HYPERVISOR_event_channel_op(EVTCHNOP_send, &send))
        return FAULT_HYPERCALL;
    sent++;
    if (!wait_event(args->port, now() + EVENT_TIMEOUT))
        return FAULT_NO_ANSWER;
    return work_of(args)->answers == sent ? FAULT_NONE : FAULT_WRONG_ANSWER;
}

static enum fault compute(struct child_args *args)
{
    uint64_t seed = (uint64_t)args->id << 32 | (uint32_t)work_of(args)->rounds;
    enum fault fault = work_memory(seed);

    return fault ? fault : work_fpu(seed);
}

static enum fault work_all(struct child_args *args)
{
    enum fault fault = compute(args);

    if (!fault)
        fault = work_timer();
    return fault ? fault : work_events(args);
}

static enum fault spin(const struct work *work)
{
    while (work->order == ORDER_SPIN)
        barrier();
    return FAULT_NONE;
}

/* Cheap ones, events to itself, and page-table updates that are refused. */
static enum fault flood(void)
{
    struct evtchn_send self = { .port = timer_port };
    struct mmu_update nonsense = { ~7ul & ~3ul, 0 };

    for (unsigned int i = 0; i < FLOOD_BURST; i++) {
        if (HYPERVISOR_xen_version(XENVER_version, NULL) <= 0)
            return FAULT_HYPERCALL;
        HYPERVISOR_event_channel_op(EVTCHNOP_send, &self);
        if (!HYPERVISOR_mmu_update(&nonsense, 1, NULL, DOMID_SELF))
            return FAULT_HYPERCALL;
    }
    return FAULT_NONE;
}

static enum fault obey(struct child_args *args)
{
    switch (work_of(args)->order) {
    case ORDER_COMPUTE:
        return compute(args);
    case ORDER_SPIN:
        return spin(work_of(args));
    case ORDER_FLOOD:
        return flood();
    default:
        return work_all(args);
    }
}

static enum fault set_up(void)
{
    struct evtchn_bind_virq bind = { .virq = VIRQ_TIMER };

    if (HYPERVISOR_event_channel_op(EVTCHNOP_bind_virq, &bind))
        return FAULT_SET_UP;
    timer_port = bind.port;
    return HYPERVISOR_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL) ? FAULT_SET_UP
                                                                   : FAULT_NONE;
}

/* For ever, with events masked: it has no handler for them, which block would let in. */
static void rest(void)
{
    struct sched_poll poll = { .nr_ports = 0 };

    for (;;)
        HYPERVISOR_sched_op(SCHEDOP_poll, &poll);
}

void worker(struct child_args *args)
{
    struct work *work = work_of(args);

    work->fault = set_up();
    while (!work->fault) {
        work->fault = obey(args);
        if (!work->fault)
            work->rounds++;
    }
    rest();
}
