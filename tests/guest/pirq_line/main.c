/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a device's level-triggered line is an event channel; each interrupt comes
 * once, and again after PHYSDEVOP_eoi as long as the device holds the line.
 * Provocation: QEMU's edu device raises and drops its line: with the event handled, left
 * alone, behind a masked port, with and without end of interrupt, hundreds of times,
 * while the port is closed and bound again, and on the other vCPU.
 * Expected: an event for each, none more, and none on a vCPU that is not notified.
 *
 * xen: differs Xen ends an interrupt itself when the guest takes longer than a moment
 */
/* qemu: -smp 2 -device edu */
/* also: -smp 1 -device edu */
/* also: -smp 4 -machine q35 -device edu */
#include <edu.h>
#include <test.h>

#include <abi/event_channel.h>
#include <abi/physdev.h>
#include <mini-os/events.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(physdev_op, PHYSDEVOP_map_pirq, PHYSDEVOP_unmap_pirq, PHYSDEVOP_eoi,
       EVTCHNOP_bind_pirq, EVTCHNOP_bind_vcpu);

#define ROUNDS  300
#define MAX_NS  (10 * NSEC_PER_SEC)
#define SOME_NS (20 * NSEC_PER_MSEC)

static struct edu edu;
static unsigned int pirq;
static volatile unsigned int events, handled_on, drop_after;

static void map_line(void)
{
    physdev_map_pirq_t map = { .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI };

    pirq = pci_read8(edu.address, PCI_INTERRUPT_LINE);
    map.index = map.pirq = (int)pirq;
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_map_pirq, &map), 0);
    check_eq(map.pirq, pirq);
}

static void unmap_line(void)
{
    physdev_unmap_pirq_t unmap = { .domid = DOMID_SELF, .pirq = (int)pirq };

    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_unmap_pirq, &unmap), 0);
}

static void eoi(void)
{
    physdev_eoi_t op = { .irq = pirq };

    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_eoi, &op), 0);
}

/* The device drops its line at event number drop_after. An event counts when all is done:
 * another vCPU may raise the line again at once. */
static void on_event(evtchn_port_t port, void *data)
{
    (void)port, (void)data;
    handled_on = this_vcpu()->id;
    if (events + 1 >= drop_after)
        edu_ack(&edu);
    eoi();
    events++;
}

static evtchn_port_t bind(event_handler_t *handler)
{
    int port = event_bind_pirq(pirq, handler, NULL);

    require(port > 0);
    return (evtchn_port_t)port;
}

/* Until that many events have come, or too long. */
static void wait_for(unsigned int count)
{
    uint64_t end = time_now() + MAX_NS;

    while (events < count && time_now() < end)
        time_sleep(NSEC_PER_MSEC);
    check_eq(events, count);
}

static void nothing_more(unsigned int count)
{
    uint64_t end = time_now() + SOME_NS;

    while (time_now() < end)
        time_sleep(SOME_NS / 4);
    check_eq(events, count);
}

static void start(unsigned int drop)
{
    events = 0;
    drop_after = drop;
}

static void check_level(void)
{
    evtchn_port_t port = bind(on_event);

    start(1);
    nothing_more(0);
    edu_raise(&edu);
    wait_for(1);
    nothing_more(1);
    start(5); /* four times the line is still up after the end of interrupt */
    edu_raise(&edu);
    wait_for(5);
    nothing_more(5);
    check_eq(event_close(port), 0);
}

static void check_storm(void)
{
    evtchn_port_t port = bind(on_event);

    for (unsigned int i = 1; i <= ROUNDS; i++) {
        start(1);
        edu_raise(&edu);
        for (uint64_t end = time_now() + MAX_NS; !events && time_now() < end;)
            cpu_relax();
        if (!check(events == 1, "one event for each interrupt"))
            break;
    }
    start(ROUNDS); /* the line is up all the time */
    edu_raise(&edu);
    wait_for(ROUNDS);
    nothing_more(ROUNDS);
    check_eq(event_close(port), 0);
}

/* The port's own mask is no end of interrupt, and the other way round. */
static void check_masks(void)
{
    evtchn_port_t port = bind(NULL);

    edu_raise(&edu);
    check_eq(event_poll(port, time_now() + MAX_NS), 0);
    check(event_is_pending(port), "pending behind the mask");
    event_clear(port);
    edu_ack(&edu);
    edu_raise(&edu);
    time_delay(SOME_NS);
    check(!event_is_pending(port), "nothing before the end of interrupt");
    eoi();
    time_delay(SOME_NS);
    check(event_is_pending(port), "what was raised meanwhile, after it");
    edu_ack(&edu);
    event_clear(port);
    eoi();
    eoi();
    time_delay(SOME_NS);
    check(!event_is_pending(port), "an acknowledged interrupt does not come again");
    check_eq(event_close(port), 0);
}

/* Whatever the state in which the port was closed. */
static void check_rebinding(void)
{
    evtchn_port_t port = bind(NULL);

    edu_raise(&edu);
    check_eq(event_poll(port, time_now() + MAX_NS), 0);
    check_eq(event_close(port), 0);
    start(1);
    port = bind(on_event);
    wait_for(1);
    check_eq(event_close(port), 0);
    edu_raise(&edu);
    time_delay(SOME_NS);
    start(1);
    port = bind(on_event);
    wait_for(1);
    nothing_more(1);
    check_eq(event_close(port), 0);
}

static volatile bool finish;

static void serve(void *unused)
{
    (void)unused;
    events_enable();
    while (!finish)
        time_sleep(NSEC_PER_MSEC);
}

static void check_other_vcpu(void)
{
    evtchn_port_t port = bind(on_event);
    unsigned int target = vcpu_count() - 1;

    require(vcpu_start(target, serve, NULL) == 0);
    for (unsigned int i = 0; i < 20; i++) {
        unsigned int vcpu = i % 2 ? 0 : target;

        check_eq(event_bind_vcpu(port, vcpu), 0);
        start(2);
        edu_raise(&edu);
        wait_for(2);
        check_eq(handled_on, vcpu);
    }
    check_eq(event_close(port), 0);
    finish = true;
    vcpu_join(target);
}

void test_main(void)
{
    events_enable();
    edu_open(&edu);
    map_line();
    check_level();
    check_storm();
    check_masks();
    check_rebinding();
    if (vcpu_count() > 1)
        check_other_vcpu();
    unmap_line();
}
