/* SPDX-License-Identifier: MIT */
/*
 * The console daemon's core: for each domain its console ring, a scroll-back ring of the
 * newest output, and any number of viewers (bounded). Event-driven: nothing blocks or
 * polls, and each entry point does a bounded amount of work (one ring's contents).
 *
 * The guest's ring is hostile: indices are read once and an impossible pair is resolved
 * by dropping what is pending. Output is taken whether or not a viewer is fast enough: a
 * slow viewer loses the oldest text, never holds up the guest or other viewers.
 * One thread at a time may be in this module.
 */
#ifndef TS_CONSOLE_H
#define TS_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ts/hv.h>

struct ts_consoles;
struct ts_viewer;

struct ts_console_limits {
    size_t scrollback;        /* bytes kept per domain; 0: 16 KiB */
    unsigned int max_viewers; /* per domain; 0: 8 */
};

/* Returns NULL when out of memory. hv must live as long. limits may be NULL. */
struct ts_consoles *ts_consoles_create(struct ts_hv *hv,
                                       const struct ts_console_limits *limits);
/* Removes all domains first. */
void ts_consoles_destroy(struct ts_consoles *consoles);

/*
 * Takes up service of a domain: maps its ring, binds to its port. Returns 0, -XEN_EEXIST,
 * -XEN_ENOMEM, or what the hypervisor answered; nothing is left behind on failure.
 * *port: the local port; the event loop calls ts_consoles_event() when it fires.
 */
int ts_console_add(struct ts_consoles *consoles, domid_t id, uint64_t ring_mfn,
                   evtchn_port_t guest_port, evtchn_port_t *port);

/* Takes the last output, tells viewers (gone), unmaps, closes. No-op if not there. */
void ts_console_remove(struct ts_consoles *consoles, domid_t id);

/* The local port fired: takes output, sends pending input, serves viewers. */
void ts_consoles_event(struct ts_consoles *consoles, evtchn_port_t port);

struct ts_viewer_ops {
    /* Takes up to n bytes of output now; returns how many. Fewer: ts_viewer_ready() is
     * called when there is room again. Must not call this module. */
    size_t (*output)(void *context, const char *text, size_t n);
    /* The domain's console is gone; the viewer must not be used again. Before that, output
     * that is left is offered once more, whatever output() took before. May be NULL. */
    void (*gone)(void *context);
    /* There is room for input again after ts_viewer_input() took less. May be NULL. */
    void (*input_ready)(void *context);
};

/*
 * Attaches a viewer; with history it first gets the scroll-back. *viewer is valid until
 * detached or gone. Returns 0, -XEN_ESRCH (no such domain), -XEN_EBUSY (too many
 * viewers), -XEN_ENOMEM. Output may come before the return.
 */
int ts_viewer_attach(struct ts_consoles *consoles, domid_t id, bool history,
                     const struct ts_viewer_ops *ops, void *context,
                     struct ts_viewer **viewer);
void ts_viewer_detach(struct ts_viewer *viewer);

/* The viewer can take output again. */
void ts_viewer_ready(struct ts_viewer *viewer);

/* Bytes of output that the viewer was too slow for, so far. */
uint64_t ts_viewer_lost(const struct ts_viewer *viewer);

/* Types at the domain's console. Returns how many bytes the ring had room for. */
size_t ts_viewer_input(struct ts_viewer *viewer, const char *text, size_t n);

/*
 * Copies the newest output, at most size bytes, oldest first, to text. Returns the
 * number of bytes; 0 also when there is no such domain.
 */
size_t ts_console_history(const struct ts_consoles *consoles, domid_t id, char *text,
                          size_t size);

/* The domain's local port, 0 when it has no console here. */
evtchn_port_t ts_console_port(const struct ts_consoles *consoles, domid_t id);

#endif
