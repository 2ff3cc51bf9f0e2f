/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: one domain is traced, and no other; it may die at any time; the rings are
 * given back.
 * Provocation: a domain that makes hypercalls, sends events, faults and shuts down, traced
 * by each kind of record; selections of domains that are not there and kinds that are
 * none; domains destroyed while traced; rings released while mapped.
 * Expected: records of that domain's kinds alone, tagged by a record that says who runs;
 * results and what arguments point to; -ESRCH, -EINVAL, -EBUSY; all frames come back.
 *
 *   qemu: -smp 2
 *   dom0: max_vcpus=1
 *   timeout: 60
 *   xen: differs selecting domains and releasing rings is Pavise's own
 */
#include <builder.h>
#include <test.h>
#include <trace.h>

#include <abi/sched.h>
#include <abi/vcpu.h>
#include <abi/version.h>
#include <mini-os/time.h>

COVERS(sysctl, XEN_SYSCTL_tbuf_op);

#define NO_PORT  77
#define CYCLES   20
#define SETTLING (200 * NSEC_PER_MSEC)

static struct trace_record r;
static struct guest guest;

/* --- the traced domain --- */

static void child(struct child_args *args)
{
    struct sched_shutdown off = { .reason = SHUTDOWN_poweroff };
    struct evtchn_send send = { .port = NO_PORT };
    uint32_t a = 1, b, c = 0, d;

    args->result = HYPERVISOR_event_channel_op(EVTCHNOP_send, &send);
    HYPERVISOR_update_va_mapping((unsigned long)args->window, 0, 0);
    asm volatile("ud2; .ascii \"xen\"; cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    HYPERVISOR_sched_op(SCHEDOP_shutdown, &off);
}

static void busy_child(struct child_args *args)
{
    (void)args;
    for (;;)
        HYPERVISOR_xen_version(XENVER_version, NULL);
}

/* --- domain 0 --- */

static int select(domid_t id, unsigned int kinds)
{
    return trace_tbuf(ABI_TBUFOP_SELECT, kinds, id);
}

static void begin(unsigned int frames)
{
    require(trace_tbuf(XEN_SYSCTL_TBUFOP_set_evt_mask, 0, 0) == 0);
    require(trace_tbuf(XEN_SYSCTL_TBUFOP_set_size, 0, frames) == 0);
    require(trace_map() == 0);
    require(trace_tbuf(XEN_SYSCTL_TBUFOP_enable, 0, 0) == 0);
}

static void end(void)
{
    check_eq(trace_tbuf(ABI_TBUFOP_RELEASE, 0, 0), -EBUSY);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_disable, 0, 0), 0);
    check_eq(trace_tbuf(ABI_TBUFOP_RELEASE, 0, 0), 0);
    check_eq(trace_tbuf(ABI_TBUFOP_RELEASE, 0, 0), 0);
    check_eq(trace_tbuf(XEN_SYSCTL_TBUFOP_enable, 0, 0), -EINVAL);
    trace_unmap();
}

static void wait_for_shutdown(void)
{
    struct xen_domctl_getdomaininfo info;

    for (unsigned int i = 0; i < 1000; i++) {
        require(guest_info(guest.id, &info));
        if (info.flags & XEN_DOMINF_shutdown)
            return;
        time_sleep(NSEC_PER_MSEC);
    }
    check(false, "the domain shuts down");
}

/* Runs the child with these kinds recorded, until it has shut down. */
static void run_traced(unsigned int kinds)
{
    require(guest_build(&guest, child) == 0);
    check_eq(select(guest.id, kinds), 0);
    check_eq(guest_unpause(&guest), 0);
    wait_for_shutdown();
}

/* The ring that has records of the child, for it has run on one CPU or the other. */
static unsigned int ring_of_child(void)
{
    for (unsigned int cpu = 0; cpu < trace_nr_rings; cpu++)
        if (trace_ring[cpu]->cons != trace_ring[cpu]->prod)
            return cpu;
    error("no record at all");
}

static void expect(unsigned int cpu, uint32_t event)
{
    check_eq(trace_next(cpu, &r), true);
    check_eq(r.event, event);
}

