/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor as the toolstack sees it: a table of operations and the object that
 * carries their state. Implementations: direct hypercalls (ts_hv_direct, for programs
 * that run in a privileged domain), and a model in plain memory for tests.
 *
 * Every operation that returns int returns 0 or a negative XEN_E* of the hypervisor;
 * outputs are filled in only on success. None blocks, and none keeps a pointer that it
 * was given. Frames are machine frames (mfn) where the name says so; domains are PV64.
 */
#ifndef TS_HV_H
#define TS_HV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/domctl.h>
#include <abi/event_channel.h>
#include <abi/xen.h>

struct ts_hv;

#define TS_PAGE_SIZE  4096u
#define TS_PAGE_SHIFT 12
#define TS_UUID_BYTES 16

struct ts_domain_params {
    uint8_t uuid[TS_UUID_BYTES];
    unsigned int max_vcpus;
    unsigned int max_event_port; /* the highest */
    unsigned int max_grant_frames;
    unsigned int max_maptrack_frames;
};

/* Run states, as `list` prints them; shutdown and dying exclude the others. */
enum ts_run_state {
    TS_RUNNING = 1 << 0,
    TS_BLOCKED = 1 << 1,
    TS_PAUSED = 1 << 2, /* may come with running or blocked */
    TS_SHUTDOWN = 1 << 3,
    TS_DYING = 1 << 4,
};

struct ts_domain_info {
    domid_t id;
    unsigned int state;           /* TS_RUNNING | ... */
    unsigned int shutdown_reason; /* SHUTDOWN_*, when state has TS_SHUTDOWN */
    uint64_t nr_pages, max_pages;
    uint64_t shared_info_mfn;
    uint64_t cpu_time_ns;     /* over all vCPUs */
    unsigned int nr_vcpus;    /* online */
    unsigned int max_vcpu_id; /* highest number there is */
    uint8_t uuid[TS_UUID_BYTES];
};

struct ts_vcpu_info {
    bool online, blocked, running;
    uint64_t cpu_time_ns;
    unsigned int cpu; /* physical, last run on */
};

/* A set of physical CPUs. */
#define TS_MAX_CPUS 256
struct ts_cpu_set {
    uint8_t bits[TS_MAX_CPUS / 8];
};

struct ts_sched_params {
    unsigned int weight;
    unsigned int cap; /* percent of one CPU; 0: none */
};

struct ts_machine_info {
    unsigned int nr_cpus, nr_nodes, threads_per_core, cores_per_socket;
    unsigned int cpu_khz;
    unsigned int max_cpu_id;
    uint32_t hw_caps[8];
    uint64_t total_pages, free_pages, scrub_pages, outstanding_pages;
    unsigned int scheduler; /* XEN_SCHEDULER_* */
};

/* What CPUID, and the two registers beside it, say to a domain. */
#define TS_CPU_LEAVES 128
#define TS_CPU_MSRS   4
struct ts_cpu_policy {
    unsigned int nr_leaves, nr_msrs;
    xen_cpuid_leaf_t leaf[TS_CPU_LEAVES];
    xen_msr_entry_t msr[TS_CPU_MSRS];
};

/* What the hypervisor says about itself; texts are empty when it does not tell. */
struct ts_version_info {
    unsigned int major, minor;
    char extra[16];
    char capabilities[256], changeset[64], command_line[256];
    char compiler[64], compiled_by[32], compile_domain[64], compile_date[64];
    uint64_t virt_start; /* lowest address of the hypervisor in a PV64 guest */
    unsigned int page_size;
};

/* One entry of a new domain's grant table. */
struct ts_grant_seed {
    unsigned int ref;
    domid_t peer;       /* who may map it, for writing */
    uint64_t frame_mfn; /* a frame of the domain */
};

/* XEN_SYSCTL_tbuf_op: cmd is XEN_SYSCTL_TBUFOP_* or ABI_TBUFOP_*. */
struct ts_trace_op {
    uint32_t cmd;
    uint32_t events; /* evt_mask, in and out */
    uint32_t size;   /* in and out */
    uint64_t mfn;    /* buffer_mfn, out */
};

struct ts_hv_ops {
    /* --- a domain as a whole --- */

