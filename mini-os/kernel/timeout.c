/* SPDX-License-Identifier: MIT */
/*
 * Timeouts: a list in the order of deadlines, whose head is vCPU 0's single-shot timer.
 */
#include <mini-os/timeout.h>

#include <abi/xen.h>
#include <mini-os/events.h>
#include <mini-os/panic.h>
#include <mini-os/time.h>

#include "internal.h"

static struct timeout *head;
static uint64_t programmed = TIME_NEVER; /* what the hypervisor's timer is set to */

/* To the hypervisor, time 0 is no time. */
static void program(void)
{
    if (!head || programmed == head->deadline)
        return;
    programmed = head->deadline;
    timer_set(programmed ? programmed : 1);
}

static void insert(struct timeout *timeout)
{
    struct timeout **link = &head;

    while (*link && (*link)->deadline <= timeout->deadline)
        link = &(*link)->next;
    timeout->next = *link;
    timeout->link = link;
    if (timeout->next)
        timeout->next->link = &timeout->next;
    *link = timeout;
}

static void take_out(struct timeout *timeout)
{
    *timeout->link = timeout->next;
    if (timeout->next)
        timeout->next->link = timeout->link;
    timeout->link = NULL;
}

void timeout_set(struct timeout *timeout, uint64_t deadline,
                 void (*fn)(struct timeout *timeout))
{
    bool events = events_save_disable();

    if (timeout->link)
        take_out(timeout);
    timeout->deadline = deadline;
    timeout->fn = fn;
    insert(timeout);
    program();
    events_restore(events);
}

/* A timer that then comes for nothing is cheaper than setting it. */
bool timeout_cancel(struct timeout *timeout)
{
    bool events = events_save_disable();
    bool was_set = timeout->link;

    if (was_set)
        take_out(timeout);
    events_restore(events);
    return was_set;
}

static void expire(evtchn_port_t port, void *data)
{
    uint64_t now = time_now();

    (void)port, (void)data;
    programmed = TIME_NEVER;
    while (head && head->deadline <= now) {
        struct timeout *due = head;

        take_out(due);
        due->fn(due);
    }
    program();
}

void timeout_init(void)
{
    int port = event_bind_virq(VIRQ_TIMER, 0, expire, NULL);

    BUG_ON(port < 0);
}

/* Ports and timers are gone; system time may have gone back. */
void timeout_resume(void)
{
    timeout_init();
    programmed = TIME_NEVER;
    program();
}
