/* SPDX-License-Identifier: MIT */
/*
 * The hypercall table of ts/hv.h on mini-os, for every domain 0 that has the toolstack in
 * it. The program provides what is to be done with ports.
 */
#ifndef HYPERCALLS_H
#define HYPERCALLS_H

#include <abi/event_channel.h>
#include <ts/hv.h>

/* Hypercalls, foreign frames and ports of mini-os. */
extern const struct ts_hypercalls control_hypercalls;

/* A port of a guest's console or xenstore ring fired. In event handlers. */
void service_note_port(evtchn_port_t port);
/* Forgets what service_note_port() has noted: the port is another one's from now on. */
void service_forget_port(evtchn_port_t port);

#endif
