/* SPDX-License-Identifier: MIT */
/* Each deed keeps the hypervisor busy with something that a kill has to end in order. */
#include "child.h"

#include <abi/hypercall_stubs.h>
#include <abi/sched.h>
#include <mini-os/boot.h>
#include <mini-os/events.h>
#include <mini-os/time.h>

#define TIMER_STEP (20 * NSEC_PER_USEC)

static void pin(const struct order *order)
{
    mmuext_one(MMUEXT_PIN_L2_TABLE, order->root_mfn, 0);
    mmuext_one(MMUEXT_UNPIN_TABLE, order->root_mfn, 0);
}

static void map(const struct child_args *args)
{
    struct gnttab_map_grant_ref map_op = { .host_addr = (unsigned long)args->window,
                                           .flags = GNTMAP_host_map,
                                           .ref = args->from_builder };
    struct gnttab_unmap_grant_ref unmap_op = { .host_addr = map_op.host_addr };

    HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, &map_op, 1);
    if (map_op.status)
        return;
    unmap_op.handle = map_op.handle;
    HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap_op, 1);
}

static void grant(const struct child_args *args)
{
    grant_entry_v1_t *entry = &args->grants[CHILD_REF];
    uint16_t unused = GTF_permit_access;

    entry->domid = 0;
    entry->frame = (uint32_t)args->page_mfn;
    __atomic_store_n(&entry->flags, GTF_permit_access, __ATOMIC_SEQ_CST);
    HYPERVISOR_sched_op(SCHEDOP_yield, NULL);
    __atomic_compare_exchange_n(&entry->flags, &unused, 0, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
}

static uint64_t now(void)
{
    struct vcpu_time_info info;

    time_info_read(&shared_info.vcpu_info[0].time, &info);
    return time_info_to_ns(&info, read_tsc());
}

static evtchn_port_t timer_port(void)
{
    static struct evtchn_bind_virq bind = { .virq = VIRQ_TIMER };

    if (!bind.port)
        HYPERVISOR_event_channel_op(EVTCHNOP_bind_virq, &bind);
    return bind.port;
}

static void timer(uint64_t turn)
{
    evtchn_port_t port = timer_port();
    uint64_t deadline = now() + turn % 4 * TIMER_STEP;
    struct sched_poll poll = { .nr_ports = 1, .timeout = deadline + TIMER_STEP };

    poll.ports.p = &port;
    event_clear(port);
    HYPERVISOR_set_timer_op(deadline);
    HYPERVISOR_sched_op(SCHEDOP_poll, &poll);
}

static void send(const struct child_args *args)
{
    struct evtchn_send op = { .port = args->port };

    HYPERVISOR_event_channel_op(EVTCHNOP_send, &op);
}

static void shut_down(void)
{
    struct sched_shutdown op = { .reason = SHUTDOWN_poweroff };

    HYPERVISOR_sched_op(SCHEDOP_shutdown, &op);
}

static void do_one(struct child_args *args)
{
    struct order *order = order_of(args);

    switch (order->deed) {
    case DEED_PIN:
        return pin(order);
    case DEED_MAP:
        return map(args);
    case DEED_GRANT:
        return grant(args);
    case DEED_TIMER:
        return timer(order->began);
    case DEED_EVENTS:
        return send(args);
    case DEED_SUICIDE:
        asm volatile("ud2");
        return;
    default:
        return shut_down();
    }
}

void child(struct child_args *args)
{
    for (;;) {
        order_of(args)->began++;
        do_one(args);
    }
}
