/* SPDX-License-Identifier: MIT */
/* Traps that are bounced to the guest, and the ways back. */
#include "bench.h"

#include <abi/callback.h>
#include <abi/hypercall_stubs.h>
#include <mini-os/boot.h>
#include <mini-os/events.h>
#include <mini-os/panic.h>
#include <mini-os/trapnr.h>
#include <mini-os/traps.h>
#include <mini-os/user.h>

#include "internal.h"

extern const char bench_page_fault[], bench_no_fpu[], bench_syscall[], bench_event[];

volatile void *bench_vcpu_info;
volatile void *bench_pending;
volatile uint64_t bench_event_seen;

static void set_trap(unsigned int vector, const char *entry)
{
    struct trap_info list[2] = { { .vector = vector,
                                   .flags = 4,
                                   .cs = FLAT_KERNEL_CS,
                                   .address = (unsigned long)entry } };
    int rc = HYPERVISOR_set_trap_table(list);

    BUG_ON(rc);
}

static void set_callback(unsigned int type, const char *entry, unsigned int flags)
{
    struct callback_register reg = { .type = type,
                                     .flags = flags,
                                     .address = (unsigned long)entry };
    int rc = HYPERVISOR_callback_op(CALLBACKOP_register, &reg);

    BUG_ON(rc);
}

/* mov (%rax), %rax: 3 bytes, as the handler expects. */
static inline void fault(void)
{
    unsigned long address = 0x10;

    asm volatile("mov (%0), %0" : "+a"(address)::"memory", "rcx", "r11");
}

static void bench_faults(void)
{
    set_trap(TRAP_PAGE_FAULT, bench_page_fault);
    MEASURE("page-fault-bounce", , fault());
    traps_install();
}

static void bench_fpu(void)
{
    set_trap(TRAP_NO_DEVICE, bench_no_fpu);
    MEASURE("fpu-switch", HYPERVISOR_fpu_taskswitch(1), asm volatile("fninit"));
    HYPERVISOR_fpu_taskswitch(0);
    traps_install();
}

/* In user mode: the median of many null system calls, by the sum of all. */
static long user_syscalls(long rounds)
{
    uint64_t start = read_tsc();

    for (long i = 0; i < rounds; i++)
        user_syscall(0, 0);
    return (read_tsc() - start) / rounds;
}

static void bench_user(void)
{
    struct user_space user;
    struct trap_frame frame;
    long value = 0;

    BUG_ON(user_space_create(&user) || user_space_load(&user));
    set_callback(CALLBACKTYPE_syscall, bench_syscall, CALLBACKF_mask_events);
    BUG_ON(!user_call(user_syscalls, ROUNDS, &value, &frame));
    report("syscall-bounce", value);
    callbacks_install();
    BUG_ON(user_space_load(NULL));
    user_space_destroy(&user);
}

static void bench_upcall(void)
{
    int port = event_bind_ipi(0, NULL, NULL);
    struct evtchn_send send = { .port = port };

    BUG_ON(port < 0 || port > 63);
    bench_vcpu_info = &shared_info.vcpu_info[0];
    bench_pending = &shared_info.evtchn_pending[0];
    set_callback(CALLBACKTYPE_event, bench_event, 0);
    shared_info.evtchn_mask[0] &= ~(1UL << port);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start;

        shared_info.vcpu_info[0].evtchn_upcall_mask = 0;
        start = read_tsc();
        HYPERVISOR_event_channel_op(EVTCHNOP_send, &send);
        sample(read_tsc() - start);
    }
    report_median("event-send-upcall");
    callbacks_install();
    event_close(port);
}

void bench_traps(void)
{
    events_disable();
    bench_faults();
    bench_fpu();
    bench_user();
    bench_upcall();
}
