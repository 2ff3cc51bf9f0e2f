/* SPDX-License-Identifier: MIT */
/* The transport over a guest's page. */
#include <ts/xs_ring.h>

#include <abi/errno.h>
#include <string.h>

/* Fields of the page are read and written once each time, by these. */
static uint32_t load(const uint32_t *field)
{
    return __atomic_load_n(field, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *field, uint32_t value)
{
    __atomic_store_n(field, value, __ATOMIC_RELEASE);
}

static int ring_fail_index(struct xs_ring *ring)
{
    store(&ring->page->error, XENSTORE_ERROR_RINGIDX);
    ring->signal(ring->context);
    return -XEN_EIO;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int ring_read(void *context, void *buffer, size_t size)
{
    struct xs_ring *ring = context;
    struct xenstore_domain_interface *page = ring->page;
    uint32_t there = load(&page->req_prod) - ring->req_cons;
    uint32_t at = MASK_XENSTORE_IDX(ring->req_cons);
    size_t first;

    if (there > XENSTORE_RING_SIZE)
        return ring_fail_index(ring);
    if (!there)
        return 0;
    size = smaller(size, there);
    first = smaller(size, XENSTORE_RING_SIZE - at);
    memcpy(buffer, page->req + at, first);
    memcpy((char *)buffer + first, page->req, size - first);
    if (size) {
        ring->req_cons += (uint32_t)size;
        store(&page->req_cons, ring->req_cons);
    }
    return (int)size;
}

static int ring_write(void *context, const void *data, size_t size)
{
    struct xs_ring *ring = context;
    struct xenstore_domain_interface *page = ring->page;
    uint32_t unread = ring->rsp_prod - load(&page->rsp_cons);
    uint32_t at = MASK_XENSTORE_IDX(ring->rsp_prod);
    size_t first;

    if (unread > XENSTORE_RING_SIZE)
        return ring_fail_index(ring);
    size = smaller(size, XENSTORE_RING_SIZE - unread);
    first = smaller(size, XENSTORE_RING_SIZE - at);
    memcpy(page->rsp + at, data, first);
    memcpy(page->rsp, (const char *)data + first, size - first);
    if (size) {
        ring->rsp_prod += (uint32_t)size;
        store(&page->rsp_prod, ring->rsp_prod);
    }
    return (int)size;
}

static void ring_notify(void *context)
{
    struct xs_ring *ring = context;

    ring->signal(ring->context);
}

/* The guest waits for CONNECTED, so that nobody writes to the page meanwhile. */
static int ring_reconnect(void *context)
{
    struct xs_ring *ring = context;
    struct xenstore_domain_interface *page = ring->page;

    if (load(&page->connection) != XENSTORE_RECONNECT)
        return 0;
    ring->req_cons = ring->rsp_prod = 0;
    store(&page->req_cons, 0);
    store(&page->req_prod, 0);
    store(&page->rsp_cons, 0);
    store(&page->rsp_prod, 0);
    store(&page->error, XENSTORE_ERROR_NONE);
    store(&page->connection, XENSTORE_CONNECTED);
    return 1;
}

static void ring_fail(void *context, uint32_t error)
{
    struct xs_ring *ring = context;

    store(&ring->page->error, error);
    ring->signal(ring->context);
}

static void ring_close(void *context)
{
    struct xs_ring *ring = context;

    if (ring->close)
        ring->close(ring->context);
}

static const struct xs_transport_ops ring_ops = {
    .read = ring_read,
    .write = ring_write,
    .notify = ring_notify,
    .reconnect = ring_reconnect,
    .fail = ring_fail,
    .close = ring_close,
};

void xs_ring_init(struct xs_ring *ring, struct xenstore_domain_interface *page,
                  void (*signal)(void *context), void (*close)(void *context),
                  void *context)
{
    *ring = (struct xs_ring){ .page = page, .signal = signal, .close = close };
    ring->context = context;
    ring->req_cons = load(&page->req_cons);
    ring->rsp_prod = load(&page->rsp_prod);
    store(&page->error, XENSTORE_ERROR_NONE);
    store(&page->server_features,
          XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR);
}

struct xs_transport xs_ring_transport(struct xs_ring *ring)
{
    return (struct xs_transport){ .ops = &ring_ops, .context = ring };
}
