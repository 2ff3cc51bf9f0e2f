/* SPDX-License-Identifier: MIT */
/*
 * Split virtqueues. On x86 loads stay in order, and stores: barrier() keeps the compiler
 * in line. memory_barrier() orders a store before a load.
 */
#include "virtqueue.h"

#include <mini-os/mm.h>

#define DESC_WRITE    2 /* the device writes */
#define NO_INTERRUPTS 1 /* in available.flags */
#define NO_NOTICE     1 /* in used.flags */

struct virtq_desc {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags, next;
};

/* Laid out for VIRTQUEUE_BUFFERS; a shorter queue leaves the ends unused. */
struct virtq_ring {
    struct virtq_desc desc[VIRTQUEUE_BUFFERS];
    struct {
        uint16_t flags, index;
        uint16_t ring[VIRTQUEUE_BUFFERS];
        uint16_t used_event;
    } available;
    struct {
        uint16_t flags, index;
        struct {
            uint32_t id, bytes;
        } ring[VIRTQUEUE_BUFFERS];
        uint16_t avail_event;
    } used __attribute__((aligned(4)));
};

_Static_assert(sizeof(struct virtq_ring) <= VIRTQUEUE_BYTES, "one ring");

void virtqueue_init(struct virtqueue *queue, unsigned int index, void *ring,
                    unsigned int nr, unsigned int buffer_bytes)
{
    *queue = (struct virtqueue){
        .ring = ring,
        .index = (uint16_t)index,
        .nr = (uint16_t)nr,
        .buffer_bytes = (uint16_t)buffer_bytes,
    };
}

void virtqueue_addresses(const struct virtqueue *queue,
                         struct virtqueue_addresses *addresses)
{
    addresses->descriptors = virt_to_maddr(queue->ring->desc);
    addresses->available = virt_to_maddr(&queue->ring->available);
    addresses->used = virt_to_maddr(&queue->ring->used);
}

static void post(struct virtqueue *queue, unsigned int n, unsigned int bytes,
                 unsigned int flags)
{
    queue->ring->desc[n] = (struct virtq_desc){
        .address = virt_to_maddr(queue->buffer[n]),
        .bytes = bytes,
        .flags = (uint16_t)flags,
    };
    queue->ring->available.ring[queue->posted++ % queue->nr] = (uint16_t)n;
    queue->at_device |= 1u << n;
    barrier();
    WRITE_ONCE(queue->ring->available.index, queue->posted);
}

void virtqueue_post_empty(struct virtqueue *queue, unsigned int n)
{
    post(queue, n, queue->buffer_bytes, DESC_WRITE);
}

void virtqueue_post_full(struct virtqueue *queue, unsigned int n, unsigned int bytes)
{
    post(queue, n, bytes, 0);
}

void virtqueue_kick(struct virtqueue *queue)
{
    memory_barrier();
    if (!(READ_ONCE(queue->ring->used.flags) & NO_NOTICE))
        *queue->bell = queue->index;
}

int virtqueue_idle_buffer(const struct virtqueue *queue)
{
    for (unsigned int n = 0; n < queue->nr; n++)
        if (!(queue->at_device >> n & 1))
            return (int)n;
    return -1;
}

bool virtqueue_has_used(const struct virtqueue *queue)
{
    return READ_ONCE(queue->ring->used.index) != queue->taken;
}

int virtqueue_take(struct virtqueue *queue, unsigned int *n, unsigned int *bytes)
{
    unsigned int at = queue->taken % queue->nr;
    uint32_t id, written;

    if (!virtqueue_has_used(queue))
        return 0;
    barrier();
    id = READ_ONCE(queue->ring->used.ring[at].id);
    written = READ_ONCE(queue->ring->used.ring[at].bytes);
    if (id >= queue->nr || !(queue->at_device >> id & 1) || written > queue->buffer_bytes)
        return -1;
    queue->at_device &= ~(1u << id);
    queue->taken++;
    *n = id;
    *bytes = written;
    return 1;
}

void virtqueue_interrupts(struct virtqueue *queue, bool on)
{
    WRITE_ONCE(queue->ring->available.flags, on ? 0 : NO_INTERRUPTS);
    memory_barrier();
}
