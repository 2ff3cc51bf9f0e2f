/* SPDX-License-Identifier: MIT */
/*
 * Event channels, 2-level: binding, handlers, masks, and this vCPU's delivery switch.
 *
 * Handlers run in the upcall with delivery masked, on the vCPU to which the port is
 * bound; the port's pending bit is already clear. Ports come masked from the binding
 * functions and are opened by event_unmask(), except where a handler is given. An event
 * on an open port without a handler masks the port and stays pending.
 * Port arguments are not checked here: what the hypervisor says is returned.
 */
#ifndef MINI_OS_EVENTS_H
#define MINI_OS_EVENTS_H

#include <abi/event_channel.h>
#include <mini-os/compiler.h>

#define EVENT_PORTS 4096

typedef void event_handler_t(evtchn_port_t port, void *data);

/* Switches delivery to this vCPU on or off. Enabling delivers at once what is pending. */
void events_enable(void);
void events_disable(void);

/* Switches off, returns whether it was on; and back. */
bool events_save_disable(void);
void events_restore(bool were_enabled);
bool events_enabled(void);

/* Sets or, with NULL, removes a port's handler. Port must be below EVENT_PORTS. */
void event_set_handler(evtchn_port_t port, event_handler_t *handler, void *data);

/*
 * Each binds a port, sets the handler and unmasks it; a NULL handler leaves the port
 * without one and masked. Returns the port (> 0), -XEN_ENOMEM, or the hypercall's negative
 * errno.
 */
int event_bind_unbound(domid_t remote, event_handler_t *handler, void *data);
int event_bind_interdomain(domid_t remote, evtchn_port_t remote_port,
                           event_handler_t *handler, void *data);
int event_bind_virq(unsigned int virq, unsigned int vcpu, event_handler_t *handler,
                    void *data);
int event_bind_ipi(unsigned int vcpu, event_handler_t *handler, void *data);
/* The PIRQ must be mapped. A level-triggered line needs PHYSDEVOP_eoi after each event. */
int event_bind_pirq(unsigned int pirq, event_handler_t *handler, void *data);

/*
 * Moves a port to another vCPU (EVTCHNOP_bind_vcpu). Ports with a handler are moved by
 * this function only. Returns 0 or a negative errno.
 */
int event_bind_vcpu(evtchn_port_t port, unsigned int vcpu);

/* Removes the handler, masks and closes. Returns 0 or a negative errno. */
int event_close(evtchn_port_t port);

/* Returns 0 or a negative errno. */
int event_send(evtchn_port_t port);

void event_mask(evtchn_port_t port);

/* By EVTCHNOP_unmask: delivers what came while the port was masked. 0 or a negative
 * errno. */
int event_unmask(evtchn_port_t port);

bool event_is_pending(evtchn_port_t port);
bool event_is_masked(evtchn_port_t port);
void event_clear(evtchn_port_t port);

/*
 * SCHEDOP_poll on one port until it is pending or system time reaches deadline_ns (0:
 * no limit). The pending bit stays set. Returns 0 or a negative errno.
 */
int event_poll(evtchn_port_t port, uint64_t deadline_ns);

#endif
