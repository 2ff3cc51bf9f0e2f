/* SPDX-License-Identifier: MIT */
/*
 * A split virtqueue (virtio 1.0, 2.4) whose descriptor n always stands for buffer n. The
 * driver is the queue's only user; calls must not interrupt one another. What the device
 * writes is checked: it cannot name a buffer that it does not have, nor a length beyond.
 */
#ifndef MINI_OS_DEVICES_VIRTQUEUE_H
#define MINI_OS_DEVICES_VIRTQUEUE_H

#include <mini-os/compiler.h>

#define VIRTQUEUE_BUFFERS 32
#define VIRTQUEUE_BYTES   1024 /* of the ring in memory: fits in a quarter of a page */

struct virtq_ring;

struct virtqueue {
    struct virtq_ring *ring;   /* in the linear map, VIRTQUEUE_BYTES aligned to 16 */
    volatile uint16_t *bell;   /* the device's notification register */
    uint16_t index;            /* which of the device's queues */
    uint16_t nr, buffer_bytes; /* nr a power of 2, up to VIRTQUEUE_BUFFERS */
    uint16_t posted, taken;    /* free-running counts of buffers */
    uint32_t at_device;        /* bit n: the device has buffer n */
    char *buffer[VIRTQUEUE_BUFFERS];
};

/* Where the device finds the three parts of the ring: machine addresses. */
struct virtqueue_addresses {
    uint64_t descriptors, available, used;
};

/*
 * Sets up the ring in zeroed memory for nr buffers of buffer_bytes each; those are the
 * caller's to enter in queue->buffer[] before they are posted.
 */
void virtqueue_init(struct virtqueue *queue, unsigned int index, void *ring,
                    unsigned int nr, unsigned int buffer_bytes);
void virtqueue_addresses(const struct virtqueue *queue,
                         struct virtqueue_addresses *addresses);

/* Gives buffer n, which the device must not have, to the device: to be written by it, or
 * with its first `bytes` to be read. */
void virtqueue_post_empty(struct virtqueue *queue, unsigned int n);
void virtqueue_post_full(struct virtqueue *queue, unsigned int n, unsigned int bytes);

/* Tells the device of what was posted, if it wants to be told. */
void virtqueue_kick(struct virtqueue *queue);

/* A buffer that the device does not have; -1: it has them all. */
int virtqueue_idle_buffer(const struct virtqueue *queue);

/* Has the device returned a buffer that was not taken yet? */
bool virtqueue_has_used(const struct virtqueue *queue);

/*
 * Takes back a buffer: its number, and how much the device has written. Returns 1; 0: there
 * is none; -1: the device has broken the rules, and the queue cannot be used any more.
 * Nothing is stored then.
 */
int virtqueue_take(struct virtqueue *queue, unsigned int *n, unsigned int *bytes);

/* Whether the device shall interrupt when it returns buffers. After switching on,
 * virtqueue_has_used() sees what came before. */
void virtqueue_interrupts(struct virtqueue *queue, bool on);

#endif
