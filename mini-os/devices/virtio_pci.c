/* SPDX-License-Identifier: MIT */
/* virtio 1.0 over PCI: registers lie where vendor capabilities say (4.1.4). */
#include "virtio.h"

#include <mini-os/layout.h>
#include <mini-os/time.h>

#include "io.h"
#include "pci.h"

#define VENDOR             0x1af4
#define DEVICE_MODERN      0x1040 /* plus the kind */
#define DEVICE_CONSOLE_OLD 0x1003 /* has the legacy interface too */

/* In a vendor capability. */
#define CAP_BYTES      0x02
#define CAP_TYPE       0x03
#define CAP_BAR        0x04
#define CAP_OFFSET     0x08
#define CAP_LENGTH     0x0c
#define CAP_MULTIPLIER 0x10
#define CAP_END        0x10

enum cap_type { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_DEVICE = 4 };

/* Common registers. */
#define DEVICE_FEATURE_SELECT 0x00
#define DEVICE_FEATURE        0x04
#define DRIVER_FEATURE_SELECT 0x08
#define DRIVER_FEATURE        0x0c
#define DEVICE_STATUS         0x14
#define QUEUE_SELECT          0x16
#define QUEUE_SIZE            0x18
#define QUEUE_ENTRY           0x1a /* of the MSI-X table */
#define QUEUE_ENABLE          0x1c
#define QUEUE_NOTIFY_OFFSET   0x1e
#define QUEUE_DESCRIPTORS     0x20
#define QUEUE_AVAILABLE       0x28
#define QUEUE_USED            0x30
#define COMMON_BYTES          0x38

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER      2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define STATUS_FAILED      128

#define FEATURE_VERSION_1 (1ull << 32)
#define ISR_QUEUE         1
#define RESET_LIMIT_NS    (100 * NSEC_PER_MSEC)
#define MAX_WINDOW        (64 * 1024) /* more of a BAR is not looked at */

bool virtio_is(unsigned int address, unsigned int kind)
{
    uint16_t device = pci_read16(address, PCI_DEVICE);

    return pci_read16(address, PCI_VENDOR) == VENDOR &&
           (device == DEVICE_MODERN + kind ||
            (device == DEVICE_CONSOLE_OLD && kind == VIRTIO_ID_CONSOLE));
}

/* The vendor capability of the type; 0: none. */
static unsigned int find_cap(unsigned int address, enum cap_type type)
{
    unsigned int at = 0;

    while ((at = pci_find_capability(address, PCI_CAP_VENDOR, at)))
        if (pci_read8(address, at + CAP_TYPE) == type &&
            pci_read8(address, at + CAP_BYTES) >= CAP_END)
            return at;
    return 0;
}

/* The registers that a capability tells of; NULL when they are less than `least` bytes or
 * cannot be mapped. *bytes: how many there are. */
static volatile char *map_registers(unsigned int address, enum cap_type type,
                                    unsigned int least, unsigned int *bytes)
{
    unsigned int cap = find_cap(address, type);
    uint32_t offset, length;
    uint64_t bar;

    if (!cap)
        return NULL;
    bar = pci_memory_bar(address, pci_read8(address, cap + CAP_BAR));
    offset = pci_read32(address, cap + CAP_OFFSET);
    length = pci_read32(address, cap + CAP_LENGTH);
    if (!bar || length < least)
        return NULL;
    *bytes = length < MAX_WINDOW ? length : MAX_WINDOW;
    return io_map(bar + offset, *bytes);
}

bool virtio_attach(struct virtio_device *device, unsigned int address)
{
    uint16_t command = pci_read16(address, PCI_COMMAND);
    unsigned int bytes, cap = find_cap(address, CAP_NOTIFY);

    *device = (struct virtio_device){ .address = address };
    if (!cap)
        return false;
    command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
    pci_write16(address, PCI_COMMAND, command & (uint16_t)~PCI_COMMAND_NO_INT);
    device->notify_multiplier = pci_read32(address, cap + CAP_MULTIPLIER);
    device->common = map_registers(address, CAP_COMMON, COMMON_BYTES, &bytes);
    device->isr = map_registers(address, CAP_ISR, 1, &bytes);
    device->config = map_registers(address, CAP_DEVICE, 4, &bytes);
    device->notify = map_registers(address, CAP_NOTIFY, 2, &device->notify_bytes);
    return device->common && device->isr && device->config && device->notify;
}

