/* SPDX-License-Identifier: MIT */
/*
 * The service thread: takes the events of guests to the xenstore daemon and the consoles,
 * and lets the manager look after domains that have ended. Handlers only leave notes; the
 * thread sleeps while there are none.
 */
#include "control.h"
#include "hypercalls.h"
#include "port_set.h"

#include <mini-os/bulk.h>
#include <mini-os/events.h>
#include <mini-os/timeout.h>
#include <ts/store.h>
#include <ts/xs_server.h>

#define STACK_ORDER 5            /* domains that restart are built on it */
#define KEEP_BYTES  (128u << 20) /* of unpacked kernels; two of Debian's are less */

static struct mutex lock; /* held by whoever is in the toolstack */
static struct ts_consoles *consoles;
static struct ts_manager *manager;
static struct xs_server *server;
static struct ts_store *store;
static struct ts_cli *cli;
static struct ts_unpacker *unpacker;

/* Notes for the thread; changed with event delivery off. */
static struct {
    struct port_set ports;
    bool domains_changed, timer_due, woken;
} notes;

static struct port_set talking;    /* consoles that wait for their turn */
static evtchn_port_t last_console; /* that had one */

static struct wait_queue sleeping;
static struct timeout timer;

/* --- notes, in any context --- */

void service_note_port(evtchn_port_t port)
{
    port_set_add(&notes.ports, port);
    queue_wake_all(&sleeping);
}

void service_forget_port(evtchn_port_t port)
{
    bool events = events_save_disable();

    port_set_remove(&notes.ports, port);
    port_set_remove(&talking, port);
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

static void set_timer(void *context, uint64_t deadline_ns)
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

static bool take_port(evtchn_port_t *port)
{
    bool events = events_save_disable();
    bool found = port_set_take(&notes.ports, port);

    events_restore(events);
    return found;
}

static void wait_for_notes(void)
{
    bool events = events_save_disable();

    while (!notes.ports.words && !notes.domains_changed && !notes.timer_due &&
           !notes.woken)
        queue_wait(&sleeping, TIME_NEVER);
    notes.woken = false;
    events_restore(events);
}

/* --- turns --- */

void control_enter(void)
{
    mutex_lock(&lock);
}

/* Guests may be watching what was changed. */
void control_leave(void)
{
    bool events = events_save_disable();

    mutex_unlock(&lock);
    notes.woken = true;
    queue_wake_all(&sleeping);
    events_restore(events);
}

int control_run(const struct ts_cli_io *io, int argc, const char *const *argv)
{
    int code;

    control_enter();
    code = ts_cli_run(cli, io, argc, argv);
    control_leave();
    return code;
}

void control_complete(int argc, const char *const *argv,
                      void (*add)(void *to, const char *word), void *to)
{
    control_enter();
    ts_cli_complete(cli, argc, argv, add, to);
    control_leave();
}

bool control_has_guests(void)
{
    const struct ts_domain *domain0 = ts_domain_next(manager, NULL);

    return ts_domain_next(manager, domain0);
}

unsigned int service_xenstore_nodes(void)
{
    struct xs_stats stats;

    xs_server_stats(server, &stats);
    return stats.nodes;
}

/* --- the thread --- */

static void serve_ports(void)
{
    evtchn_port_t port = 0;

    while (notes.ports.words && take_port(&port))
        if (!ts_store_event(store, port))
            port_set_add(&talking, port);
}

/* One in a round, in turn: text without end holds up nobody for longer than that. */
static bool serve_console(void)
{
    if (!port_set_take(&talking, &last_console))
        return false;
    ts_consoles_event(consoles, last_console);
    return true;
}

/* What a domain that has ended has said is taken before. */
static void serve_domains(void)
{
    while (serve_console())
        continue;
    if (ts_manager_domains_changed(manager))
        notes.domains_changed = true;
}

/* One round of all that is due. Returns whether another one is needed. */
static bool serve(void)
{
    bool more;

    mutex_lock(&lock);
    serve_ports();
    serve_console();
    if (take(&notes.timer_due))
        ts_manager_timer(manager);
    if (take(&notes.domains_changed))
        serve_domains();
    more = xs_server_step(server) || talking.words;
    mutex_unlock(&lock);
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

/* To whoever waits for it, and, what was not asked for, on the machine's console. */
static void on_manager_event(void *context, enum ts_event event,
                             const struct ts_domain *d, const char *text)
{
    (void)context;
    if (event == TS_EVENT_ENDED)
        control_say("Domain %u (%s) has ended: %s", d->id, d->name, text);
    else if (event == TS_EVENT_PRESERVED && d->wants_core)
        control_say(
            "Domain %u (%s) is kept until its core has been taken, by \"collect\" or "
            "\"dump-core\"",
            d->id, d->name);
    else if (event == TS_EVENT_RESTART_FAILED)
        control_say("Domain %u (%s) is not started again: %s", d->id, d->name, text);
    if (cli)
        ts_cli_event(cli, event, d, text);
}

static void *kernel_alloc(void *unused, size_t size)
{
    (void)unused;
    return bulk_alloc(size);
}

static void kernel_free(void *unused, void *address, size_t size)
{
    (void)unused;
    bulk_free(address, size);
}

static bool make_unpacker(void)
{
    const struct ts_unpacker_env env = {
        .alloc = kernel_alloc,
        .free = kernel_free,
        .random = random_bytes,
        .keep_bytes = KEEP_BYTES,
    };

    unpacker = ts_unpacker_create(&env);
    return unpacker;
}

static bool make_manager(struct ts_hv *hv)
{
    const struct ts_manager_env env = {
        .hv = hv,
        .consoles = consoles,
        .store = &ts_store_ops,
        .store_context = store,
        .unpacker = unpacker,
        .load = file_load,
        .unload = file_unload,
        .hold = file_hold,
        .drop = file_drop,
        .random = random_bytes,
        .set_timer = set_timer,
        .event = on_manager_event,
    };

    manager = ts_manager_create(&env);
    return manager;
}

static bool make_cli(struct ts_hv *hv)
{
    const struct ts_cli_env env = {
        .hv = hv,
        .manager = manager,
        .consoles = consoles,
        .load = file_load,
        .unload = file_unload,
        .usage = machine_usage,
        .list_files = files_list,
        .unpacker = unpacker,
        .end_machine = machine_end,
    };

    cli = ts_cli_create(&env);
    return cli;
}

static bool make_toolstack(void)
{
    static struct ts_hv_direct direct;
    struct ts_hv *hv = ts_hv_direct_init(&direct, &control_hypercalls);
    struct xs_config config = { 0 };

    random_bytes(NULL, &config.seed, sizeof(config.seed));
    consoles = ts_consoles_create(hv, NULL);
    server = xs_server_create(&config);
    store = server ? ts_store_create(hv, server) : NULL;
    return consoles && store && make_unpacker() && make_manager(hv) && make_cli(hv);
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
