/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: the toolstack makes guests of the image /guest.elf, each with a console and
 * xenstore; what they print arrives, they end by themselves and leave nothing behind.
 * Arguments: number of guests at once, rounds, KiB of memory of each.
 */
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

const unsigned int main_stack_order = 5;

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
static unsigned int greetings, destroyed;

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
static struct ts_hv *hv;
static struct ts_consoles *consoles;
static struct xs_server *server;
static struct ts_store *store;
static struct ts_manager *manager;

/* The last output is in the console until the domain has been destroyed. */
static void on_manager_event(void *context, enum ts_event event,
                             const struct ts_domain *d, const char *text)
{
    static char seen[4096];
    size_t n;

    (void)context;
    if (event == TS_EVENT_DESTROYED)
        destroyed++;
    if (event != TS_EVENT_ENDED)
        return;
    ts_consoles_event(consoles, ts_console_port(consoles, d->id));
    n = ts_console_history(consoles, d->id, seen, sizeof(seen) - 1);
    seen[n] = '\0';
    if (check(d->ended_with == 0) && check(strstr(seen, "Hello") != NULL))
        greetings++;
    else
        printf("domain %u: %s\n%s\n", d->id, text, seen);
}

static bool start(void)
{
    struct xs_config xs = { .seed = 1 };
    struct ts_manager_env env = {
        .load = load,
        .unload = unload,
        .random = random_bytes,
        .set_timer = set_timer,
        .event = on_manager_event,
    };

    env.hv = hv = ts_hv_direct_init(&direct, &calls);
    env.consoles = consoles = ts_consoles_create(hv, NULL);
    server = xs_server_create(&xs);
    env.store_context = store = ts_store_create(hv, server);
    env.store = &ts_store_ops;
    manager = ts_manager_create(&env);
    return check(event_bind_virq(VIRQ_DOM_EXC, 0, on_domain_exception, NULL) > 0) &&
           manager;
}

static void stop(void)
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

static void serve(void)
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

static unsigned int nr_guests(void)
{
    const struct ts_domain *d = NULL;
    unsigned int n = 0;

    while ((d = ts_domain_next(manager, d)))
        n++;
    return n - 1;
}

static void pause_a_little(void)
{
    const struct timespec ms = { 0, 1000000 };

    nanosleep(&ms, NULL);
}

static void serve_until_all_have_ended(void)
{
    uint64_t limit = time_now() + 60ull * 1000000000;

    while (nr_guests() && time_now() < limit) {
        serve();
        if (!any_fired && !domains_changed)
            pause_a_little();
    }
    check(!nr_guests());
}

/* --- the test --- */

static uint64_t free_pages(void)
{
    struct ts_machine_info info;

    check(!hv->ops->machine_info(hv, &info));
    return info.free_pages;
}

static bool create(unsigned int number, uint64_t kib)
{
    struct ts_config c;
    struct ts_err err = { 0 };
    domid_t id;
    uint64_t before;

    ts_config_init(&c);
    snprintf(c.name, sizeof(c.name), "guest-%u", number);
    c.kernel = "/guest.elf";
    c.cmdline = "a b";
    c.memory_kib = kib;
    c.start_paused = true; /* else it would run in the time that is measured */
    before = __builtin_ia32_rdtsc();
    if (ts_domain_create(manager, &c, &id, &err)) {
        printf("create: %s\n", err.text);
        return check(false);
    }
    printf("create %u: %llu ticks\n", number,
           (unsigned long long)(__builtin_ia32_rdtsc() - before));
    return check(!ts_domain_unpause(manager, id, &err));
}

/* One more is created and destroyed at once, to see what that costs. */
static void measure_destroy(uint64_t kib)
{
    const struct ts_domain *d;
    uint64_t before;

    if (!create(10000, kib))
        return;
    d = ts_domain_by_name(manager, "guest-10000");
    before = __builtin_ia32_rdtsc();
    check(!ts_domain_destroy(manager, d->id, NULL));
    printf("destroy: %llu ticks\n",
           (unsigned long long)(__builtin_ia32_rdtsc() - before));
}

static void wait_for_pages(uint64_t wanted)
{
    for (unsigned int i = 0; i < 2000 && free_pages() != wanted; i++)
        pause_a_little();
    check(free_pages() == wanted);
}

int main(int argc, char **argv)
{
    unsigned int guests = argc > 1 ? (unsigned int)atoi(argv[1]) : 1;
    unsigned int rounds = argc > 2 ? (unsigned int)atoi(argv[2]) : 1;
    uint64_t kib = argc > 3 ? (uint64_t)atoi(argv[3]) : 2048, before = 0;

    if (!check(read_image()) || !start())
        return check_verdict();
    for (unsigned int round = 0; round <= rounds; round++) {
        if (round == 1) /* what the first round leaves is kept for good */
            before = free_pages();
        for (unsigned int i = 0; i < guests; i++)
            create(i, kib);
        serve_until_all_have_ended();
        measure_destroy(kib);
        if (round)
            wait_for_pages(before);
    }
    check(greetings == guests * (rounds + 1));
    stop();
    return check_verdict();
}