    /* New, paused once, without vCPUs and memory. *id: its number. */
    int (*domain_create)(struct ts_hv *hv, const struct ts_domain_params *params,
                         domid_t *id);
    /* From here on the domain is dying; it disappears when nobody maps its frames. */
    int (*domain_destroy)(struct ts_hv *hv, domid_t id);
    int (*domain_pause)(struct ts_hv *hv, domid_t id); /* counted */
    int (*domain_unpause)(struct ts_hv *hv, domid_t id);
    /* Shuts it down as if it had crashed. */
    int (*domain_crash)(struct ts_hv *hv, domid_t id);
    /* A non-maskable interrupt of one vCPU. */
    int (*domain_nmi)(struct ts_hv *hv, domid_t id, unsigned int vcpu);
    int (*domain_set_uuid)(struct ts_hv *hv, domid_t id, const uint8_t *uuid);
    /* Also ends the memory map that the guest is shown when it starts. */
    int (*domain_set_max_mem)(struct ts_hv *hv, domid_t id, uint64_t kib);
    int (*domain_set_max_vcpus)(struct ts_hv *hv, domid_t id, unsigned int n);
    /* -XEN_ESRCH when there is no such domain. */
    int (*domain_info)(struct ts_hv *hv, domid_t id, struct ts_domain_info *info);
    /* Domains from number first on, ascending: fills up to max, returns how many. */
    int (*domain_list)(struct ts_hv *hv, domid_t first, struct ts_domain_info *info,
                       unsigned int max);

    /* --- vCPUs --- */
    int (*vcpu_info)(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                     struct ts_vcpu_info *info);
    int (*vcpu_set_context)(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                            const struct vcpu_guest_context *context);
    int (*vcpu_get_context)(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                            struct vcpu_guest_context *context);
    /* hard: where it may run, soft: where it would rather; NULL: leave as it is. */
    int (*vcpu_set_affinity)(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                             const struct ts_cpu_set *hard,
                             const struct ts_cpu_set *soft);
    int (*vcpu_get_affinity)(struct ts_hv *hv, domid_t id, unsigned int vcpu,
                             struct ts_cpu_set *hard, struct ts_cpu_set *soft);
    int (*sched_get)(struct ts_hv *hv, domid_t id, struct ts_sched_params *params);
    int (*sched_set)(struct ts_hv *hv, domid_t id, const struct ts_sched_params *params);
    /* The CPU policy of a domain; of DOMID_INVALID: the machine's. */
    int (*cpu_policy_get)(struct ts_hv *hv, domid_t id, struct ts_cpu_policy *policy);
    /* Of a domain that has not run yet. What cannot be had is left out silently. */
    int (*cpu_policy_set)(struct ts_hv *hv, domid_t id,
                          const struct ts_cpu_policy *policy);

    /* --- memory --- */

    /*
     * Gives the domain n extents of 2^order zeroed frames. frames[i]: in the pfn of an
     * extent, out its first mfn. The machine-to-physical table is set. Returns the
     * number of extents done (less than n when memory runs out), or a negative error.
     */
    int (*memory_populate)(struct ts_hv *hv, domid_t id, xen_pfn_t *frames,
                           unsigned int n, unsigned int order);
    /*
     * Maps n frames of the domain one after another, readable and writable. -XEN_ENOMEM
     * when there is no address space; nothing stays mapped after a failure.
     */
    int (*frames_map)(struct ts_hv *hv, domid_t id, const xen_pfn_t *mfns, unsigned int n,
                      void **address);
    /* The same, readable only: page tables and the like can be mapped, too. */
    int (*frames_map_read)(struct ts_hv *hv, domid_t id, const xen_pfn_t *mfns,
                           unsigned int n, const void **address);
    /* Cannot fail: address and n are those of one frames_map or frames_map_read. */
    void (*frames_unmap)(struct ts_hv *hv, const void *address, unsigned int n);
    /* Sets the machine-to-physical entries of n frames in a row to pfns in a row. */
    int (*m2p_set)(struct ts_hv *hv, domid_t id, uint64_t mfn, uint64_t pfn,
                   unsigned int n);
    /* Validates a tree of tables and keeps it so. level: 1 to 4. */
    int (*table_pin)(struct ts_hv *hv, domid_t id, uint64_t mfn, unsigned int level);
    /* Fills a frame of the domain with the hypercall page. */
    int (*hypercall_page)(struct ts_hv *hv, domid_t id, uint64_t mfn);
    /* Writes entries of a new domain's grant table. */
    int (*grant_seed)(struct ts_hv *hv, domid_t id, const struct ts_grant_seed *seeds,
                      unsigned int n);

