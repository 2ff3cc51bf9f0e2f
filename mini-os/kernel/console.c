/* SPDX-License-Identifier: MIT */
/*
 * The domain's console as a stream of bytes: domain 0 has the hypervisor's, any other one
 * a page of two rings shared with its back end.
 *
 * Nothing that the back end writes into the page can do more than garble the text.
 */
#include "console.h"

#include <string.h>

#include <abi/io/console.h>
#include <mini-os/boot.h>
#include <mini-os/console.h>
#include <mini-os/events.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>

#include "internal.h"
#include "readiness.h"

static struct xencons_interface *ring; /* NULL: the hypervisor's console */
static struct wait_queue input_waiters, output_waiters;

/*
 * What the hypervisor has received, [start, end) of bytes: its own queue is short, so it
 * is emptied when it says that there is something, not when somebody reads.
 */
#define RECEIVED_ORDER 2
#define RECEIVED_SIZE  ((size_t)PAGE_SIZE << RECEIVED_ORDER)

static struct {
    char *bytes; /* NULL: no memory, or a ring is used */
    size_t start, end;
} received;

static void receive(void)
{
    int got = 1;

    if (received.start == received.end)
        received.start = received.end = 0;
    while (received.bytes && received.end < RECEIVED_SIZE && got > 0) {
        got = console_read(received.bytes + received.end, RECEIVED_SIZE - received.end);
        if (got > 0)
            received.end += (size_t)got;
    }
}

static size_t take_received(char *buf, size_t len)
{
    size_t left;

    receive();
    left = received.end - received.start;
    if (len > left)
        len = left;
    memcpy(buf, received.bytes + received.start, len);
    received.start += len;
    return len;
}

static void console_event(evtchn_port_t port, void *data)
{
    (void)port, (void)data;
    receive();
    queue_wake_all(&input_waiters);
    queue_wake_all(&output_waiters);
    poll_wake();
}

bool console_is_ring(void)
{
    return ring;
}

static size_t ring_write(const char *text, size_t len)
{
    XENCONS_RING_IDX prod = ring->out_prod;
    XENCONS_RING_IDX used = prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);
    size_t room = used < sizeof(ring->out) ? sizeof(ring->out) - used : 0;

    if (len > room)
        len = room;
    for (size_t i = 0; i < len; i++)
        ring->out[MASK_XENCONS_IDX(prod++, ring->out)] = text[i];
    __atomic_store_n(&ring->out_prod, prod, __ATOMIC_SEQ_CST);
    if (len)
        event_send(boot_info->console.domU.evtchn);
    return len;
}

static size_t ring_read(char *buf, size_t len)
{
    XENCONS_RING_IDX cons = ring->in_cons;
    XENCONS_RING_IDX used = __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE) - cons;

    if (used > sizeof(ring->in))
        used = sizeof(ring->in);
    if (len > used)
        len = used;
    for (size_t i = 0; i < len; i++)
        buf[i] = ring->in[MASK_XENCONS_IDX(cons++, ring->in)];
    __atomic_store_n(&ring->in_cons, cons, __ATOMIC_SEQ_CST);
    if (len)
        event_send(boot_info->console.domU.evtchn);
    return len;
}

/* What kprintf() says goes there too as far as there is room: it cannot wait. */
static void copy_to_ring(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            ring_write("\r", 1);
        ring_write(&text[i], 1);
    }
}

void console_put(const char *text, size_t len)
{
    bool events;

    if (!ring) {
        console_write(text, len);
        return;
    }
    events = events_save_disable();
    while (len) {
        size_t done = ring_write(text, len);

        text += done;
        len -= done;
        if (len)
            queue_wait(&output_waiters, TIME_NEVER);
    }
    events_restore(events);
}

static size_t read_now(char *buf, size_t len)
{
    int got;

    if (ring)
        return ring_read(buf, len);
    if (received.bytes)
        return take_received(buf, len);
    got = console_read(buf, len);
    return got > 0 ? got : 0;
}

size_t console_get(char *buf, size_t len, uint64_t deadline)
{
    bool events = events_save_disable();
    size_t got = read_now(buf, len);

    while (!got && deadline != TIME_NOW && !queue_wait(&input_waiters, deadline))
        got = read_now(buf, len);
    events_restore(events);
    return got;
}

static void open_ring(void)
{
    evtchn_port_t port = boot_info->console.domU.evtchn;
    int rc;

    if (!ring) {
        struct xencons_interface *page = window_reserve(1);

        BUG_ON(!page);
        ring = page;
    }
    rc = map_mfn(ring, boot_info->console.domU.mfn, PTE_RW);
    BUG_ON(rc);
    event_set_handler(port, console_event, NULL);
    event_unmask(port);
    console_copy = copy_to_ring;
}

/* A domain without a console of either kind still has what it prints. */
void console_init(void)
{
    if (boot_info->flags & SIF_INITDOMAIN) {
        received.bytes = alloc_pages(RECEIVED_ORDER);
        event_bind_virq(VIRQ_CONSOLE, 0, console_event, NULL);
    } else if (boot_info->console.domU.mfn) {
        open_ring();
    }
}

void console_resume(void)
{
    console_init();
    console_event(0, NULL);
}