static void expect_word(unsigned int cpu, uint32_t event, uint32_t word)
{
    expect(cpu, event);
    check_eq(r.words[0], word);
}

#define CALL(nr, bits) ((uint32_t)(__HYPERVISOR_##nr | (bits) << 20))
#define TO_RUNNING     (TRC_SCHED_RUNSTATE_CHANGE | RUNSTATE_runnable << 8)

static void check_calls(void)
{
    unsigned int cpu;

    run_traced(ABI_TRACE_CALLS | ABI_TRACE_RESULTS | ABI_TRACE_POINTED);
    cpu = ring_of_child();
    expect_word(cpu, TO_RUNNING, (uint32_t)guest.id << 16);
    expect_word(cpu, TRC_PV_HYPERCALL_V2, CALL(event_channel_op, 1 | 2 << 2));
    expect_word(cpu, ABI_TRC_PV_POINTED, 1);
    check_eq(r.words[1], NO_PORT);
    expect_word(cpu, ABI_TRC_PV_RESULT, __HYPERVISOR_event_channel_op);
    check_eq((long)trace_word64(&r, 1), -EINVAL);
    expect_word(cpu, TRC_PV_HYPERCALL_V2, CALL(update_va_mapping, 2 | 1 << 2 | 1 << 4));
    check_eq(trace_word64(&r, 1), (unsigned long)guest.args->window);
    expect_word(cpu, ABI_TRC_PV_RESULT, __HYPERVISOR_update_va_mapping);
    check_eq(trace_word64(&r, 1), 0);
    expect_word(cpu, TRC_PV_HYPERCALL_V2, CALL(sched_op, 1 | 2 << 2));
    expect_word(cpu, ABI_TRC_PV_POINTED, 1);
    check_eq(r.words[1], SHUTDOWN_poweroff);
    expect_word(cpu, ABI_TRC_PV_RESULT, __HYPERVISOR_sched_op);
    check_eq(trace_next(cpu, &r), false);
    check_eq(guest_destroy(&guest), 0);
}

static void check_emulation(void)
{
    unsigned int cpu;

    trace_skip();
    run_traced(ABI_TRACE_EMULATION);
    cpu = ring_of_child();
    expect_word(cpu, TO_RUNNING, (uint32_t)guest.id << 16);
    expect(cpu, TRC_PV_FORCED_INVALID_OP | TRC_64_FLAG);
    expect_word(cpu, ABI_TRC_PV_INSN, 0x1a2);
    check_eq(r.n, 7);
    check_eq(r.words[1], 1);
    check_eq(r.words[2], 0);
    check_eq(trace_next(cpu, &r), false);
    check_eq(guest_destroy(&guest), 0);
}

static void check_refusals(void)
{
    check_eq(select(0, ABI_TRACE_ALL + 1), -EINVAL);
    check_eq(select(30000, 0), -ESRCH);
    check_eq(trace_tbuf(ABI_TBUFOP_SELECT, 0, ~0u), -ESRCH);
    check_eq(trace_tbuf(ABI_TBUFOP_SELECT, 0, DOMID_XEN), -ESRCH);
    check_eq(trace_tbuf(ABI_TBUFOP_SELECT, 0, 0x10000), -ESRCH);
}

/* Domains die while they make records, and so do rings. */
static void check_deaths(void)
{
    for (unsigned int i = 0; i < CYCLES; i++) {
        begin(1 + i % 4);
        require(guest_build(&guest, busy_child) == 0);
        check_eq(select(guest.id, ABI_TRACE_ALL), 0);
        check_eq(guest_unpause(&guest), 0);
        time_sleep(i * NSEC_PER_MSEC / 8);
        if (i % 2)
            end();
        check_eq(guest_destroy(&guest), 0);
        if (!(i % 2))
            end();
    }
}

void test_main(void)
{
    uint64_t free_pages;

    begin(4);
    check_refusals();
    check_calls();
    check_emulation();
    end();
    check_deaths();
    time_sleep(SETTLING);
    free_pages = machine_free_pages();
    check_deaths();
    time_sleep(SETTLING);
    check_eq(machine_free_pages(), free_pages);
}
