/* SPDX-License-Identifier: MIT */
/* mini-os's virtqueues, against a device that keeps the rules and one that does not. */
#include "../../mini-os/devices/virtqueue.h"
#include <mini-os/mm.h>
#include "test.h"

#define BUFFERS 8
#define BYTES   64
#define ROUNDS  70000 /* the counts go round */

/* The ring as a device reads it, by the offsets of the three parts (virtio 1.0, 2.4). */
struct descriptor {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags, next;
};

static _Alignas(16) uint8_t memory[VIRTQUEUE_BYTES];
static char buffer[BUFFERS][BYTES];
static struct virtqueue queue;
static struct virtqueue_addresses at;
static volatile uint16_t bell;
static uint16_t seen; /* by the device */

uint64_t virt_to_maddr(const volatile void *va)
{
    return (uint64_t)(uintptr_t)va;
}

static uint16_t *available(void)
{
    return (uint16_t *)(uintptr_t)at.available;
}

static uint16_t *used(void)
{
    return (uint16_t *)(uintptr_t)at.used;
}

static const struct descriptor *descriptor(unsigned int n)
{
    return (struct descriptor *)(uintptr_t)at.descriptors + n;
}

/* The device's part: the next buffer it was given, and giving one back. */
static unsigned int next_given(void)
{
    assert_int_not_equal(available()[1], seen);
    return available()[2 + seen++ % BUFFERS];
}

static void give_back(uint32_t id, uint32_t bytes)
{
    uint32_t *element = (uint32_t *)(used() + 2) + 2 * (size_t)(used()[1] % BUFFERS);

    element[0] = id;
    element[1] = bytes;
    used()[1]++;
}

static int setup(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    virtqueue_init(&queue, 5, memory, BUFFERS, BYTES);
    for (unsigned int i = 0; i < BUFFERS; i++)
        queue.buffer[i] = buffer[i];
    queue.bell = &bell;
    virtqueue_addresses(&queue, &at);
    bell = 0;
    seen = 0;
    return 0;
}

static void parts_are_aligned_and_apart(void **state)
{
    (void)state;
    assert_int_equal(at.descriptors % 16, 0);
    assert_int_equal(at.available % 2, 0);
    assert_int_equal(at.used % 4, 0);
    assert_true(at.descriptors + 16 * VIRTQUEUE_BUFFERS <= at.available);
    assert_true(at.available + 6 + 2 * VIRTQUEUE_BUFFERS <= at.used);
    assert_true(at.used + 6 + 8 * VIRTQUEUE_BUFFERS <=
                (uintptr_t)memory + VIRTQUEUE_BYTES);
}

static void buffers_go_round(void **state)
{
    unsigned int n = BUFFERS, bytes = 0;

    (void)state;
    for (unsigned int i = 0; i < ROUNDS; i++) {
        int idle = virtqueue_idle_buffer(&queue);

        assert_in_range(idle, 0, BUFFERS - 1);
        if (i % 2)
            virtqueue_post_empty(&queue, (unsigned int)idle);
        else
            virtqueue_post_full(&queue, (unsigned int)idle, 3);
        assert_int_equal(next_given(), idle);
        assert_int_equal(descriptor(idle)->address, (uintptr_t)buffer[idle]);
        assert_int_equal(descriptor(idle)->bytes, i % 2 ? BYTES : 3);
        assert_int_equal(descriptor(idle)->flags, i % 2 ? 2 : 0);
        assert_int_equal(virtqueue_take(&queue, &n, &bytes), 0);
        give_back((uint32_t)idle, i % (BYTES + 1));
        assert_true(virtqueue_has_used(&queue));
        assert_int_equal(virtqueue_take(&queue, &n, &bytes), 1);
        assert_int_equal(n, idle);
        assert_int_equal(bytes, i % (BYTES + 1));
    }
}

static void all_buffers_at_once_in_any_order(void **state)
{
    unsigned int n, bytes;

    (void)state;
    for (unsigned int i = 0; i < BUFFERS; i++)
        virtqueue_post_empty(&queue, i);
    assert_int_equal(virtqueue_idle_buffer(&queue), -1);
    for (unsigned int i = 0; i < BUFFERS; i++)
        give_back((i * 3) % BUFFERS, i);
    for (unsigned int i = 0; i < BUFFERS; i++) {
        assert_int_equal(virtqueue_take(&queue, &n, &bytes), 1);
        assert_int_equal(n, (i * 3) % BUFFERS);
        assert_int_equal(bytes, i);
    }
    assert_int_equal(virtqueue_take(&queue, &n, &bytes), 0);
}

static void the_bell_rings_unless_unwanted(void **state)
{
    (void)state;
    virtqueue_kick(&queue);
    assert_int_equal(bell, 5);
    bell = 0;
    used()[0] = 1;
    virtqueue_kick(&queue);
    assert_int_equal(bell, 0);
    virtqueue_interrupts(&queue, false);
    assert_int_equal(available()[0], 1);
    virtqueue_interrupts(&queue, true);
    assert_int_equal(available()[0], 0);
}

/* Nothing is stored, and buffer 1 stays the device's. */
static void assert_refused(uint32_t id, uint32_t written)
{
    unsigned int n = 77, bytes = 78;

    setup(NULL);
    virtqueue_post_empty(&queue, 1);
    give_back(id, written);
    for (int again = 0; again < 2; again++)
        assert_int_equal(virtqueue_take(&queue, &n, &bytes), -1);
    assert_int_equal(n, 77);
    assert_int_equal(bytes, 78);
    assert_int_equal(queue.at_device, 1u << 1);
}

static void a_lying_device_is_found_out(void **state)
{
    unsigned int n, bytes;

    (void)state;
    assert_refused(0, 1);
    assert_refused(BUFFERS, 1);
    assert_refused(UINT32_MAX, 1);
    assert_refused(1u << 16 | 1, 1);
    assert_refused(1, BYTES + 1);
    assert_refused(1, UINT32_MAX);
    setup(NULL);
    virtqueue_post_empty(&queue, 2);
    give_back(2, 0);
    give_back(2, 0); /* twice */
    assert_int_equal(virtqueue_take(&queue, &n, &bytes), 1);
    assert_int_equal(virtqueue_take(&queue, &n, &bytes), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(parts_are_aligned_and_apart, setup),
        cmocka_unit_test_setup(buffers_go_round, setup),
        cmocka_unit_test_setup(all_buffers_at_once_in_any_order, setup),
        cmocka_unit_test_setup(the_bell_rings_unless_unwanted, setup),
        cmocka_unit_test_setup(a_lying_device_is_found_out, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
