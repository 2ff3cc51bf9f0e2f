/* SPDX-License-Identifier: MIT */
/* The machine's end, and what the control domain has in use. */
#include <malloc.h>

#include <abi/event_channel.h>
#include <abi/hypercall_stubs.h>
#include <abi/sched.h>
#include <mini-os/bulk.h>
#include <mini-os/events.h>
#include <mini-os/foreign.h>
#include <mini-os/grants.h>
#include <mini-os/shutdown.h>
#include <mini-os/time.h>

#include "control.h"
#include "sessions.h"

#define LAST_WORDS (2 * NSEC_PER_SEC) /* for clients to get their exit codes */

/* --- the end --- */

static bool is_ending;
static unsigned int reason; /* SHUTDOWN_* */

static void end(void *unused)
{
    uint64_t deadline = time_now() + LAST_WORDS;

    (void)unused;
    while (sessions_count() && time_now() < deadline)
        thread_sleep_until(time_now() + 10 * NSEC_PER_MSEC);
    exit_with_reason(reason);
}

void machine_end(void *unused, bool reboot)
{
    struct thread *thread;

    (void)unused;
    if (is_ending)
        return;
    is_ending = true;
    reason = reboot ? SHUTDOWN_reboot : SHUTDOWN_poweroff;
    thread = thread_create("end", end, NULL);
    if (!thread)
        exit_with_reason(reason);
    thread_detach(thread);
}

bool machine_is_ending(void)
{
    return is_ending;
}

/* --- what is in use --- */

/* As the hypervisor sees it. */
static unsigned int count_ports(void)
{
    unsigned int count = 0;

    for (evtchn_port_t port = 1; port < EVENT_PORTS; port++) {
        struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

        if (HYPERVISOR_event_channel_op(EVTCHNOP_status, &status))
            break;
        count += status.status != EVTCHNSTAT_closed;
    }
    return count;
}

static unsigned int count_grants(void)
{
    const grant_entry_v1_t *table = grants_table();
    unsigned int count = 0;

    for (unsigned int i = GNTTAB_NR_RESERVED_ENTRIES; i < grants_count(); i++)
        count += !!table[i].flags;
    return count;
}

void machine_usage(void *unused, struct ts_cli_usage *usage)
{
    struct mallinfo heap = mallinfo();

    (void)unused;
    *usage = (struct ts_cli_usage){
        .heap_bytes = heap_in_use(),
        .heap_size = heap.arena,
        .event_ports = count_ports(),
        .grants = count_grants(),
        .mapped_frames = (unsigned int)(foreign_mapped() - bulk_pages()),
        .xenstore_nodes = service_xenstore_nodes(),
    };
}
