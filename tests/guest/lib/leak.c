/* SPDX-License-Identifier: MIT */
/*
 * Counting what a test may leak.
 */
#include "leak.h"

#include <abi/event_channel.h>
#include <abi/sysctl.h>
#include <mini-os/grants.h>

#include "test.h"

struct resources {
    unsigned int ports;
    unsigned int grants;
    uint64_t free_frames; /* 0: not told to us */
};

static struct resources before;

static unsigned int count_ports(void)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = 1 };
    unsigned int open = 0;

    for (; !HYPERVISOR_event_channel_op(EVTCHNOP_status, &status); status.port++)
        open += status.status != EVTCHNSTAT_closed;
    return open;
}

static unsigned int count_grants(void)
{
    unsigned int mapped = 0;

    for (grant_ref_t ref = 0; ref < grants_count(); ref++)
        mapped += !!(grants_table()[ref].flags & (GTF_reading | GTF_writing));
    return mapped;
}

static uint64_t count_free_frames(void)
{
    struct xen_sysctl op = {
        .cmd = XEN_SYSCTL_physinfo,
        .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
    };

    return HYPERVISOR_sysctl(&op) ? 0 : op.u.physinfo.free_pages;
}

static struct resources count_all(void)
{
    return (struct resources){
        .ports = count_ports(),
        .grants = count_grants(),
        .free_frames = count_free_frames(),
    };
}

void leak_begin(void)
{
    before = count_all();
}

void leak_end(void)
{
    struct resources after = count_all();

    check_eq(after.ports, before.ports);
    check_eq(after.grants, before.grants);
    if (after.free_frames != before.free_frames)
        note("the hypervisor has %ld free frames more than before",
             (long)(after.free_frames - before.free_frames));
}
