/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a device's message-signalled interrupt is an event channel.
 * Provocation: QEMU's edu device sends its message: with the event handled, behind a
 * masked port, hundreds of times, with the port moved to the other vCPU each time while
 * that one reads configuration space, with the port closed and with the PIRQ unmapped.
 * Expected: an event for each, merged behind the mask, none when nobody has bound it; no
 * end of interrupt is needed; configuration space reads the same all the time.
 */
/* qemu: -smp 2 -device edu */
/* also: -smp 1 -device edu */
/* also: -smp 4 -machine q35 -device edu */
#include <edu.h>
#include <message.h>
#include <test.h>

#include <abi/event_channel.h>
#include <mini-os/events.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(physdev_op, PHYSDEVOP_map_pirq, PHYSDEVOP_unmap_pirq, PHYSDEVOP_pci_device_add,
       EVTCHNOP_bind_pirq, EVTCHNOP_bind_vcpu);

#define ROUNDS  300
#define MAX_NS  (10 * NSEC_PER_SEC)
#define SOME_NS (20 * NSEC_PER_MSEC)

static struct edu edu;
static volatile unsigned int events, handled_on;

static void on_event(evtchn_port_t port, void *data)
{
    (void)port, (void)data;
    handled_on = this_vcpu()->id;
    edu_ack(&edu);
    events++;
}

static evtchn_port_t bind(int pirq, event_handler_t *handler)
{
    int port = event_bind_pirq((unsigned int)pirq, handler, NULL);

    require(port > 0);
    return (evtchn_port_t)port;
}

static void raise_and_wait(void)
{
    unsigned int before = events;
    uint64_t end = time_now() + MAX_NS;

    edu_raise(&edu);
    while (events == before && time_now() < end)
        cpu_relax();
    check_eq(events, before + 1);
}

static void nothing_comes(unsigned int count)
{
    time_delay(SOME_NS);
    check_eq(events, count);
}

static int open_message(void)
{
    int pirq = message_map(edu.address, 0, 0);

    require(pirq >= 0);
    message_enable(edu.address, PCI_CAP_MSI, true);
    return pirq;
}

static void close_message(int pirq)
{
    message_enable(edu.address, PCI_CAP_MSI, false);
    check_eq(message_unmap(pirq), 0);
}

static void check_events(int pirq)
{
    evtchn_port_t port = bind(pirq, on_event);

    for (unsigned int i = 0; i < ROUNDS; i++)
        raise_and_wait();
    nothing_comes(events);
    check_eq(event_close(port), 0);
}

static void check_masked(int pirq)
{
    evtchn_port_t port = bind(pirq, NULL);

    for (unsigned int i = 0; i < 3; i++)
        edu_raise(&edu);
    check_eq(event_poll(port, time_now() + MAX_NS), 0);
    check(event_is_pending(port), "pending behind the mask");
    edu_ack(&edu);
    event_clear(port);
    time_delay(SOME_NS);
    check(!event_is_pending(port), "they have merged");
    edu_raise(&edu);
    check_eq(event_poll(port, time_now() + MAX_NS), 0);
    check(event_is_pending(port), "no end of interrupt was needed");
    edu_ack(&edu);
    check_eq(event_close(port), 0);
}

static void check_closed(int pirq)
{
    unsigned int before = events;
    evtchn_port_t port;

    edu_raise(&edu);
    nothing_comes(before);
    edu_ack(&edu);
    port = bind(pirq, on_event);
    nothing_comes(before);
    raise_and_wait();
    check_eq(event_close(port), 0);
}

static volatile bool finish;

/* The other vCPU's use of the configuration ports, and of interrupts that come there. */
static void read_config(void *unused)
{
    (void)unused;
    require(!io_enable());
    events_enable();
    while (!finish)
        if (!check_eq(pci_read32(edu.address, PCI_VENDOR), EDU_ID))
            break;
}

static void check_other_vcpu(int pirq)
{
    unsigned int target = vcpu_count() - 1;
    evtchn_port_t port = bind(pirq, on_event);

    require(vcpu_start(target, read_config, NULL) == 0);
    for (unsigned int i = 0; i < ROUNDS; i++) {
        unsigned int vcpu = i % 2 ? 0 : target;

        check_eq(event_bind_vcpu(port, vcpu), 0);
        raise_and_wait();
        raise_and_wait();
        if (!check_eq(handled_on, vcpu))
            break;
    }
    finish = true;
    vcpu_join(target);
    check_eq(event_close(port), 0);
}

void test_main(void)
{
    int pirq;

    events_enable();
    edu_open(&edu);
    require(message_report(edu.address) == 0);
    for (unsigned int i = 0; i < 5; i++) {
        pirq = open_message();
        check_events(pirq);
        check_masked(pirq);
        check_closed(pirq);
        if (vcpu_count() > 1 && !i)
            check_other_vcpu(pirq);
        close_message(pirq);
    }
    edu_raise(&edu);
    nothing_comes(events);
    edu_ack(&edu);
}
