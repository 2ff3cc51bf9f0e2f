/* SPDX-License-Identifier: MIT */
/* The console daemon: one domain's console and those who look at it. */
#ifndef TS_CONSOLE_CONSOLE_H
#define TS_CONSOLE_CONSOLE_H

#include <ts/console.h>

#include <abi/io/console.h>

/* The newest output. Positions count bytes since the console was made. */
struct scrollback {
    char *text;
    size_t size; /* a power of 2; text position p is at p & (size - 1) */
    size_t most; /* to which it may grow: a power of 2 */
    uint64_t end;
};

struct ts_viewer {
    struct console *console;
    struct ts_viewer *next;
    const struct ts_viewer_ops *ops;
    void *context;
    uint64_t position; /* of the next byte it gets */
    uint64_t lost;
    bool is_full;    /* output() took less than it was given */
    bool wants_room; /* input was refused */
};

struct console {
    struct ts_consoles *consoles;
    struct console *next; /* in its bucket */
    domid_t id;
    evtchn_port_t port; /* ours */
    struct xencons_interface *ring;
    uint32_t out_cons, in_prod; /* our indices: the guest can write those of the ring */
    struct scrollback back;
    struct ts_viewer *viewers;
    unsigned int nr_viewers;
};

#define NR_BUCKETS 256

struct ts_consoles {
    struct ts_hv *hv;
    struct ts_console_limits limits;
    struct console *bucket[NR_BUCKETS]; /* by the domain's number */
    struct console **by_port;
    size_t nr_ports;
};

/* --- scrollback.c --- */

/* Returns 0 or -XEN_ENOMEM. most: bytes, rounded up. */
int scrollback_init(struct scrollback *back, size_t most);
void scrollback_free(struct scrollback *back);
void scrollback_add(struct scrollback *back, const char *text, size_t n);
/* Position of the oldest byte. */
uint64_t scrollback_start(const struct scrollback *back);
/* *text: what is at position, which must be there. Returns the bytes in one piece. */
size_t scrollback_at(const struct scrollback *back, uint64_t position, const char **text);

/* --- ring.c: the guest's ring, whose contents are hostile --- */

/* Takes all output; true when there was some. */
bool ring_take_output(struct console *console);
/* Puts up to n bytes of input; how many. */
size_t ring_put_input(struct console *console, const char *text, size_t n);
size_t ring_input_room(struct console *console);

/* --- daemon.c, viewer.c --- */

/* NULL when there is none. */
struct console *console_find(const struct ts_consoles *consoles, domid_t id);
/* Gives each viewer what it can take, and room for input to those that wait for it. */
void viewers_serve(struct console *console);
/* Tells all that the console is gone, and frees them. */
void viewers_dismiss(struct console *console);

#endif
