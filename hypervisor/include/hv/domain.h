/* SPDX-License-Identifier: MIT */
/*
 * Domains: their life, their table, pausing, shutting down.
 *
 * Life:   building -> alive -> (shutdown) -> dying -> dead
 *   building   created by domctl or the boot code, not yet unpaused
 *   alive      may run; shutdown: stopped itself or crashed, memory still there
 *   dying      domain_kill() has begun: no new resources; parts are relinquished
 *   dead       nothing relinquishable is left; the structure stays until the last
 *              reference (a foreign map, a grant, a page) goes, then id is reused
 */
#ifndef HV_DOMAIN_H
#define HV_DOMAIN_H

#include <hv/frame_set.h>
#include <hv/list.h>
#include <hv/spinlock.h>
#include <hv/types.h>
#include <hv/vcpu.h>
#include <abi/xen.h>
#include <abi/domctl.h>

struct abi_e820_entry;
struct evtchn_table;
struct grant_table;
struct conio_line;

enum domain_life { DOM_BUILDING, DOM_ALIVE, DOM_DYING, DOM_DEAD };

struct domain {
    domid_t id;
    uint8_t life;       /* enum domain_life, written under lock */
    bool is_privileged; /* may use domctl, sysctl, platform_op (domain 0) */
    bool is_shut_down, is_shutting_down;
    uint8_t shutdown_code;  /* SHUTDOWN_*, valid when is_shut_down */
    bool has_shutdown_code; /* SCHEDOP_shutdown_code chose it beforehand */
    uint32_t suspend_port;  /* event channel told of a suspension, 0 = none */
    bool kill_busy;         /* domain_hold_kill(); atomic */
    bool debugger_attached;
    uint32_t references;             /* atomic */
    struct spinlock lock;            /* DOMAIN */
    int32_t pause_count;             /* atomic; paused by whomever while not 0 */
    uint32_t controller_pause_count; /* DOMCTL_pausedomain, 0-255; under lock */
    unsigned int parts_created;      /* progress in parts.def */
    unsigned int relinquish_step;    /* parts not yet relinquished */
    struct domain *next_dead;        /* destruction queue of a CPU */
    struct domain *next_shut_down;   /* report queue of a CPU, while: */
    bool report_queued;              /* atomic */
    uint8_t handle[16];
    uint32_t options; /* XEN_DOMCTL_CDF_* */
    uint32_t ssidref;

    unsigned int max_vcpus;
    struct vcpu **vcpu;              /* max_vcpus pointers, null where not yet created */
    struct shared_info *shared_info; /* one frame, shared with the guest */

    /* --- mem, under page_lock (PAGE_ALLOC) --- */
    struct spinlock page_lock;
    uint64_t tot_pages, max_pages;
    uint64_t outstanding_pages;        /* claimed and not yet allocated */
    uint64_t relinquish_mfn;           /* mem_domain_relinquish() goes on from here */
    struct frame_set frames;           /* tot_pages of them: owned and not yet freed */
    struct abi_e820_entry *memory_map; /* XENMEM_set_memory_map; null until then */
    unsigned int nr_memory_map;

    /* --- evtchn, grant --- */
    struct evtchn_table *evtchn;
    struct grant_table *grant;
    uint32_t max_evtchn_port, max_grant_frames, max_maptrack_frames;

    /* --- hypercall --- */
    struct conio_line *conio; /* console_io's unfinished line, or null */

    /* --- sched --- */
    struct cpumask dirty_cpus; /* CPUs that run a vCPU of it now; atomic bits */
    struct cpumask poll_vcpus; /* vCPU ids below NR_CPUS in SCHEDOP_poll; a hint */
    uint32_t polling;          /* vCPUs in SCHEDOP_poll; atomic */
    uint16_t weight, cap; /* 256 = one ordinary share; percent of one CPU, 0: no cap */
    struct domain_cap *cap_state; /* allocated with the first cap */
    uint32_t charge_factor;       /* vruntime per ns and active vCPU, 16-bit fraction */
    int32_t active_vcpus;         /* running or waiting to; atomic */
    struct domain_watchdogs *watchdogs; /* allocated at first use */

    /* --- time --- */
    int64_t time_offset; /* seconds */

    /* --- trace --- */
    uint32_t traced; /* ABI_TRACE_* kinds of records; under the TRACE lock */

    /* --- control --- */
    struct domain_rights *rights; /* device memory, interrupt lines */
    bool has_relaxed_msrs;        /* XEN_X86_MSR_RELAXED */
    uint32_t tsc_incarnation;     /* as the controller counts them */

    /* --- pv --- */
    uint64_t vm_assist; /* bit per VMASST_TYPE_* */
    uint64_t tsc_mode, tsc_khz;
    uint32_t phys_width;
    struct pv_domain *pv; /* CPUID policy and I/O permissions */
};

/* Domain 0, once built. */
extern struct domain *domain0;

/* vCPUs that a domain may have at most. */
#define DOMAIN_MAX_VCPUS NR_CPUS

/* Registers the destruction of domains; start-up. */
void domains_init(void);

/*
 * Looks a domain up and takes a reference of it; null when there is none (a dead one
 * that others still hold is found until its id is free).
 */
struct domain *domain_get_by_id(domid_t id);
/* The next domain with an id >= from, with a reference, or null. */
struct domain *domain_get_next(domid_t from);
/*
 * The domain with this id, of which the caller already holds a reference in some form (a
 * frame that it owns, for instance). Takes none; no lock, any context.
 */
