/* SPDX-License-Identifier: MIT */
/* The console daemon: which domains it serves, by number and by port. */
#include "console.h"

#include <stdlib.h>
#include <string.h>

#include <abi/errno.h>

#define DEFAULT_SCROLLBACK  (16u << 10)
#define DEFAULT_MAX_VIEWERS 8
#define PORTS_STEP          64

struct ts_consoles *ts_consoles_create(struct ts_hv *hv,
                                       const struct ts_console_limits *limits)
{
    struct ts_consoles *consoles = calloc(1, sizeof(*consoles));

    if (!consoles)
        return NULL;
    consoles->hv = hv;
    if (limits)
        consoles->limits = *limits;
    if (!consoles->limits.scrollback)
        consoles->limits.scrollback = DEFAULT_SCROLLBACK;
    if (!consoles->limits.max_viewers)
        consoles->limits.max_viewers = DEFAULT_MAX_VIEWERS;
    return consoles;
}

void ts_consoles_destroy(struct ts_consoles *consoles)
{
    if (!consoles)
        return;
    for (unsigned int i = 0; i < NR_BUCKETS; i++)
        while (consoles->bucket[i])
            ts_console_remove(consoles, consoles->bucket[i]->id);
    free(consoles->by_port);
    free(consoles);
}

struct console *console_find(const struct ts_consoles *consoles, domid_t id)
{
    struct console *console = consoles->bucket[id % NR_BUCKETS];

    while (console && console->id != id)
        console = console->next;
    return console;
}

/* Makes the table of ports reach to port. */
static int reserve_port(struct ts_consoles *consoles, evtchn_port_t port)
{
    size_t n = (size_t)port / PORTS_STEP * PORTS_STEP + PORTS_STEP;
    struct console **more;

    if (port < consoles->nr_ports)
        return 0;
    more = realloc(consoles->by_port, n * sizeof(*more));
    if (!more)
        return -XEN_ENOMEM;
    memset(more + consoles->nr_ports, 0, (n - consoles->nr_ports) * sizeof(*more));
    consoles->by_port = more;
    consoles->nr_ports = n;
    return 0;
}

static int connect(struct console *console, uint64_t ring_mfn, evtchn_port_t guest_port)
{
    struct ts_hv *hv = console->consoles->hv;
    xen_pfn_t mfn = ring_mfn;
    void *ring;
    int rc = hv->ops->frames_map(hv, console->id, &mfn, 1, &ring);

    if (rc)
        return rc;
    rc = hv->ops->evtchn_bind(hv, console->id, guest_port, &console->port);
    if (rc)
        goto unmap;
    rc = reserve_port(console->consoles, console->port);
    if (rc)
        goto close;
    console->ring = ring;
    console->out_cons = console->ring->out_cons;
    console->in_prod = console->ring->in_prod;
    return 0;

close:
    (void)hv->ops->evtchn_close(hv, console->port);
unmap:
    hv->ops->frames_unmap(hv, ring, 1);
    return rc;
}

int ts_console_add(struct ts_consoles *consoles, domid_t id, uint64_t ring_mfn,
                   evtchn_port_t guest_port, evtchn_port_t *port)
{
    struct console *console;
    int rc;

    if (console_find(consoles, id))
        return -XEN_EEXIST;
    console = calloc(1, sizeof(*console));
    if (!console)
        return -XEN_ENOMEM;
    console->consoles = consoles;
    console->id = id;
    rc = scrollback_init(&console->back, consoles->limits.scrollback);
    if (!rc)
        rc = connect(console, ring_mfn, guest_port);
    if (rc) {
        scrollback_free(&console->back);
        free(console);
        return rc;
    }
    console->next = consoles->bucket[id % NR_BUCKETS];
    consoles->bucket[id % NR_BUCKETS] = console;
    consoles->by_port[console->port] = console;
    *port = console->port;
    return 0;
}

static void unlink_console(struct console *console)
{
    struct ts_consoles *consoles = console->consoles;
    struct console **at = &consoles->bucket[console->id % NR_BUCKETS];

    while (*at != console)
        at = &(*at)->next;
    *at = console->next;
    consoles->by_port[console->port] = NULL;
}

void ts_console_remove(struct ts_consoles *consoles, domid_t id)
{
    struct console *console = console_find(consoles, id);
    struct ts_hv *hv = consoles->hv;

    if (!console)
        return;
    ring_take_output(console);
    viewers_serve(console);
    viewers_dismiss(console);
    unlink_console(console);
    (void)hv->ops->evtchn_close(hv, console->port);
    hv->ops->frames_unmap(hv, console->ring, 1);
    scrollback_free(&console->back);
    free(console);
}

void ts_consoles_event(struct ts_consoles *consoles, evtchn_port_t port)
{
    struct ts_hv *hv = consoles->hv;
    struct console *console = port < consoles->nr_ports ? consoles->by_port[port] : NULL;

    if (!console)
        return;
    if (ring_take_output(console)) /* it may wait for room */
        (void)hv->ops->evtchn_send(hv, port);
    viewers_serve(console);
}

size_t ts_console_history(const struct ts_consoles *consoles, domid_t id, char *text,
                          size_t size)
{
    const struct console *console = console_find(consoles, id);
    uint64_t position;
    size_t done = 0;

    if (!console)
        return 0;
    position = scrollback_start(&console->back);
    if (console->back.end - position > size)
        position = console->back.end - size;
    while (position != console->back.end) {
        const char *from;
        size_t n = scrollback_at(&console->back, position, &from);

        memcpy(text + done, from, n);
        done += n;
        position += n;
    }
    return done;
}

evtchn_port_t ts_console_port(const struct ts_consoles *consoles, domid_t id)
{
    const struct console *console = console_find(consoles, id);

    return console ? console->port : 0;
}
