/* SPDX-License-Identifier: MIT */
/* A domain 0 on mini-os that has the whole toolstack in it. */
#include "domain0.h"

#include <stdlib.h>
#include <time.h>

#include <abi/hypercall_stubs.h>
#include <abi/memory.h>
#include <mini-os/events.h>
#include <mini-os/foreign.h>
#include <mini-os/time.h>
#include <ts/store.h>
#include <ts/xs_server.h>

#include "check.h"

/* --- the transport --- */

static volatile bool fired[EVENT_PORTS];
static volatile bool any_fired, domains_changed;

static void on_event(evtchn_port_t port, void *data)
{
    (void)data;
    fired[port] = true;
    any_fired = true;
}

static void on_domain_exception(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
    domains_changed = true;
}

static long call_domctl(struct xen_domctl *op)
{
    return HYPERVISOR_domctl(op);
}

static long call_sysctl(struct xen_sysctl *op)
{
    return HYPERVISOR_sysctl(op);
}

static long call_memory_op(unsigned int cmd, void *arg)
{
    return HYPERVISOR_memory_op(cmd, arg);
}

static long call_mmu_update(struct mmu_update *updates, unsigned int n,
                            unsigned int *done, domid_t id)
{
    return HYPERVISOR_mmu_update(updates, n, done, id);
}

static long call_mmuext_op(struct mmuext_op *ops, unsigned int n, unsigned int *done,
                           domid_t id)
{
    return HYPERVISOR_mmuext_op(ops, n, done, id);
}

static long call_event_channel_op(int cmd, void *arg)
{
    return HYPERVISOR_event_channel_op(cmd, arg);
}

static long call_grant_table_op(unsigned int cmd, void *arg, unsigned int n)
{
    return HYPERVISOR_grant_table_op(cmd, arg, n);
}

static long call_xen_version(int cmd, void *arg)
{
    return HYPERVISOR_xen_version(cmd, arg);
}

static int bind_event(domid_t remote, evtchn_port_t remote_port, evtchn_port_t *local)
{
    int port = event_bind_interdomain(remote, remote_port, on_event, NULL);

    if (port < 0)
        return port;
    *local = (evtchn_port_t)port;
    return 0;
}

static int close_event(evtchn_port_t local)
{
    fired[local] = false;
    return event_close(local);
}

static uint64_t system_time(void)
{
    return time_now();
}

static const struct ts_hypercalls calls = {
    .domctl = call_domctl,
    .sysctl = call_sysctl,
    .memory_op = call_memory_op,
    .mmu_update = call_mmu_update,
    .mmuext_op = call_mmuext_op,
    .event_channel_op = call_event_channel_op,
    .grant_table_op = call_grant_table_op,
    .xen_version = call_xen_version,
    .event_bind = bind_event,
    .event_close = close_event,
    .map = foreign_map,
    .unmap = foreign_unmap,
    .system_time = system_time,
};

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
static struct xs_server *server;
static struct ts_store *store;

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
    env.hv = hv = ts_hv_direct_init(&direct, &calls);
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

static void serve_port(evtchn_port_t port)
{
    fired[port] = false;
    if (!ts_store_event(store, port))
        ts_consoles_event(consoles, port);
}

void domain0_serve(void)
{
    if (any_fired) {
        any_fired = false;
        for (evtchn_port_t port = 0; port < EVENT_PORTS; port++)
            if (fired[port])
                serve_port(port);
    }
    while (xs_server_step(server))
        ;
    if (domains_changed) {
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

void serve_until_all_have_ended(void)
{
    uint64_t limit = time_now() + 60ull * 1000000000;

    while (nr_guests() && time_now() < limit) {
        domain0_serve();
        if (!any_fired && !domains_changed)
            pause_a_little();
    }
    check(!nr_guests());
}
