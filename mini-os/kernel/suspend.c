/* SPDX-License-Identifier: MIT */
/*
 * Suspension. While the domain is away, start_info names its ring pages by pfn, as those
 * who save it expect. When it goes on where it was ("cancelled") nothing else has changed;
 * elsewhere it has a new shared page, no event channels, and knows nothing of callbacks.
 */
#include "suspend.h"

#include <abi/hypercall_stubs.h>
#include <abi/sched.h>
#include <mini-os/boot.h>
#include <mini-os/events.h>
#include <mini-os/hypercall.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>
#include <mini-os/traps.h>

#include "../core/internal.h"
#include "internal.h"

/* The only place that writes to the page. */
static start_info_t *writable_info(void)
{
    return (start_info_t *)boot_info;
}

static void rings_to_pfn(start_info_t *info)
{
    info->store_mfn = mfn_to_pfn(info->store_mfn);
    info->console.domU.mfn = mfn_to_pfn(info->console.domU.mfn);
}

static void rings_to_mfn(start_info_t *info)
{
    info->store_mfn = pfn_to_mfn(info->store_mfn);
    info->console.domU.mfn = pfn_to_mfn(info->console.domU.mfn);
}

static void start_again(void)
{
    int rc = HYPERVISOR_update_va_mapping((unsigned long)&shared_info,
                                          boot_info->shared_info | PTE_RW, UVMF_INVLPG);

    BUG_ON(rc);
    events_disable();
    for (evtchn_port_t port = 0; port < EVENT_PORTS; port++)
        event_set_handler(port, NULL, NULL);
    traps_install();
    callbacks_install();
    timer_init();
    p2m_publish();
    timeout_resume();
    console_resume();
}

void domain_suspend(void)
{
    struct sched_shutdown op = { .reason = SHUTDOWN_suspend };
    bool events = events_save_disable();
    long cancelled;

    rings_to_pfn(writable_info());
    cancelled = hypercall_raw(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&op,
                              virt_to_mfn(boot_info), 0, 0);
    if (cancelled)
        rings_to_mfn(writable_info());
    else
        start_again();
    events_restore(events);
    if (!cancelled)
        xenbus_resume();
}
