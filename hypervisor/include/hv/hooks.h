/* SPDX-License-Identifier: MIT */
/*
 * Upward calls: what lower layers need of higher ones, each with its provider. A lower
 * layer includes this header and none of the provider's.
 */
#ifndef HV_HOOKS_H
#define HV_HOOKS_H

#include <hv/types.h>

struct domain;
struct vcpu;

/* evtchn: makes VIRQ n pending for a vCPU (per-vCPU VIRQs). Any context. */
void evtchn_raise_vcpu_virq(struct vcpu *v, unsigned int virq);
/* evtchn: a global VIRQ, to the domain that handles it (domain 0 until set otherwise). */
void evtchn_raise_global_virq(unsigned int virq);
/* evtchn: sends from a port of d. 0; -EINVAL: it cannot be sent from. No lock held. */
long evtchn_send(struct domain *d, unsigned int port);
/* evtchn: hardware interrupt of a PIRQ that d has bound. Interrupts off. The CPU on which
 * the vCPU runs, or last ran, that is notified. */
unsigned int evtchn_raise_pirq(struct domain *d, unsigned int pirq);
/*
 * rights: PIRQs of d, numbers below nr_irqs.
 * pirq_is_permitted: may d use it at all?
 * pirq_connect: routes its line to evtchn_raise_pirq(d, pirq). share: others may have it
 *   too. 0; -EINVAL not mapped; -EBUSY taken and not shared; -ENOMEM.
 * pirq_disconnect: undoes that. Both with d's EVTCHN lock held.
 */
bool pirq_is_permitted(const struct domain *d, unsigned int pirq);
int pirq_connect(struct domain *d, unsigned int pirq, bool share);
void pirq_disconnect(struct domain *d, unsigned int pirq);
/* evtchn: is any of these ports pending for v (SCHEDOP_poll)? 1, 0,
 * or -EINVAL for a bad port. */
int evtchn_port_is_pending(struct domain *d, unsigned int port);

/* pv: writes v's time record (vcpu_info, registered area) for the CPU it is on. */
void pv_update_vcpu_time(struct vcpu *v);
/* pv: the same even if nothing has changed: the place is new. */
void pv_force_vcpu_time(struct vcpu *v);
/* pv: writes runstate into the registered area, if any. current only. */
void pv_update_runstate_area(struct vcpu *v);
/* pv: wall clock of one domain's shared_info. */
void pv_update_wallclock(struct domain *d);

/* pv: may d map the device memory at mfn? May it choose caching attributes at all? */
bool pv_may_map_device(const struct domain *d, mfn_t mfn);
bool pv_may_set_caching(const struct domain *d);

/* boot: reboot (warm) or power off; never return. */
_Noreturn void machine_restart(void);
_Noreturn void machine_power_off(void);

#endif
