/* SPDX-License-Identifier: MIT */
/*
 * A virtio device on the PCI bus, by the transport of virtio 1.0 (4.1); what came before
 * it ("legacy") is not used.
 */
#ifndef MINI_OS_DEVICES_VIRTIO_H
#define MINI_OS_DEVICES_VIRTIO_H

#include "virtqueue.h"

#define VIRTIO_ID_CONSOLE 3

struct virtio_device {
    unsigned int address;  /* of the PCI function */
    volatile char *common; /* registers of all kinds of devices */
    volatile char *notify; /* a notification register for each queue... */
    unsigned int notify_bytes, notify_multiplier; /* ... so far apart */
    volatile char *isr;    /* interrupt status: reading clears it */
    bool has_message;      /* interrupts by entry 0 of its MSI-X table */
    volatile char *config; /* registers of this kind */
};

/* Is the PCI function a virtio device of the kind? */
bool virtio_is(unsigned int address, unsigned int kind);

/* Finds and maps the registers. Returns false: they are not all there, or not mapped. */
bool virtio_attach(struct virtio_device *device, unsigned int address);

/* The interrupt line, as firmware has entered it. */
unsigned int virtio_line(const struct virtio_device *device);

/* Interrupts come by entry 0 of the MSI-X table, which is enabled, from virtio_start() on;
 * without this, by the line. */
void virtio_use_message(struct virtio_device *device);

/*
 * Resets the device and agrees on the features wanted (a bit each; VIRTIO_F_VERSION_1 need
 * not be among them), all of which it must have. Returns whether it does; if not, it is
 * marked as given up.
 */
bool virtio_start(struct virtio_device *device, uint64_t features);

/* Between virtio_start() and virtio_go(): makes the queue known. Returns false: the device
 * has no such queue, a shorter one, or no message for it. */
bool virtio_add_queue(struct virtio_device *device, struct virtqueue *queue);

/* The device may work from now on. */
void virtio_go(struct virtio_device *device);

/* Stops it: it uses no memory and raises no interrupt any more. */
void virtio_reset(struct virtio_device *device);

/* Acknowledges the interrupt. Returns whether it may be for a queue. */
bool virtio_interrupt(struct virtio_device *device);

#endif
