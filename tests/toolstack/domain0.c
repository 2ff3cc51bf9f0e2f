/* SPDX-License-Identifier: MIT */
/* A domain 0 on mini-os that has the whole toolstack in it. */
#include "domain0.h"

#include <stdlib.h>
#include <time.h>

#include <mini-os/events.h>
#include <mini-os/thread.h>
#include <mini-os/time.h>
#include <ts/xs_server.h>

#include "check.h"
#include "hypercalls.h"
#include "port_set.h"

#define WAIT (20 * NSEC_PER_MSEC) /* for events, at most */

/* --- ports --- */

static struct port_set fired, talking; /* changed with event delivery off; consoles */
static evtchn_port_t last_console;
static volatile bool any_fired, domains_changed;
static bool more_to_do; /* for the store */
static struct wait_queue sleeping;

void service_note_port(evtchn_port_t port)
{
    port_set_add(&fired, port);
    any_fired = true;
    queue_wake_all(&sleeping);
}

void service_forget_port(evtchn_port_t port)
{
    bool events = events_save_disable();

    port_set_remove(&fired, port);
    port_set_remove(&talking, port);
    events_restore(events);
}

static void on_domain_exception(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
    domains_changed = true;
    queue_wake_all(&sleeping);
}

/* --- the manager's surroundings --- */

static char *image;
static size_t image_size;

static bool read_image(void)
{
    FILE *f = fopen("/guest.elf", "r");
    long size;

    if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) <= 0)
        return false;
    rewind(f);
    image = malloc((size_t)size);
    image_size = image ? fread(image, 1, (size_t)size, f) : 0;
    fclose(f);
    return image_size == (size_t)size;
}

static int load(void *context, const char *path, const void **data, size_t *size,
                struct ts_err *err)
{
    (void)context;
    (void)path;
    (void)err;
    *data = image;
    *size = image_size;
    return 0;
}

static void unload(void *context, const void *data, size_t size)
{
    (void)context;
    (void)data;
    (void)size;
}

static void random_bytes(void *context, void *bytes, size_t n)
{
    (void)context;
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)bytes)[i] = (unsigned char)rand();
}

static void set_timer(void *context, uint64_t deadline_ns)
{
    (void)context;
    (void)deadline_ns;
}

static struct ts_hv_direct direct;

struct xs_server *server;
struct ts_store *store;
struct ts_hv *hv;
struct ts_consoles *consoles;
struct ts_manager *manager;

bool domain0_start(void (*on_event_seen)(void *context, enum ts_event event,
                                         const struct ts_domain *d, const char *text))
{
    struct xs_config xs = { .seed = 1 };
    struct ts_manager_env env = {
        .load = load,
        .unload = unload,
        .random = random_bytes,
        .set_timer = set_timer,
        .event = on_event_seen,
    };

    if (!check(read_image()))
        return false;
    env.hv = hv = ts_hv_direct_init(&direct, &control_hypercalls);
    env.consoles = consoles = ts_consoles_create(hv, NULL);
    server = xs_server_create(&xs);
    env.store_context = store = ts_store_create(hv, server);
    env.store = &ts_store_ops;
    manager = ts_manager_create(&env);
    return check(event_bind_virq(VIRQ_DOM_EXC, 0, on_domain_exception, NULL) > 0) &&
           manager;
}

void domain0_stop(void)
{
    ts_manager_destroy(manager);
    ts_consoles_destroy(consoles);
    ts_store_destroy(store);
    xs_server_destroy(server);
}

/* --- the event loop --- */

static bool take_port(evtchn_port_t *port)
{
    bool events = events_save_disable();
    bool found = port_set_take(&fired, port);

    events_restore(events);
    return found;
}

static void serve_ports(void)
{
    evtchn_port_t port = 0;

    any_fired = false;
    while (take_port(&port))
        if (!ts_store_event(store, port))
            port_set_add(&talking, port);
}

static bool serve_console(void)
{
    if (!port_set_take(&talking, &last_console))
        return false;
    ts_consoles_event(consoles, last_console);
    return true;
}

/* One console and one step of the store in a round: guests may keep them busy. */
void domain0_serve(void)
{
    if (any_fired)
        serve_ports();
    serve_console();
    more_to_do = xs_server_step(server) || talking.words;
    if (domains_changed) {
        while (serve_console())
            continue;
        domains_changed = false;
        while (ts_manager_domains_changed(manager))
            ;
    }
}

unsigned int nr_guests(void)
{
    const struct ts_domain *d = NULL;
    unsigned int n = 0;

    while ((d = ts_domain_next(manager, d)))
        n++;
    return n - 1;
}

void pause_a_little(void)
{
    const struct timespec ms = { 0, 1000000 };

    nanosleep(&ms, NULL);
}

void domain0_serve_or_wait(void)
{
    bool events;

    domain0_serve();
    events = events_save_disable();
    if (!any_fired && !domains_changed && !more_to_do)
        queue_wait(&sleeping, time_now() + WAIT);
    events_restore(events);
}

void serve_until_all_have_ended(void)
{
    uint64_t limit = time_now() + 60ull * 1000000000;

    while (nr_guests() && time_now() < limit)
        domain0_serve_or_wait();
    check(!nr_guests());
}
