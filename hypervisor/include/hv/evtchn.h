/* SPDX-License-Identifier: MIT */
/* Event channels (2-level). Port states and transitions are tabled in evtchn/port.c. */
#ifndef HV_EVTCHN_H
#define HV_EVTCHN_H

#include <hv/domain.h>
#include <hv/hooks.h>

/* Allocates an unbound port in d for remote; the port, or -ENOSPC, -ENOMEM. */
int must_check evtchn_alloc_unbound(struct domain *d, domid_t remote, unsigned int port_wanted);
/* Sends from the hypervisor to a port of d that the hypervisor knows (console, store). */
int evtchn_send(struct domain *d, unsigned int port);
/* Sets the pending bit of port and kicks the vCPU it notifies. Any context. */
void evtchn_set_pending(struct vcpu *v, unsigned int port);
/* Ports in use, for leak checks. */
unsigned int evtchn_count(struct domain *d);
/* Moves per-vCPU PIRQ affinity; console output of all ports for debug key 'e'. */
void evtchn_dump(struct domain *d);

#endif
