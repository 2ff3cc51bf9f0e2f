/* SPDX-License-Identifier: MIT */
/*
 * The connection to xenstore: the shared ring, requests and their answers.
 *
 * Senders take turns under send_lock. One thread receives: an answer goes to the request
 * with its number, a watch event to the watch with its token. When one end breaks the
 * protocol, whoever waits gets -ENOTCONN, and the ring is begun anew if the other end can do
 * that; all requests and watch events of the ring's earlier life are gone then.
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
#include <mini-os/time.h>

#include "internal.h"

#define RECONNECT_TIME (10 * NSEC_PER_SEC) /* that the other end has for it */

/* Waits for an answer, on the stack of who asked. */
struct request {
    struct request *next;
    uint32_t id, type;
    unsigned long life; /* of the ring, in which it was made */
    bool done;
    struct xenbus_answer answer;
    struct wait_queue waiter;
};

static struct xenstore_domain_interface *ring; /* NULL: no connection */
static bool broken;                            /* for good */
static bool faulty;        /* one end has broken the protocol: to be begun anew */
static unsigned long life; /* of the ring: how often it has been begun */
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

/* Whether the other end has told that it takes no more from this one. */
static bool is_refused(void)
{
    return (READ_ONCE(ring->server_features) & XENSTORE_SERVER_FEATURE_ERROR) &&
           READ_ONCE(ring->error) != XENSTORE_ERROR_NONE;
}

/* Moves all len bytes by move, waiting for the other end. 0, or -ENOTCONN when the ring
 * has come to the end of that life. */
static int transfer(ssize_t (*move)(char *bytes, size_t len), char *bytes, size_t len,
                    unsigned long of_life)
{
    bool events = events_save_disable();
    ssize_t done;

    while (len && !faulty && !broken && life == of_life) {
        done = is_refused() ? -ENOTCONN : move(bytes, len);
        if (done < 0) {
            faulty = true;
            ring_event(0, NULL);
        } else if (done > 0) {
            bytes += done;
            len -= done;
            event_send(boot_info->store_evtchn);
        } else {
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
                unsigned int count, unsigned long of_life)
{
    int rc;

    mutex_lock(&send_lock);
    rc = transfer(put_move, (char *)header, sizeof(*header), of_life);
    for (unsigned int i = 0; i < count && !rc; i++)
        rc = transfer(put_move, (char *)parts[i].bytes, parts[i].len, of_life);
    mutex_unlock(&send_lock);
    return rc;
}

static void enter(struct request *request)
{
    bool events = events_save_disable();

    request->id = ++last_id;
    request->life = life;
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

/* While the ring is begun anew. Returns whether there is a connection. */
static bool await_connection(void)
{
    bool events = events_save_disable();

    while (ring && faulty && !broken)
        queue_wait(&ring_waiters, TIME_NEVER);
    events_restore(events);
    return xenbus_present();
}

int xenbus_call(uint32_t type, uint32_t tx, const struct xenbus_part *parts,
                unsigned int count, struct xenbus_answer *answer)
{
    struct request request = { .type = type };
    struct xsd_sockmsg header = { .type = type, .tx_id = tx };
    int rc;

    if (!await_connection())
        return -ENOTCONN;
    for (unsigned int i = 0; i < count; i++)
        header.len += parts[i].len;
    if (header.len > XENSTORE_PAYLOAD_MAX)
        return -EINVAL;
    enter(&request);
    header.req_id = request.id;
    rc = send(&header, parts, count, request.life);
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

static int receive_one(unsigned long of_life)
{
    struct xsd_sockmsg header;
    char *payload;
    int rc = transfer(get_bytes, (char *)&header, sizeof(header), of_life);

    if (rc)
        return rc;
    if (header.len > XENSTORE_PAYLOAD_MAX)
        return -ENOTCONN;
    payload = malloc(header.len + 1);
    if (!payload)
        return -ENOMEM;
    payload[header.len] = '\0';
    rc = transfer(get_bytes, payload, header.len, of_life);
    if (rc)
        free(payload);
    else if (header.type == XS_WATCH_EVENT)
        xenbus_deliver_event(payload, header.len);
    else
        deliver_answer(&header, payload);
    return rc;
}

/* Nobody waits for anything from the ring's life any more. */
static void end_life(void)
{
    life++;
    ring_event(0, NULL);
    while (requests)
        finish(leave(requests->id), -ENOTCONN, NULL, 0);
}

/* The ring is the other end's until that says so. Returns whether it has. */
static bool is_begun_anew(void)
{
    uint64_t deadline = time_now() + RECONNECT_TIME;
    bool events;
    int rc = 0;

    if (!(READ_ONCE(ring->server_features) & XENSTORE_SERVER_FEATURE_RECONNECTION))
        return false;
    WRITE_ONCE(ring->connection, XENSTORE_RECONNECT);
    event_send(boot_info->store_evtchn);
    events = events_save_disable();
    while (READ_ONCE(ring->connection) != XENSTORE_CONNECTED && !rc)
        rc = queue_wait(&ring_waiters, deadline);
    events_restore(events);
    return !rc;
}

static void renew_watches(void *unused)
{
    (void)unused;
    xenbus_renew_watches();
}

/* Watches are set again by another thread: this one must take the answers. */
static void begin_anew(void)
{
    struct thread *thread;

    end_life();
    mutex_lock(&send_lock);
    broken = !is_begun_anew();
    faulty = false;
    ring_event(0, NULL);
    mutex_unlock(&send_lock);
    kprintf("mini-os: the connection to xenstore %s\n",
            broken ? "is lost" : "was broken and has been begun anew");
    thread = broken ? NULL : thread_create("watches", renew_watches, NULL);
    if (thread)
        thread_detach(thread);
}

/* What was received of the life before a suspension is not an error. */
static void receive(void *unused)
{
    (void)unused;
    while (!broken) {
        unsigned long now = life;

        if (receive_one(now) && life == now)
            begin_anew();
    }
    end_life();
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

/* The store of the new host knows nothing of requests and watches. */
void xenbus_resume(void)
{
    if (!xenbus_present())
        return;
    open_ring();
    faulty = false;
    end_life();
    xenbus_renew_watches();
}
