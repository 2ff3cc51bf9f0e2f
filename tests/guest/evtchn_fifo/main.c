/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: there are no FIFO event channels; the guest stays with two levels of
 * bitmaps. Provocation: the three commands, with an argument, and without one. Expected:
 * -ENOSYS before anything is looked at, and events go on working.
 */
/* xen: differs FIFO event channels are left out of Pavise */
#include <test.h>

#include <mini-os/events.h>

COVERS(event_channel_op, EVTCHNOP_init_control, EVTCHNOP_expand_array,
       EVTCHNOP_set_priority);

static void check_command(unsigned int cmd, void *arg)
{
    check_eq(HYPERVISOR_event_channel_op(cmd, arg), -ENOSYS);
    check_eq(HYPERVISOR_event_channel_op(cmd, NULL), -ENOSYS);
}

static void count(evtchn_port_t port, void *data)
{
    (void)port;
    ++*(volatile unsigned int *)data;
}

void test_main(void)
{
    /* Arguments that Xen refuses, so that it does not switch. */
    struct evtchn_init_control init = { .offset = 1, .vcpu = 0 };
    struct evtchn_expand_array expand = { .array_gfn = ~0UL };
    struct evtchn_set_priority priority = { .port = 0, .priority = ~0U };
    volatile unsigned int received = 0;
    int port;

    check_command(EVTCHNOP_init_control, &init);
    check_command(EVTCHNOP_expand_array, &expand);
    check_command(EVTCHNOP_set_priority, &priority);
    port = event_bind_ipi(0, count, (void *)&received);
    require(port > 0);
    events_enable();
    check_eq(event_send(port), 0);
    events_disable();
    check_eq(received, 1);
    event_close(port);
}
