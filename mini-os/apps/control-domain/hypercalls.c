/* SPDX-License-Identifier: MIT */
/* The toolstack's way to the hypervisor, over mini-os. */
#include "hypercalls.h"

#include <abi/domctl.h>
#include <abi/hypercall_stubs.h>
#include <abi/sysctl.h>
#include <mini-os/events.h>
#include <mini-os/foreign.h>
#include <mini-os/thread.h>
#include <mini-os/time.h>

static long call_domctl(struct xen_domctl *op)
{
    return HYPERVISOR_domctl(op);
}

static long call_sysctl(struct xen_sysctl *op)
{
    return HYPERVISOR_sysctl(op);
}

/* Clearing much memory takes long: threads that are not in the toolstack go on. */
static long call_memory_op(unsigned int cmd, void *arg)
{
    long rc = HYPERVISOR_memory_op(cmd, arg);

    thread_yield();
    return rc;
}

static long call_mmu_update(struct mmu_update *updates, unsigned int n,
                            unsigned int *done, domid_t id)
{
    return HYPERVISOR_mmu_update(updates, n, done, id);
}

static long call_mmuext_op(struct mmuext_op *ops, unsigned int n, unsigned int *done,
                           domid_t id)
{
    return HYPERVISOR_mmuext_op(ops, n, done, id);
}

static long call_sched_op(int cmd, void *arg)
{
    return HYPERVISOR_sched_op(cmd, arg);
}

static long call_event_channel_op(int cmd, void *arg)
{
    return HYPERVISOR_event_channel_op(cmd, arg);
}

static long call_grant_table_op(unsigned int cmd, void *arg, unsigned int n)
{
    return HYPERVISOR_grant_table_op(cmd, arg, n);
}

static long call_xen_version(int cmd, void *arg)
{
    return HYPERVISOR_xen_version(cmd, arg);
}

static void on_event(evtchn_port_t port, void *data)
{
    (void)data;
    service_note_port(port);
}

static int bind_event(domid_t remote, evtchn_port_t remote_port, evtchn_port_t *local)
{
    int port = event_bind_interdomain(remote, remote_port, on_event, NULL);

    if (port < 0)
        return port;
    *local = (evtchn_port_t)port;
    return 0;
}

static int close_event(evtchn_port_t local)
{
    int rc = event_close(local);

    service_forget_port(local);
    return rc;
}

const struct ts_hypercalls control_hypercalls = {
    .domctl = call_domctl,
    .sysctl = call_sysctl,
    .memory_op = call_memory_op,
    .mmu_update = call_mmu_update,
    .mmuext_op = call_mmuext_op,
    .sched_op = call_sched_op,
    .event_channel_op = call_event_channel_op,
    .grant_table_op = call_grant_table_op,
    .xen_version = call_xen_version,
    .event_bind = bind_event,
    .event_close = close_event,
    .map = foreign_map,
    .map_read = foreign_map_read,
    .unmap = foreign_unmap,
    .system_time = time_now,
};
