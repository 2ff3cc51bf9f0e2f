/* SPDX-License-Identifier: MIT */
/*
 * One queue for all who wait for files: there are few of them.
 */
#include "readiness.h"

#include <mini-os/events.h>

#include "internal.h"

static struct wait_queue waiters;
static unsigned long nr_changes;

void poll_wake(void)
{
    bool events = events_save_disable();

    nr_changes++;
    queue_wake_all(&waiters);
    events_restore(events);
}

unsigned long poll_changes(void)
{
    return READ_ONCE(nr_changes);
}

int poll_wait(unsigned long changes, uint64_t deadline)
{
    bool events = events_save_disable();
    int rc = changes == nr_changes ? queue_wait(&waiters, deadline) : 0;

    events_restore(events);
    return rc;
}
