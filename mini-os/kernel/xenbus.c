/* SPDX-License-Identifier: MIT */
/*
 * The connection to xenstore: the shared ring, requests and their answers.
 *
 * Senders take turns under send_lock. One thread receives: an answer goes to the request
 * with its number, a watch event to the watch with its token. When the other end breaks
 * the protocol the connection is closed, and whoever waits gets -ENOTCONN.
 */
#include "xenbus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <mini-os/boot.h>
#include <mini-os/console.h>
#include <mini-os/events.h>
#include <mini-os/mm.h>
#include <mini-os/panic.h>

#include "internal.h"

/* Waits for an answer, on the stack of who asked. */
struct request {
    struct request *next;
    uint32_t id, type;
    bool done;
    struct xenbus_answer answer;
    struct wait_queue waiter;
};

static struct xenstore_domain_interface *ring; /* NULL: no connection */
static bool broken;
static struct wait_queue ring_waiters;
static struct mutex send_lock;

/* Changed with event delivery off. */
static struct request *requests;
static uint32_t last_id;

static void ring_event(evtchn_port_t port, void *data)
{
    (void)port, (void)data;
    queue_wake_all(&ring_waiters);
}

bool xenbus_present(void)
{
    return ring && !broken;
}

/* Events off. Copies what fits; returns how much. Negative: senseless indices. */
static ssize_t put_bytes(const char *from, size_t len)
{
    uint32_t prod = ring->req_prod;
    uint32_t used = prod - __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE);

    if (used > XENSTORE_RING_SIZE)
        return -ENOTCONN;
    if (len > XENSTORE_RING_SIZE - used)
        len = XENSTORE_RING_SIZE - used;
    for (size_t i = 0; i < len; i++)
        ring->req[MASK_XENSTORE_IDX(prod++)] = from[i];
    __atomic_store_n(&ring->req_prod, prod, __ATOMIC_SEQ_CST);
    return len;
}

static ssize_t get_bytes(char *to, size_t len)
{
    uint32_t cons = ring->rsp_cons;
    uint32_t used = __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE) - cons;

    if (used > XENSTORE_RING_SIZE)
        return -ENOTCONN;
    if (len > used)
        len = used;
    for (size_t i = 0; i < len; i++)
        to[i] = ring->rsp[MASK_XENSTORE_IDX(cons++)];
    __atomic_store_n(&ring->rsp_cons, cons, __ATOMIC_SEQ_CST);
    return len;
}

/* Moves all len bytes by move, waiting for the other end. 0 or -ENOTCONN. */
static int transfer(ssize_t (*move)(char *bytes, size_t len), char *bytes, size_t len)
{
    bool events = events_save_disable();
    ssize_t done = 0;

    while (len && done >= 0 && !broken) {
        done = move(bytes, len);
        if (done > 0) {
            bytes += done;
            len -= done;
            event_send(boot_info->store_evtchn);
        } else if (done == 0) {
            queue_wait(&ring_waiters, TIME_NEVER);
        }
    }
    events_restore(events);
    return len ? -ENOTCONN : 0;
}

static ssize_t put_move(char *bytes, size_t len)
{
    return put_bytes(bytes, len);
}

static int send(const struct xsd_sockmsg *header, const struct xenbus_part *parts,
                unsigned int count)
{
    int rc;

    mutex_lock(&send_lock);
    rc = transfer(put_move, (char *)header, sizeof(*header));
    for (unsigned int i = 0; i < count && !rc; i++)
        rc = transfer(put_move, (char *)parts[i].bytes, parts[i].len);
    mutex_unlock(&send_lock);
    return rc;
}

static void enter(struct request *request)
{
    bool events = events_save_disable();

    request->id = ++last_id;
    request->next = requests;
    requests = request;
    events_restore(events);
}

/* The request with that number, taken out of the list; NULL if there is none. */
static struct request *leave(uint32_t id)
{
    bool events = events_save_disable();
    struct request **link = &requests, *found;

    while (*link && (*link)->id != id)
        link = &(*link)->next;
    found = *link;
    if (found)
        *link = found->next;
    events_restore(events);
    return found;
}

static void await(struct request *request)
{
    bool events = events_save_disable();

    while (!request->done)
        queue_wait(&request->waiter, TIME_NEVER);
    events_restore(events);
}

int xenbus_call(uint32_t type, uint32_t tx, const struct xenbus_part *parts,
                unsigned int count, struct xenbus_answer *answer)
{
    struct request request = { .type = type };
    struct xsd_sockmsg header = { .type = type, .tx_id = tx };
    int rc;

    if (!xenbus_present())
        return -ENOTCONN;
    for (unsigned int i = 0; i < count; i++)
        header.len += parts[i].len;
    if (header.len > XENSTORE_PAYLOAD_MAX)
        return -EINVAL;
    enter(&request);
    header.req_id = request.id;
    rc = send(&header, parts, count);
    if (rc) {
        leave(request.id);
        return rc;
    }
    await(&request);
    *answer = request.answer;
    return answer->rc;
}

static void finish(struct request *request, int rc, char *payload, size_t len)
{
    request->answer = (struct xenbus_answer){ .rc = rc, .payload = payload, .len = len };
    request->done = true;
    queue_wake_all(&request->waiter);
}

/* Takes the payload over. */
static void deliver_answer(const struct xsd_sockmsg *header, char *payload)
{
    struct request *request = leave(header->req_id);
    int rc = 0;

    if (!request) {
        free(payload);
        return;
    }
    if (header->type == XS_ERROR)
        rc = errno_from_name(payload);
    else if (header->type != request->type)
        rc = -EIO;
    if (rc) {
        free(payload);
        payload = NULL;
    }
    finish(request, rc, payload, rc ? 0 : header->len);
}

static int receive_one(void)
{
    struct xsd_sockmsg header;
    char *payload;
    int rc = transfer(get_bytes, (char *)&header, sizeof(header));

    if (rc)
        return rc;
    if (header.len > XENSTORE_PAYLOAD_MAX)
        return -ENOTCONN;
    payload = malloc(header.len + 1);
    if (!payload)
        return -ENOMEM;
    payload[header.len] = '\0';
    rc = transfer(get_bytes, payload, header.len);
    if (rc)
        free(payload);
    else if (header.type == XS_WATCH_EVENT)
        xenbus_deliver_event(payload, header.len);
    else
        deliver_answer(&header, payload);
    return rc;
}

static void close_connection(void)
{
    kprintf("mini-os: the connection to xenstore is lost\n");
    broken = true;
    ring_event(0, NULL);
    while (requests)
        finish(leave(requests->id), -ENOTCONN, NULL, 0);
}

static void receive(void *unused)
{
    (void)unused;
    while (!receive_one())
        ;
    close_connection();
}

static void open_ring(void)
{
    evtchn_port_t port = boot_info->store_evtchn;
    int rc = map_mfn(ring, boot_info->store_mfn, PTE_RW);

    BUG_ON(rc);
    event_set_handler(port, ring_event, NULL);
    event_unmask(port);
}

void xenbus_init(void)
{
    struct thread *thread;

    if ((boot_info->flags & SIF_INITDOMAIN) || !boot_info->store_mfn)
        return;
    ring = window_reserve(1);
    BUG_ON(!ring);
    open_ring();
    thread = thread_create("xenbus", receive, NULL);
    BUG_ON(!thread);
    thread_detach(thread);
}

/* The store of the new host knows nothing of the watches. */
void xenbus_resume(void)
{
    if (!xenbus_present())
        return;
    open_ring();
    ring_event(0, NULL);
    xenbus_renew_watches();
}
