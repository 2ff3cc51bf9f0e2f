/* SPDX-License-Identifier: MIT */
/*
 * Ports and their tables, inside the event-channel subsystem. The states of a port and
 * what changes them are tabled in port.c.
 */
#ifndef EVTCHN_INTERNAL_H
#define EVTCHN_INTERNAL_H

#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/evtchn.h>
#include <hv/lib.h>
#include <hv/sched.h>
#include <abi/event_channel.h>

/* One bucket holds the ports of one word of the pending bitmap. */
#define BUCKET_SHIFT 6
#define BUCKET_PORTS (1u << BUCKET_SHIFT)
#define MAX_BUCKETS  (EVTCHN_2L_NR_CHANNELS / BUCKET_PORTS)

/* Numbered as EVTCHNOP_status reports them. */
enum port_state {
    PORT_FREE = EVTCHNSTAT_closed,
    PORT_UNBOUND = EVTCHNSTAT_unbound,
    PORT_INTERDOMAIN = EVTCHNSTAT_interdomain,
    PORT_PIRQ = EVTCHNSTAT_pirq,
    PORT_VIRQ = EVTCHNSTAT_virq,
    PORT_IPI = EVTCHNSTAT_ipi,
    PORT_RESERVED, /* port 0 of every domain; guests see it closed */
};

struct port {
    union {
        uint64_t word; /* all of the below, for one consistent reading */
        struct {
            uint8_t state;  /* enum port_state */
            uint16_t vcpu;  /* who is notified */
            uint16_t users; /* senders that rely on `peer` now; atomic */
            uint16_t index; /* interdomain: the peer's port; else VIRQ or PIRQ number */
        };
    };
    union {
        struct domain *peer; /* interdomain: no reference, both ends close together */
        domid_t unbound_for; /* unbound: who may connect */
    };
};
_Static_assert(sizeof(struct port) == 16, "a bucket is 1 KiB");

struct evtchn_table {
    struct spinlock lock;    /* EVTCHN: every change of a port, and what follows */
    unsigned int nr_ports;   /* ports that have a bucket; grows only, read without lock */
    unsigned int open_ports; /* neither free nor reserved */
    uint64_t full;           /* bit per bucket without a free port */
    uint16_t *pirq_port;     /* by PIRQ: its port or 0; null until one is bound */
    struct port *bucket[MAX_BUCKETS];
};

/* A port that is known to have a bucket. */
static always_inline struct port *port_at(const struct evtchn_table *t, unsigned int port)
{
    return &t->bucket[port >> BUCKET_SHIFT][port % BUCKET_PORTS];
}

/* The port, or null when no such port has ever been. No lock needed. */
static always_inline struct port *port_lookup(const struct evtchn_table *t,
                                              unsigned int port)
{
    return likely(port < READ_ONCE(t->nr_ports)) ? port_at(t, port) : NULL;
}

static inline bool port_is_open(const struct port *p)
{
    return p->state != PORT_FREE && p->state != PORT_RESERVED;
}

void evtchn_lock(struct domain *d);
void evtchn_unlock(struct domain *d);
/* Both, in order of address; a and b may be the same. */
void evtchn_lock_pair(struct domain *a, struct domain *b);
void evtchn_unlock_pair(struct domain *a, struct domain *b);

/*
 * Finds the lowest free port of d, and memory for it. Nothing is reserved: the caller
 * holds d's lock until port_open(). Returns the port; -EINVAL d is dying; -ENOSPC its
 * limit is reached; -ENOMEM.
 */
int must_check port_find_free(struct domain *d);
/* The same for a given port: also -EBUSY when it is in use. Returns port. */
int must_check port_claim(struct domain *d, unsigned int port);
/* Opens a free port, or moves an unbound one on; `index` and `peer` by state. */
void port_open(struct domain *d, unsigned int port, enum port_state state,
               unsigned int vcpu, unsigned int index, struct domain *peer);
/* Makes it free again. Sends through it are over, and its pending bit is clear. */
void port_free(struct domain *d, unsigned int port);
/* Leaves interdomain for `state`; returns when no sender uses the peer any more. */
void port_disconnect(struct port *p, enum port_state state);

/* close.c: closes every port of d. 0, or -ERESTART: something waits, call again. */
int must_check evtchn_close_all(struct domain *d);

/* virq.c: forgets that port delivers v's VIRQ; no event of it follows. */
void virq_unbind(struct vcpu *v, unsigned int virq);
bool virq_is_global(unsigned int virq);
/* virq.c: d no longer handles any global VIRQ. */
void virq_release_handlers(struct domain *d);

/* pirq.c: forgets that a port delivers d's PIRQ and lets go of the line. */
void pirq_unbind(struct domain *d, unsigned int pirq);

/* --- guest-visible bitmaps: one locked instruction on bit nr of an array of words --- */
static always_inline bool bit_test_and_set(xen_ulong_t *map, unsigned long nr)
{
    bool old;

    __asm__ volatile("lock btsq %2, %1" : "=@ccc"(old), "+m"(*map) : "r"(nr) : "memory");
    return old;
}

static always_inline bool bit_test_and_clear(xen_ulong_t *map, unsigned long nr)
{
    bool old;

    __asm__ volatile("lock btrq %2, %1" : "=@ccc"(old), "+m"(*map) : "r"(nr) : "memory");
    return old;
}

static always_inline bool bit_test(const xen_ulong_t *map, unsigned long nr)
{
    bool set;

    __asm__ volatile("btq %2, %1" : "=@ccc"(set) : "m"(*map), "r"(nr) : "memory");
    return set;
}

/* send.c: tells v, and the pollers of port, that it is pending. */
void port_attend(struct vcpu *v, unsigned int port);
/* send.c: as port_set_pending() for a domain whose vCPU 0 has not been created. */
void port_set_pending_early(struct domain *d, unsigned int port);

/*
 * Makes port of d pending for its vCPU v. True: somebody has to be told, port_attend() is
 * due. A vCPU that runs here finds the event on its way out.
 */
static always_inline bool port_make_pending(struct domain *d, struct vcpu *v,
                                            unsigned long port)
{
    struct shared_info *si = d->shared_info;
    struct vcpu_info *vi;
    bool polled;

    if (bit_test_and_set(si->evtchn_pending, port))
        return false;
    polled = READ_ONCE(d->polling) != 0;
    if (bit_test(si->evtchn_mask, port))
        return polled;
    vi = READ_ONCE(v->info);
    if (bit_test_and_set(&vi->evtchn_pending_sel, port / 64) ||
        __atomic_exchange_n(&vi->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
        return polled;
    return polled || v != current || READ_ONCE(v->pause_flags);
}

/* Makes port pending for v, who is told unless it is masked. Any context. */
static inline void port_set_pending(struct vcpu *v, unsigned int port)
{
    if (port_make_pending(v->domain, v, port))
        port_attend(v, port);
}

#endif
