/* SPDX-License-Identifier: MIT */
/* Event channels (2-level). Port states and transitions are tabled in evtchn/port.c. */
#ifndef HV_EVTCHN_H
#define HV_EVTCHN_H

#include <hv/domain.h>
#include <hv/hooks.h>
#include <abi/event_channel.h>

/* vcpu.poll_port of a vCPU that polls more than one port. */
#define POLL_SEVERAL ((evtchn_port_t)~0u)

/*
 * Opens an unbound port in d that `remote` may bind: port_wanted, or the lowest free one
 * when that is 0. The port; -ENOSPC beyond d's limit; -EBUSY port_wanted is in use;
 * -EINVAL d is dying; -ENOMEM.
 */
int must_check evtchn_alloc_unbound(struct domain *d, domid_t remote,
                                    unsigned int port_wanted);
/* Sends through d's port as d itself does: 0 (also when nobody is connected yet), or
 * -EINVAL: no such port, closed, or a VIRQ's or PIRQ's. No locks needed; any context. */
long evtchn_send(struct domain *d, unsigned int port);
/* Sets the pending bit of port and tells v, unless it is masked. Any context. */
void evtchn_set_pending(struct vcpu *v, unsigned int port);
/* The port that d has bound to pirq, which is below nr_irqs, or 0. */
unsigned int evtchn_pirq_port(const struct domain *d, unsigned int pirq);
/* Ports in use, for leak checks. */
unsigned int evtchn_count(struct domain *d);
/* Puts d in charge of a global VIRQ until it dies. 0; -EINVAL: no such, or per vCPU. */
int must_check evtchn_set_global_virq_handler(struct domain *d, unsigned int virq);
/* Prints all open ports of d. */
void evtchn_dump(struct domain *d);
/* Start-up step: debug key 'e'. */
void evtchn_init(void);

#endif