    /* --- event channels. Ports come from the caller's own domain unless said. --- */

    /* A port of domain id that remote may bind to. */
    int (*evtchn_alloc_unbound)(struct ts_hv *hv, domid_t id, domid_t remote,
                                evtchn_port_t *port);
    /* When it fires, the program that owns the event loop is told (ts_consoles_event). */
    int (*evtchn_bind)(struct ts_hv *hv, domid_t remote, evtchn_port_t remote_port,
                       evtchn_port_t *local);
    int (*evtchn_send)(struct ts_hv *hv, evtchn_port_t local);
    /* Delivers what came while the port was masked. */
    int (*evtchn_unmask)(struct ts_hv *hv, evtchn_port_t local);
    int (*evtchn_close)(struct ts_hv *hv, evtchn_port_t local);

    /* --- the machine --- */
    int (*machine_info)(struct ts_hv *hv, struct ts_machine_info *info);
    int (*version_info)(struct ts_hv *hv, struct ts_version_info *info);
    /* Idle time of CPU 0, 1, ... in ns: fills up to max, returns how many. */
    int (*cpu_idle_times)(struct ts_hv *hv, uint64_t *ns, unsigned int max);
    /*
     * Text of the hypervisor's console ring from *index on (first 0: the oldest), which
     * moves on; clear empties the ring. Returns the number of bytes, 0 at the end.
     */
    int (*console_read)(struct ts_hv *hv, uint32_t *index, char *text, unsigned int size,
                        bool clear);
    int (*debug_keys)(struct ts_hv *hv, const char *keys, unsigned int n);
    /* Tracing (ts/trace.h). May be absent. */
    int (*trace_op)(struct ts_hv *hv, struct ts_trace_op *op);
    /* ns since the machine started */
    uint64_t (*system_time)(struct ts_hv *hv);
};

/* An implementation has this as its first member. */
struct ts_hv {
    const struct ts_hv_ops *ops;
};

/* --- toolstack/hv/direct.c: hypercalls --- */

struct xen_domctl;
struct xen_sysctl;

/*
 * How a program issues hypercalls and maps frames. The first group are the hypercalls
 * themselves, with their return values. The pages that hold arguments must be mapped.
 */
struct ts_hypercalls {
    long (*domctl)(struct xen_domctl *op);
    long (*sysctl)(struct xen_sysctl *op);
    long (*memory_op)(unsigned int cmd, void *arg);
    long (*mmu_update)(struct mmu_update *updates, unsigned int n, unsigned int *done,
                       domid_t id);
    long (*mmuext_op)(struct mmuext_op *ops, unsigned int n, unsigned int *done,
                      domid_t id);
    long (*sched_op)(int cmd, void *arg);
    long (*event_channel_op)(int cmd, void *arg);
    long (*grant_table_op)(unsigned int cmd, void *arg, unsigned int n);
    long (*xen_version)(int cmd, void *arg);
    /*
     * As ts_hv_ops.evtchn_bind and .evtchn_close: the program keeps a table of its ports
     * and decides which handler a new one gets.
     */
    int (*event_bind)(domid_t remote, evtchn_port_t remote_port, evtchn_port_t *local);
    int (*event_close)(evtchn_port_t local);
    /* As ts_hv_ops.frames_map, .frames_map_read and .frames_unmap. */
    int (*map)(domid_t id, const xen_pfn_t *mfns, unsigned int n, void **address);
    int (*map_read)(domid_t id, const xen_pfn_t *mfns, unsigned int n,
                    const void **address);
    void (*unmap)(const void *address, unsigned int n);
    /* ns since the machine started */
    uint64_t (*system_time)(void);
};

struct ts_hv_direct {
    struct ts_hv hv;
    const struct ts_hypercalls *calls;
};

/* Sets *direct up over calls, which must live as long. Returns &direct->hv. */
struct ts_hv *ts_hv_direct_init(struct ts_hv_direct *direct,
                                const struct ts_hypercalls *calls);

/* --- CPU sets --- */

static inline void ts_cpu_set_add(struct ts_cpu_set *set, unsigned int cpu)
{
    set->bits[cpu / 8] |= (uint8_t)(1u << (cpu % 8));
}

static inline bool ts_cpu_set_has(const struct ts_cpu_set *set, unsigned int cpu)
{
    return cpu < TS_MAX_CPUS && (set->bits[cpu / 8] >> (cpu % 8) & 1);
}

#endif
