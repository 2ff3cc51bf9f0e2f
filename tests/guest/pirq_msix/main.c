/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: each entry of a device's MSI-X table is an event channel of its own.
 * Provocation: a virtio random number device, whose queue is given another entry for each
 * request; with all bound, with one closed and bound again while its message came, with
 * ports on different vCPUs; the messages wiped out in the table and restored.
 * Expected: the event of the entry, no other; a masked entry's message comes later.
 */
/* qemu: -smp 2 -device virtio-rng-pci,disable-legacy=on,vectors=3 */
/* also: -smp 1 -machine q35 -device virtio-rng-pci,disable-legacy=on,vectors=3 */
#include <io.h>
#include <message.h>
#include <test.h>
#include <virtio.h>

#include <abi/event_channel.h>
#include <mini-os/events.h>
#include <mini-os/mm.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(physdev_op, PHYSDEVOP_map_pirq, PHYSDEVOP_unmap_pirq, PHYSDEVOP_restore_msi,
       PHYSDEVOP_restore_msi_ext, EVTCHNOP_bind_pirq);

#define VIRTIO_ID_RNG 4
#define QUEUE_SELECT  0x16 /* registers of the device */
#define QUEUE_ENTRY   0x1a
#define ENTRIES       3
#define ENTRY_BYTES   16
#define BUFFER_BYTES  16
#define ROUNDS        60
#define MAX_NS        (10 * NSEC_PER_SEC)
#define SOME_NS       (20 * NSEC_PER_MSEC)

static unsigned int rng;
static struct virtio_device device;
static struct virtqueue queue;
static volatile char *table;
static int pirq[ENTRIES];
static evtchn_port_t port[ENTRIES];
static volatile unsigned int events[ENTRIES], handled_on[ENTRIES];

static bool is_rng(unsigned int address, void *data)
{
    (void)data;
    rng = address;
    return virtio_is(address, VIRTIO_ID_RNG);
}

static void on_event(evtchn_port_t which, void *data)
{
    unsigned int entry = (unsigned int)(unsigned long)data;

    (void)which;
    handled_on[entry] = this_vcpu()->id;
    events[entry]++;
}

static void bind(unsigned int entry)
{
    int rc = event_bind_pirq((unsigned int)pirq[entry], on_event,
                             (void *)(unsigned long)entry);

    require(rc > 0);
    port[entry] = (evtchn_port_t)rc;
}

/* The message of the entry is sent as soon as the device has filled the buffer. */
static void provoke(unsigned int entry)
{
    uint64_t end = time_now() + MAX_NS;
    unsigned int n, bytes;

    mmio_write16(device.common + QUEUE_SELECT, 0);
    mmio_write16(device.common + QUEUE_ENTRY, (uint16_t)entry);
    check_eq(mmio_read16(device.common + QUEUE_ENTRY), entry);
    virtqueue_post_empty(&queue, 0);
    virtqueue_kick(&queue);
    while (!virtqueue_has_used(&queue) && time_now() < end)
        cpu_relax();
    require(virtqueue_take(&queue, &n, &bytes) == 1);
}

static void wait_for(unsigned int entry, unsigned int count)
{
    uint64_t end = time_now() + MAX_NS;

    while (events[entry] < count && time_now() < end)
        cpu_relax();
    check_eq(events[entry], count);
}

static void provoke_and_wait(unsigned int entry)
{
    unsigned int before[ENTRIES];

    for (unsigned int i = 0; i < ENTRIES; i++)
        before[i] = events[i];
    provoke(entry);
    wait_for(entry, before[entry] + 1);
    for (unsigned int i = 0; i < ENTRIES; i++)
        check_eq(events[i], before[i] + (i == entry));
}

static void start_device(void)
{
    char *page = alloc_page();

    require(page && virtio_attach(&device, rng) && virtio_start(&device, 0));
    virtqueue_init(&queue, 0, page, 1, BUFFER_BYTES);
    queue.buffer[0] = page + VIRTQUEUE_BYTES;
    require(virtio_add_queue(&device, &queue));
    virtio_go(&device);
}

static void set_up(void)
{
    require(!io_enable());
    require(pci_find(is_rng, NULL));
    require(message_report(rng) == 0);
    start_device();
    table = io_map(message_table(rng), ENTRIES * ENTRY_BYTES);
    require(table);
    for (unsigned int i = 0; i < ENTRIES; i++) {
        pirq[i] = message_map(rng, (int)i, message_table(rng));
        require(pirq[i] >= 0);
        bind(i);
    }
    message_enable(rng, PCI_CAP_MSIX, true);
}

static void check_each(void)
{
    for (unsigned int i = 0; i < ROUNDS; i++)
        provoke_and_wait(i % ENTRIES);
}

static void check_closed(void)
{
    unsigned int before = events[1];

    check_eq(event_close(port[1]), 0);
    provoke(1);
    time_delay(SOME_NS);
    check_eq(events[1], before);
    bind(1);
    wait_for(1, before + 1);
    provoke_and_wait(1);
}

static volatile bool finish;

static void serve(void *unused)
{
    (void)unused;
    events_enable();
    while (!finish)
        cpu_relax();
}

static void check_other_vcpu(void)
{
    require(vcpu_start(1, serve, NULL) == 0);
    for (unsigned int i = 0; i < ROUNDS; i++) {
        unsigned int vcpu = i & 1;

        check_eq(event_bind_vcpu(port[2], vcpu), 0);
        provoke_and_wait(2);
        provoke_and_wait(2);
        provoke_and_wait(0);
        check_eq(handled_on[2], vcpu);
        check_eq(handled_on[0], 0);
    }
    check_eq(event_bind_vcpu(port[2], 0), 0);
    finish = true;
    vcpu_join(1);
}

static void wipe_table(void)
{
    for (unsigned int i = 0; i < ENTRIES * ENTRY_BYTES; i += 4)
        mmio_write32(table + i, i % ENTRY_BYTES == 12 ? 1 : 0);
}

static void check_restore(void)
{
    physdev_restore_msi_t restore = { .bus = (uint8_t)(rng >> 8), .devfn = (uint8_t)rng };
    physdev_pci_device_t ext = { .bus = (uint8_t)(rng >> 8), .devfn = (uint8_t)rng };

    wipe_table();
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_restore_msi, &restore), 0);
    check_each();
    wipe_table();
    check_eq(HYPERVISOR_physdev_op(PHYSDEVOP_restore_msi_ext, &ext), 0);
    check_each();
}

void test_main(void)
{
    events_enable();
    set_up();
    check_each();
    check_closed();
    if (vcpu_count() > 1)
        check_other_vcpu();
    check_restore();
    virtio_reset(&device);
    for (unsigned int i = 0; i < ENTRIES; i++) {
        check_eq(event_close(port[i]), 0);
        check_eq(message_unmap(pirq[i]), 0);
        check_eq(mmio_read32(table + i * ENTRY_BYTES + 12), 1); /* masked */
    }
    message_enable(rng, PCI_CAP_MSIX, false);
}
