/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a ring whose consumer is slow, wrong or hostile loses records and says how
 * many; nobody waits, and nothing else is written to.
 * Provocation: thousands of hypercalls with a consumer that stands still; offsets that
 * are beyond the ring, odd, or ahead of the producer's; the producer's own offset changed.
 * Expected: a record of the loss with the number and time; records go on once there is
 * room; VIRQ_TBUF comes when a ring is half full.
 *
 *   dom0: max_vcpus=1
 *   xen: differs it switches tracing off when offsets make no sense
 */
#include <test.h>
#include <trace.h>

#include <abi/version.h>
#include <mini-os/events.h>
#include <mini-os/mm.h>

COVERS(sysctl, XEN_SYSCTL_tbuf_op);

#define CALLS 3000

static struct trace_record r;
static volatile unsigned int full;

static void count(evtchn_port_t port, void *unused)
{
    (void)port, (void)unused;
    full++;
}

static void call(unsigned int n)
{
    while (n--)
        HYPERVISOR_xen_version(XENVER_version, NULL);
}

/* The ring on which this vCPU's records appear. */
static unsigned int own_ring(void)
{
    trace_skip();
    call(1);
    require(trace_find(TRC_PV_HYPERCALL_V2, &r));
    return r.cpu;
}

/* Every record up to the end is a whole one; how many hypercalls are among them. */
static unsigned int count_calls(unsigned int cpu)
{
    unsigned int n = 0;
    uint64_t last = 0;

    while (trace_next(cpu, &r)) {
        if (r.event == TRC_TRACE_WRAP_BUFFER)
            continue;
        if (!check(r.time >= last, "times ascend"))
            break;
        last = r.time;
        n += r.event == TRC_PV_HYPERCALL_V2;
    }
    return n;
}

static void check_loss(unsigned int cpu)
{
    unsigned int seen;

    trace_skip();
    call(CALLS);
    seen = count_calls(cpu);
    check(seen > 100 && seen < CALLS, "some were lost");
    call(1);
    check_eq(trace_next(cpu, &r), true);
    while (r.event == TRC_TRACE_WRAP_BUFFER && trace_next(cpu, &r))
        ;
    check_eq(r.event, TRC_LOST_RECORDS);
    check_eq(r.n, 4);
    check(r.words[0] >= CALLS - seen, "the report counts them");
    check_eq(r.words[1], 0); /* domain 0, vCPU 0 */
    check(trace_word64(&r, 2) < r.time, "the first was lost before");
    check_eq(count_calls(cpu), 1);
}

static void check_offset(unsigned int cpu, uint32_t cons)
{
    trace_ring[cpu]->cons = cons;
    call(CALLS);
    trace_skip();
    call(2);
    check_eq(count_calls(cpu), 2);
}

static void check_hostile(unsigned int cpu)
{
    check_offset(cpu, ~0u);
    check_offset(cpu, 3);
    check_offset(cpu, 0x80000000);
    check_offset(cpu, trace_ring[cpu]->prod + 4);
    check_offset(cpu, 4 * PAGE_SIZE - 16);
    trace_ring[cpu]->prod = 0xfffffff0;
    call(1);
    check(trace_ring[cpu]->prod < 4 * PAGE_SIZE, "the hypervisor has its own");
    check_offset(cpu, 0);
}

void test_main(void)
{
    int port = event_bind_virq(VIRQ_TBUF, 0, count, NULL);
    unsigned int cpu;

    require(port > 0);
    require(trace_tbuf(XEN_SYSCTL_TBUFOP_set_size, 0, 2) == 0);
    require(trace_map() == 0);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_set_evt_mask, TRC_PV, 0), 0);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_enable, 0, 0), 0);
    cpu = own_ring();
    events_enable();
    check_loss(cpu);
    check(full >= 1, "an event tells that the ring is half full");
    events_disable();
    check_hostile(cpu);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_disable, 0, 0), 0);
    trace_unmap();
    event_close((evtchn_port_t)port);
}
