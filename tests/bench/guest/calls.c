/* SPDX-License-Identifier: MIT */
/* Hypercalls without side effects, events, registers. */
#include "bench.h"

#include <abi/arch-x86/xen.h>
#include <abi/hypercall_stubs.h>
#include <abi/version.h>
#include <mini-os/boot.h>
#include <mini-os/events.h>
#include <mini-os/panic.h>
#include <mini-os/time.h>

#define CALLS 16

static struct multicall_entry calls[CALLS];

static void fill_calls(void)
{
    for (int i = 0; i < CALLS; i++)
        calls[i] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version,
                                             .args = { XENVER_version } };
}

static void bench_null(void)
{
    MEASURE("hypercall-null", , HYPERVISOR_xen_version(XENVER_version, NULL));
    MEASURE("hypercall-absent", , abi_hypercall(60, 0, 0, 0, 0, 0, 0));
    MEASURE("multicall-16", fill_calls(), HYPERVISOR_multicall(calls, CALLS));
}

static void bench_events(void)
{
    int ipi = event_bind_ipi(0, NULL, NULL), port, peer;
    struct evtchn_send send = { .port = ipi }, loop;

    BUG_ON(ipi < 0);
    events_disable();
    event_clear(ipi);
    shared_info.evtchn_mask[0] &= ~(1UL << ipi);
    MEASURE("evtchn-send-ipi", event_clear(ipi);
            shared_info.vcpu_info[0].evtchn_upcall_pending = 0;
            shared_info.vcpu_info[0].evtchn_pending_sel = 0,
            HYPERVISOR_event_channel_op(EVTCHNOP_send, &send));
    MEASURE("evtchn-send-pending", , HYPERVISOR_event_channel_op(EVTCHNOP_send, &send));
    event_close(ipi);

    port = event_bind_unbound(DOMID_SELF, NULL, NULL);
    peer = event_bind_interdomain(DOMID_SELF, port, NULL, NULL);
    BUG_ON(port < 0 || peer < 0);
    loop.port = port;
    shared_info.evtchn_mask[0] &= ~(1UL << peer);
    MEASURE("evtchn-send-interdomain", event_clear(peer);
            shared_info.vcpu_info[0].evtchn_upcall_pending = 0;
            shared_info.vcpu_info[0].evtchn_pending_sel = 0,
            HYPERVISOR_event_channel_op(EVTCHNOP_send, &loop));
    event_close(peer);
    event_close(port);
    shared_info.vcpu_info[0].evtchn_upcall_pending = 0;
    shared_info.vcpu_info[0].evtchn_pending_sel = 0;
}

static void forced_cpuid(void)
{
    uint32_t a = 1, b, c = 0, d;

    asm volatile(XEN_CPUID : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
}

static void read_fs_base(void)
{
    uint32_t lo, hi;

    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(0xc0000100));
}

static void write_fs_base(void)
{
    asm volatile("wrmsr" ::"a"(0), "d"(0), "c"(0xc0000100));
}

static void bench_registers(void)
{
    MEASURE("cpuid-emulated", , forced_cpuid());
    MEASURE("rdmsr-emulated", , read_fs_base());
    MEASURE("wrmsr-emulated", , write_fs_base());
    MEASURE("set_segment_base", , HYPERVISOR_set_segment_base(SEGBASE_FS, 0));
    MEASURE("stack_switch", , HYPERVISOR_stack_switch(FLAT_KERNEL_SS, 0x1000));
    MEASURE("fpu_taskswitch", , HYPERVISOR_fpu_taskswitch(1));
    HYPERVISOR_fpu_taskswitch(0);
    MEASURE("set_timer_op", , HYPERVISOR_set_timer_op(1000 * NSEC_PER_SEC));
    HYPERVISOR_set_timer_op(0);
}

void bench_calls(void)
{
    bench_null();
    bench_events();
    bench_registers();
}