struct domain *domain_by_held_id(domid_t id);
static inline void domain_get(struct domain *d)
{
    __atomic_fetch_add(&d->references, 1, __ATOMIC_RELAXED);
}
/* Drops one; the last destroys the domain (deferred to SOFTIRQ_RECLAIM of this CPU). Any
 * context but NMI. */
void domain_put(struct domain *d);

/*
 * Resolves a domain id that a guest named, DOMID_SELF included, with a reference.
 * remote: for another domain than its own the caller must be privileged. Returns 0;
 * -ESRCH no such domain; -EPERM.
 */
int must_check domain_lookup(domid_t id, bool remote, struct domain **out);

/*
 * Creates a domain in state building, paused by the controller. id: wanted id, or
 * DOMID_INVALID for any. The caller becomes the holder of a reference beside the one that
 * domain_kill() drops. Returns 0; -EEXIST id in use; -ENOMEM; -EINVAL bad configuration
 * (no vCPU, more than the limit, an unknown or unsupported flag), or an id out of range;
 * what a part returns.
 */
int must_check domain_create(domid_t id, const struct xen_domctl_createdomain *cfg,
                             bool privileged, struct domain **out);
/* Creates vCPU id (down, not initialised). 0; -EINVAL: no such id, or d is dying;
 * -EEXIST; -ENOMEM. */
int must_check vcpu_create(struct domain *d, unsigned int id, struct vcpu **out);

/*
 * Relinquishes everything. 0 when done; -ERESTART call again; -EINVAL for domain 0 or
 * current's own domain. Interrupts on, no lock held.
 */
int must_check domain_kill(struct domain *d);
/*
 * Around what gives d references that domain_kill() takes away: no kill begins or goes on
 * in between. False: one is under way on another CPU, or somebody else holds it back:
 * come again later. The holder must not wait for another's hold.
 */
bool must_check domain_hold_kill(struct domain *d);
void domain_release_kill(struct domain *d);

/*
 * Stops all vCPUs, records the reason, and has VIRQ_DOM_EXC raised in domain 0 (when it
 * is suspended and has a suspend port: an event sent from that). Domain 0's own shutdown
 * shuts the machine down. Does nothing when d is shutting down already. Any
 * context but NMI, with no lock of level SCHED or above held.
 */
void domain_shutdown(struct domain *d, uint8_t reason);
/* The reason that the domain's next shutdown will have, whatever that one says; the
 * first call counts. */
void domain_set_shutdown_code(struct domain *d, uint8_t reason);
/* Undoes domain_shutdown (XEN_DOMCTL_resumedomain). */
void domain_resume(struct domain *d);
/*
 * The ladder's second rung: prints why, dumps the vCPU's registers, shuts d down as
 * crashed.
 * For the running vCPU's domain the vCPU does not return to the guest: the call returns,
 * and the way out to the guest gives the CPU to another. Context as domain_shutdown().
 */
void domain_crash(struct domain *d, const char *fmt, ...) printf_like(2, 3);

/*
 * Counted. _nosync returns at once; the other when no vCPU of it runs (but current, if it
 * is one of them). Interrupts on and no lock held: it waits for other CPUs. 0; -ERESTART:
 * not paused, because the calling vCPU is itself to stop while it waits for one that
 * waits for it: the caller must break its hypercall off and continue it later.
 */
int must_check domain_pause(struct domain *d);
void domain_pause_nosync(struct domain *d);
void domain_unpause(struct domain *d);
int must_check vcpu_pause(struct vcpu *v);
void vcpu_pause_nosync(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
/*
 * The controller's own count (DOMCTL_pausedomain), at most 255: 0; -EOVERFLOW at its
 * limit; -ERESTART as domain_pause().
 */
int must_check domain_pause_by_controller(struct domain *d);
/* 0; -EINVAL: it is not paused by the controller. The first one starts the domain. */
int must_check domain_unpause_by_controller(struct domain *d);

/*
 * VCPUOP_register_vcpu_info: from now on v's vcpu_info lies in the guest frame at byte
 * `offset`; the contents are carried over and everything is marked pending. v is current
 * or down. 0; -ENXIO: not 8-aligned, or crosses the frame's end; -EINVAL: done before, v
 * is neither, or not a writable frame of the domain.
 */
int must_check vcpu_info_register(struct vcpu *v, mfn_t mfn, uint64_t offset);
/* Lets go of that frame. d is dying and its event channels are closed. */
void vcpu_info_release(struct vcpu *v);
/* Has the guest a way to see v's vcpu_info? Not before registration from vCPU 32 on. */
static inline bool vcpu_info_is_visible(const struct vcpu *v)
{
    return v->id < XEN_LEGACY_MAX_VCPUS || v->info_page;
}

static inline struct vcpu *domain_vcpu(const struct domain *d, unsigned int id)
{
    return id < d->max_vcpus ? READ_ONCE(d->vcpu[id]) : NULL;
}

#define for_each_vcpu(d, v)                              \
    for (unsigned int i_ = 0; i_ < (d)->max_vcpus; i_++) \
        if (((v) = READ_ONCE((d)->vcpu[i_])) != NULL)

static inline bool vcpu_is_runnable(const struct vcpu *v)
{
    return !(__atomic_load_n(&v->pause_flags, __ATOMIC_RELAXED) |
             (uint32_t)__atomic_load_n(&v->pause_count, __ATOMIC_RELAXED) |
             (uint32_t)__atomic_load_n(&v->domain->pause_count, __ATOMIC_RELAXED));
}

#endif
