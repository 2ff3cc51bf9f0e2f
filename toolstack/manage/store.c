/* SPDX-License-Identifier: MIT */
/* The manager's xenstore over the daemon in the same program. */
#include <ts/store.h>

#include <stdlib.h>

#include <ts/xs_local.h>
#include <ts/xs_ring.h>
#include <ts/xs_server.h>

/* One domain's ring. The daemon's transport for it is what keeps it alive. */
struct guest_ring {
    struct ts_store *store;
    struct guest_ring *next;
    domid_t id;
    evtchn_port_t port; /* ours */
    void *page;
    struct xs_ring ring;
};

#define NR_BUCKETS 256

struct ts_store {
    struct ts_hv *hv;
    struct xs_server *server;
    struct xs_local *local;
    struct guest_ring *bucket[NR_BUCKETS]; /* by local port */
};

struct ts_store *ts_store_create(struct ts_hv *hv, struct xs_server *server)
{
    struct ts_store *store = calloc(1, sizeof(*store));

    if (!store)
        return NULL;
    store->hv = hv;
    store->server = server;
    store->local = xs_local_open(server, 0);
    if (store->local)
        return store;
    free(store);
    return NULL;
}

void ts_store_destroy(struct ts_store *store)
{
    if (!store)
        return;
    for (unsigned int i = 0; i < NR_BUCKETS; i++)
        while (store->bucket[i])
            xs_server_release(store->server, store->bucket[i]->id);
    xs_local_close(store->local);
    free(store);
}

bool ts_store_event(struct ts_store *store, evtchn_port_t port)
{
    const struct guest_ring *g = store->bucket[port % NR_BUCKETS];
    struct xs_connection *connection;

    while (g && g->port != port)
        g = g->next;
    if (!g)
        return false;
    connection = xs_server_find(store->server, g->id);
    if (connection)
        xs_connection_ready(connection);
    return connection != NULL;
}

/* --- a domain's ring --- */

static void ring_signal(void *context)
{
    const struct guest_ring *g = context;
    struct ts_hv *hv = g->store->hv;

    (void)hv->ops->evtchn_send(hv, g->port);
}

static void ring_close(void *context)
{
    struct guest_ring *g = context;
    struct guest_ring **at = &g->store->bucket[g->port % NR_BUCKETS];
    struct ts_hv *hv = g->store->hv;

    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
    (void)hv->ops->evtchn_close(hv, g->port);
    hv->ops->frames_unmap(hv, g->page, 1);
    free(g);
}

/* Maps and binds; 0 with *made, or a negative XEN_E* and nothing left. */
static int ring_open(struct ts_store *store, domid_t id, uint64_t ring_mfn,
                     evtchn_port_t guest_port, struct guest_ring **made)
{
    struct ts_hv *hv = store->hv;
    struct guest_ring *g = calloc(1, sizeof(*g));
    xen_pfn_t mfn = ring_mfn;
    int rc;

    if (!g)
        return -XEN_ENOMEM;
    rc = hv->ops->frames_map(hv, id, &mfn, 1, &g->page);
    if (rc)
        goto free;
    rc = hv->ops->evtchn_bind(hv, id, guest_port, &g->port);
    if (rc)
        goto unmap;
    g->store = store;
    g->id = id;
    g->next = store->bucket[g->port % NR_BUCKETS];
    store->bucket[g->port % NR_BUCKETS] = g;
    xs_ring_init(&g->ring, g->page, ring_signal, ring_close, g);
    *made = g;
    return 0;

unmap:
    hv->ops->frames_unmap(hv, g->page, 1);
free:
    free(g);
    return rc;
}

static int store_introduce(void *context, domid_t id, uint64_t ring_mfn,
                           evtchn_port_t guest_port)
{
    struct ts_store *store = context;
    struct xs_transport transport;
    struct guest_ring *g;
    int rc = ring_open(store, id, ring_mfn, guest_port, &g);

    if (rc)
        return rc;
    transport = xs_ring_transport(&g->ring);
    rc = xs_server_introduce(store->server, id, &transport, NULL);
    if (rc)
        ring_close(g);
    return rc;
}

static void store_ended(void *context, domid_t id)
{
    (void)xs_server_shutdown(((struct ts_store *)context)->server, id);
}

static void store_release(void *context, domid_t id)
{
    (void)xs_server_release(((struct ts_store *)context)->server, id);
}

/* --- nodes --- */

static struct xs_local *local_of(void *context)
{
    return ((struct ts_store *)context)->local;
}

static int store_begin(void *context, uint32_t *transaction)
{
    return xs_local_transaction_start(local_of(context), transaction);
}

static int store_end(void *context, uint32_t transaction, bool commit)
{
    return xs_local_transaction_end(local_of(context), transaction, commit);
}

static int store_write(void *context, uint32_t transaction, const char *path,
                       const void *value, size_t n)
{
    return xs_local_write(local_of(context), transaction, path, value, n);
}

static int store_read(void *context, uint32_t transaction, const char *path, char *text,
                      size_t size)
{
    return xs_local_read(local_of(context), transaction, path, text, size, NULL);
}

static int store_remove(void *context, uint32_t transaction, const char *path)
{
    return xs_local_remove(local_of(context), transaction, path);
}

static uint8_t access_of(char letter)
{
    switch (letter) {
    case 'r':
        return XS_ACCESS_READ;
    case 'w':
        return XS_ACCESS_WRITE;
    case 'b':
        return XS_ACCESS_READ | XS_ACCESS_WRITE;
    default:
        return XS_ACCESS_NONE;
    }
}

static int store_set_perms(void *context, uint32_t transaction, const char *path,
                           domid_t owner, char others, domid_t reader)
{
    const struct xs_permission permissions[] = { { owner, access_of(others) },
                                                 { reader, XS_ACCESS_READ } };

    return xs_local_set_permissions(local_of(context), transaction, path, permissions,
                                    reader == DOMID_INVALID ? 1 : 2);
}

const struct ts_store_ops ts_store_ops = {
    .begin = store_begin,
    .end = store_end,
    .write = store_write,
    .read = store_read,
    .remove = store_remove,
    .set_perms = store_set_perms,
    .introduce = store_introduce,
    .ended = store_ended,
    .release = store_release,
};