unsigned int virtio_line(const struct virtio_device *device)
{
    return pci_read8(device->address, PCI_INTERRUPT_LINE);
}

static uint8_t get_status(const struct virtio_device *device)
{
    return mmio_read8(device->common + DEVICE_STATUS);
}

static void add_status(struct virtio_device *device, uint8_t bit)
{
    mmio_write8(device->common + DEVICE_STATUS, get_status(device) | bit);
}

void virtio_reset(struct virtio_device *device)
{
    uint64_t end = time_now() + RESET_LIMIT_NS;

    mmio_write8(device->common + DEVICE_STATUS, 0);
    while (get_status(device) && time_now() < end)
        cpu_relax();
}

static bool agree_on_features(struct virtio_device *device, uint64_t wanted)
{
    uint64_t offered = 0;

    for (uint32_t half = 0; half < 2; half++) {
        mmio_write32(device->common + DEVICE_FEATURE_SELECT, half);
        offered |= (uint64_t)mmio_read32(device->common + DEVICE_FEATURE) << half * 32;
        mmio_write32(device->common + DRIVER_FEATURE_SELECT, half);
        mmio_write32(device->common + DRIVER_FEATURE, (uint32_t)(wanted >> half * 32));
    }
    if (wanted & ~offered)
        return false;
    add_status(device, STATUS_FEATURES_OK);
    return get_status(device) & STATUS_FEATURES_OK;
}

bool virtio_start(struct virtio_device *device, uint64_t features)
{
    virtio_reset(device);
    if (get_status(device))
        return false;
    add_status(device, STATUS_ACKNOWLEDGE);
    add_status(device, STATUS_DRIVER);
    if (agree_on_features(device, features | FEATURE_VERSION_1))
        return true;
    add_status(device, STATUS_FAILED);
    return false;
}

void virtio_use_message(struct virtio_device *device)
{
    device->has_message = true;
}

/* With the queue selected: its interrupts come by entry 0. */
static bool choose_entry(struct virtio_device *device)
{
    if (!device->has_message)
        return true;
    mmio_write16(device->common + QUEUE_ENTRY, 0);
    return mmio_read16(device->common + QUEUE_ENTRY) == 0;
}

static void write_address(struct virtio_device *device, unsigned int reg, uint64_t maddr)
{
    mmio_write32(device->common + reg, (uint32_t)maddr);
    mmio_write32(device->common + reg + 4, (uint32_t)(maddr >> 32));
}

bool virtio_add_queue(struct virtio_device *device, struct virtqueue *queue)
{
    struct virtqueue_addresses at;
    unsigned int bell;

    mmio_write16(device->common + QUEUE_SELECT, queue->index);
    bell = mmio_read16(device->common + QUEUE_NOTIFY_OFFSET) * device->notify_multiplier;
    if (mmio_read16(device->common + QUEUE_SIZE) < queue->nr ||
        bell > device->notify_bytes - sizeof(*queue->bell) || !choose_entry(device))
        return false;
    virtqueue_addresses(queue, &at);
    mmio_write16(device->common + QUEUE_SIZE, queue->nr);
    write_address(device, QUEUE_DESCRIPTORS, at.descriptors);
    write_address(device, QUEUE_AVAILABLE, at.available);
    write_address(device, QUEUE_USED, at.used);
    mmio_write16(device->common + QUEUE_ENABLE, 1);
    queue->bell = (volatile uint16_t *)(device->notify + bell);
    return true;
}

void virtio_go(struct virtio_device *device)
{
    add_status(device, STATUS_DRIVER_OK);
}

bool virtio_interrupt(struct virtio_device *device)
{
    return device->has_message || mmio_read8(device->isr) & ISR_QUEUE;
}
