/* SPDX-License-Identifier: MIT */
/*
 * The service thread: takes the events of guests to the xenstore daemon and the consoles,
 * and lets the manager look after domains that have ended. Handlers only leave notes; the
 * thread sleeps while there are none.
 */
#include "control.h"
#include "hypercalls.h"

#include <stdio.h>

#include <mini-os/events.h>
#include <mini-os/timeout.h>
#include <ts/store.h>
#include <ts/xs_server.h>

#define STACK_ORDER 5 /* domains that restart are built on it */
#define WORD_BITS   64u

struct ts_hv *control_hv;
struct ts_consoles *control_consoles;
struct ts_manager *control_manager;
struct mutex control_lock;

static struct xs_server *server;
static struct ts_store *store;

/* Notes for the thread; changed with event delivery off. */
static struct {
    uint64_t ports[EVENT_PORTS / WORD_BITS];
    uint64_t port_words; /* which words of ports are not 0 */
    bool domains_changed, timer_due, woken;
} notes;

_Static_assert(EVENT_PORTS / WORD_BITS <= WORD_BITS, "one word tells which words to see");

static struct wait_queue sleeping;
static struct timeout timer;

/* --- notes, in any context --- */

void service_note_port(evtchn_port_t port)
{
    notes.ports[port / WORD_BITS] |= 1ull << (port % WORD_BITS);
    notes.port_words |= 1ull << (port / WORD_BITS);
    queue_wake_all(&sleeping);
}

void service_forget_port(evtchn_port_t port)
{
    bool events = events_save_disable();

    notes.ports[port / WORD_BITS] &= ~(1ull << (port % WORD_BITS));
    events_restore(events);
}

void service_wake(void)
{
    bool events = events_save_disable();

    notes.woken = true;
    queue_wake_all(&sleeping);
    events_restore(events);
}

static void on_domain_exception(evtchn_port_t port, void *data)
{
    (void)port, (void)data;
    notes.domains_changed = true;
    queue_wake_all(&sleeping);
}

static void on_timer(struct timeout *timeout)
{
    (void)timeout;
    notes.timer_due = true;
    queue_wake_all(&sleeping);
}

void service_set_timer(void *context, uint64_t deadline_ns)
{
    (void)context;
    if (deadline_ns)
        timeout_set(&timer, deadline_ns, on_timer);
    else
        timeout_cancel(&timer);
}

/* Takes a note away; returns whether it was there. */
static bool take(bool *note)
{
    bool events = events_save_disable();
    bool was = *note;

    *note = false;
    events_restore(events);
    return was;
}

static uint64_t take_ports(unsigned int word)
{
    bool events = events_save_disable();
    uint64_t ports = notes.ports[word];

    notes.ports[word] = 0;
    notes.port_words &= ~(1ull << word);
    events_restore(events);
    return ports;
}

static void wait_for_notes(void)
{
    bool events = events_save_disable();

    while (!notes.port_words && !notes.domains_changed && !notes.timer_due &&
           !notes.woken)
        queue_wait(&sleeping, TIME_NEVER);
    notes.woken = false;
    events_restore(events);
}

/* --- the thread --- */

static void serve_ports(void)
{
    for (uint64_t words = notes.port_words; words; words &= words - 1) {
        unsigned int word = (unsigned int)__builtin_ctzll(words);

        for (uint64_t ports = take_ports(word); ports; ports &= ports - 1) {
            evtchn_port_t port = word * WORD_BITS + (unsigned int)__builtin_ctzll(ports);

            if (!ts_store_event(store, port))
                ts_consoles_event(control_consoles, port);
        }
    }
}

/* One round of all that is due. Returns whether another one is needed. */
static bool serve(void)
{
    bool more;

    mutex_lock(&control_lock);
    serve_ports();
    if (take(&notes.timer_due))
        ts_manager_timer(control_manager);
    if (take(&notes.domains_changed) && ts_manager_domains_changed(control_manager))
        notes.domains_changed = true;
    more = xs_server_step(server);
    mutex_unlock(&control_lock);
    return more;
}

static void serve_for_ever(void *unused)
{
    (void)unused;
    for (;;) {
        wait_for_notes();
        while (serve())
            thread_yield();
    }
}

/* --- start --- */

static void on_manager_event(void *context, enum ts_event event,
                             const struct ts_domain *d, const char *text)
{
    (void)context;
    if (event == TS_EVENT_ENDED)
        printf("Domain %u (%s) has ended: %s\n", d->id, d->name, text);
    else if (event == TS_EVENT_RESTART_FAILED)
        printf("Domain %u (%s) is not started again: %s\n", d->id, d->name, text);
}

static bool make_toolstack(void)
{
    static struct ts_hv_direct direct;
    struct xs_config config = { 0 };
    struct ts_manager_env env = {
        .load = file_load,
        .unload = file_unload,
        .random = random_bytes,
        .set_timer = service_set_timer,
        .event = on_manager_event,
        .store = &ts_store_ops,
    };

    random_bytes(NULL, &config.seed, sizeof(config.seed));
    env.hv = control_hv = ts_hv_direct_init(&direct, &control_hypercalls);
    env.consoles = control_consoles = ts_consoles_create(control_hv, NULL);
    server = xs_server_create(&config);
    if (!control_consoles || !server)
        return false;
    env.store_context = store = ts_store_create(control_hv, server);
    control_manager = store ? ts_manager_create(&env) : NULL;
    return control_manager;
}

bool service_start(void)
{
    struct thread *thread;

    if (!make_toolstack())
        return false;
    thread = thread_create_sized("service", serve_for_ever, NULL, STACK_ORDER);
    if (!thread)
        return false;
    thread_detach(thread);
    return event_bind_virq(VIRQ_DOM_EXC, 0, on_domain_exception, NULL) > 0;
}
