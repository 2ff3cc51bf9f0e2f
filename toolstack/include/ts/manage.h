/* SPDX-License-Identifier: MIT */
/*
 * The life-cycle manager: which domains there are, what they are called and were made
 * from, and what happens when one ends. It drives hypervisor, builder, console daemon
 * and xenstore; the program around it owns the event loop and calls
 *   ts_manager_domains_changed()  when VIRQ_DOM_EXC fires, again while it returns true,
 *   ts_manager_timer()            when the time it asked for has come.
 * No function blocks. A creation that fails leaves nothing behind. One thread at a time.
 *
 * State of a record (enum ts_domain_state):
 *   (made) -> LIVE -> STOPPING -> (ends) -> destroyed, made again, or PRESERVED
 * A domain may end without having been asked to. It may be paused in any state.
 *
 * One that is to leave a core is PRESERVED until somebody has taken it, which may be long:
 * the manager writes no files, and whoever does may not be there.
 */
#ifndef TS_MANAGE_H
#define TS_MANAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ts/build.h>
#include <ts/console.h>
#include <ts/cpuid.h>
#include <ts/err.h>
#include <ts/hv.h>

#define TS_NAME_MAX 64 /* bytes with the final 0 */

enum ts_action {
    TS_DESTROY,
    TS_RESTART,
    TS_PRESERVE,
    TS_RENAME_RESTART,   /* the old one is preserved under another name */
    TS_COREDUMP_DESTROY, /* kept until its core has been taken */
    TS_COREDUMP_RESTART,
    TS_NR_ACTIONS,
};

/* Where the vCPUs of a domain may run, or would rather. */
struct ts_affinity {
    bool is_set; /* all says where those run that vcpu does not mention */
    struct ts_cpu_set all;
    const struct ts_cpu_set *vcpu; /* of vCPU 0, 1, ..., nr_vcpus - 1 */
    unsigned int nr_vcpus;
};

/* Everything needed to make a domain, again and again. Strings are owned by whoever
 * fills it in; the manager keeps a deep copy. */
struct ts_config {
    char name[TS_NAME_MAX];              /* not empty, no '/', not all digits */
    uint8_t uuid[TS_UUID_BYTES];         /* all 0: a random one */
    const char *kernel, *ramdisk;        /* for env.load; ramdisk may be NULL */
    const char *cmdline;                 /* NULL: empty */
    uint64_t memory_kib, max_memory_kib; /* max 0: as memory */
    unsigned int vcpus, max_vcpus;       /* max 0: as vcpus */
    unsigned int max_event_port;         /* 0: 1023 */
    unsigned int max_grant_frames, max_maptrack_frames; /* 0: 32, 0: 64 */
    struct ts_sched_params sched;                       /* weight 0: default */
    struct ts_affinity hard, soft;
    struct ts_cpuid cpuid;
    enum ts_action on_poweroff, on_reboot, on_crash, on_watchdog, on_soft_reset;
    bool start_paused;
};

/* Defaults of an empty configuration: 1 vCPU, restart on reboot, else destroy. */
void ts_config_init(struct ts_config *config);

enum ts_domain_state {
    TS_DOM_LIVE,      /* runs, is blocked or paused: ask the hypervisor */
    TS_DOM_STOPPING,  /* has been asked to end */
    TS_DOM_PRESERVED, /* has ended and is kept */
};

/* A domain's record. Read only for everyone but the manager; valid until the next call
 * of a manager function that is not a query. */
struct ts_domain {
    domid_t id;
    enum ts_domain_state state;
    const struct ts_config *config; /* as created; NULL for domain 0 */
    char name[TS_NAME_MAX];
    uint8_t uuid[TS_UUID_BYTES];
    unsigned int vcpus;      /* wanted online */
    unsigned int pauses;     /* of this manager's: may be resumed by unpause */
    unsigned int ended_with; /* SHUTDOWN_*, when preserved */
    bool wants_core;         /* preserved until ts_domain_core_done() */
    unsigned int restarts;
    uint64_t started_ns;                    /* system time */
    evtchn_port_t console_port, store_port; /* the domain's own */
    uint64_t console_mfn, store_mfn;
};

/* The xenstore daemon as the manager needs it: local, privileged, not blocking. */
struct ts_store_ops {
    int (*begin)(void *context, uint32_t *transaction);
    /* commit false: abort, which does not fail. -XEN_EAGAIN: conflict, do it again. */
    int (*end)(void *context, uint32_t transaction, bool commit);
    /* transaction 0: none. value: text of n bytes, without a final 0. */
    int (*write)(void *context, uint32_t transaction, const char *path, const void *value,
                 size_t n);
    /* Puts up to size - 1 bytes and a 0 into text. -XEN_ENOENT. */
    int (*read)(void *context, uint32_t transaction, const char *path, char *text,
                size_t size);
    /* Removes a node with all below it; -XEN_ENOENT when it is not there. */
    int (*remove)(void *context, uint32_t transaction, const char *path);
    /* owner: the node's; others get others' access: 'n', 'r', 'w' or 'b'; reader (if not
     * DOMID_INVALID) gets 'r'. */
    int (*set_perms)(void *context, uint32_t transaction, const char *path, domid_t owner,
                     char others, domid_t reader);
    /* Starts and ends service of a domain's ring. */
    int (*introduce)(void *context, domid_t id, uint64_t ring_mfn,
                     evtchn_port_t guest_port);
    /* The domain has shut down but is there still. */
    void (*ended)(void *context, domid_t id);
    /* The domain is gone, introduced or not: nothing may be left of it but its nodes. */
    void (*release)(void *context, domid_t id);
};

enum ts_event {
    TS_EVENT_CREATED,
    TS_EVENT_ENDED,          /* shut down by itself or by request; reason in ended_with */
    TS_EVENT_RESTARTED,      /* the record has the new domain's number */
    TS_EVENT_RESTART_FAILED, /* the record is about to go; text says why */
    TS_EVENT_PRESERVED,      /* for its core, too */
    TS_EVENT_RENAMED,
    TS_EVENT_SHUTDOWN_TIMEOUT, /* still there when the time given was over */
    TS_EVENT_DESTROYED,        /* the record is about to go */
};

/* What the program around it provides. */
struct ts_manager_env {
    struct ts_hv *hv;
    struct ts_consoles *consoles;
    const struct ts_store_ops *store;
    void *store_context;
    struct ts_unpacker *unpacker; /* where unpacked kernels are kept; NULL: nowhere */

    void *context; /* of the functions below */
    /* A file's bytes, valid until given back. 0 or a negative XEN_E*. */
    int (*load)(void *context, const char *path, const void **data, size_t *size,
                struct ts_err *err);
    void (*unload)(void *context, const void *data, size_t size);
    /* A domain's record names this file from now on, and no more: each hold() has its
     * drop(). Not called for domain 0. May be NULL. */
    void (*hold)(void *context, const char *path);
    void (*drop)(void *context, const char *path);
    void (*random)(void *context, void *bytes, size_t n);
    /* Call ts_manager_timer() at this system time (ns); 0: no more. */
    void (*set_timer)(void *context, uint64_t deadline_ns);
    /* Something happened; text for a log line. Must not change domains. May be NULL. */
    void (*event)(void *context, enum ts_event event, const struct ts_domain *domain,
                  const char *text);
};

struct ts_manager;

/* With a record of domain 0. Returns NULL when out of memory. env is copied. */
struct ts_manager *ts_manager_create(const struct ts_manager_env *env);
/* Forgets all records; the domains go on running. */
void ts_manager_destroy(struct ts_manager *manager);

/* --- queries --- */

/* Records in ascending number: the first for NULL, NULL after the last. */
const struct ts_domain *ts_domain_next(const struct ts_manager *manager,
                                       const struct ts_domain *previous);
/* NULL when there is none. */
const struct ts_domain *ts_domain_by_id(const struct ts_manager *manager, domid_t id);
const struct ts_domain *ts_domain_by_name(const struct ts_manager *manager,
                                          const char *name);
/* By number ("12") or name; NULL with err filled in when there is none. */
const struct ts_domain *ts_domain_find(const struct ts_manager *manager, const char *what,
                                       struct ts_err *err);

/* --- what users ask for. All return 0 or a negative XEN_E* with err filled in. --- */

/*
 * Makes a domain; it runs on return unless config->start_paused. Errors: -XEN_EEXIST
 * (name in use), -XEN_EINVAL (bad configuration), -XEN_ENOENT, -XEN_EIO (files),
 * -XEN_ENOEXEC (kernel refused), -XEN_ENOMEM, -XEN_E2BIG, ... *id is set on success.
 */
int ts_domain_create(struct ts_manager *manager, const struct ts_config *config,
                     domid_t *id, struct ts_err *err);

/*
 * The same. While a packed kernel is unpacked progress->step() is called: it may let other
 * threads use the manager, and ends the creation with -XEN_EINTR. NULL: as above.
 */
int ts_domain_create_watched(struct ts_manager *manager, const struct ts_config *config,
                             const struct ts_progress *progress, domid_t *id,
                             struct ts_err *err);

/* Checks all that can be checked without making anything (`create -n`). */
int ts_domain_check(struct ts_manager *manager, const struct ts_config *config,
                    struct ts_err *err);

int ts_domain_destroy(struct ts_manager *manager, domid_t id, struct ts_err *err);

/*
 * The core that a domain is kept for has been taken: it is destroyed or made again, as its
 * configuration says. taken false: it could not be; the domain is preserved. -XEN_EINVAL:
 * it is not kept for a core.
 */
int ts_domain_core_done(struct ts_manager *manager, domid_t id, bool taken,
                        struct ts_err *err);

/* Ends a domain as if it had crashed; the core that it should leave has been taken. */
int ts_domain_crash(struct ts_manager *manager, domid_t id, struct ts_err *err);

/* Destroys a domain and makes it again. */
int ts_domain_reset(struct ts_manager *manager, domid_t id, struct ts_err *err);

enum ts_shutdown_kind { TS_SHUT_POWEROFF, TS_SHUT_REBOOT, TS_SHUT_HALT };

/*
 * Asks the domain by control/shutdown to end. After timeout_ns (0: no limit) event()
 * reports that it has not; force then destroys it. Observe by event() when it ends.
 */
int ts_domain_shutdown(struct ts_manager *manager, domid_t id, enum ts_shutdown_kind kind,
                       uint64_t timeout_ns, bool force, struct ts_err *err);

/* Counted: each pause takes an unpause. -XEN_EINVAL: was not paused by pause. */
int ts_domain_pause(struct ts_manager *manager, domid_t id, struct ts_err *err);
int ts_domain_unpause(struct ts_manager *manager, domid_t id, struct ts_err *err);

int ts_domain_rename(struct ts_manager *manager, domid_t id, const char *name,
                     struct ts_err *err);

/* Asks the guest to have n vCPUs online, 1 to the number it was made with. */
int ts_domain_set_vcpus(struct ts_manager *manager, domid_t id, unsigned int n,
                        struct ts_err *err);

/* Limit of its memory; not below what it has. */
int ts_domain_set_max_mem(struct ts_manager *manager, domid_t id, uint64_t kib,
                          struct ts_err *err);

/*
 * Tells the guest's balloon driver how much memory it should have, up to the limit. The
 * hypervisor gives it no more than that from now on; what it has beyond, it keeps until it
 * gives it back.
 */
int ts_domain_set_target(struct ts_manager *manager, domid_t id, uint64_t kib,
                         struct ts_err *err);

/* Hands a "magic system request" to the guest: a letter or digit. */
int ts_domain_sysrq(struct ts_manager *manager, domid_t id, char letter,
                    struct ts_err *err);

/* A non-maskable interrupt of a vCPU; what it makes of it is the guest's to say. */
int ts_domain_nmi(struct ts_manager *manager, domid_t id, unsigned int vcpu,
                  struct ts_err *err);

/* Weight 0, cap TS_KEEP_CAP: as it is. Restarts keep it. */
#define TS_KEEP_CAP (~0u)
int ts_domain_set_sched(struct ts_manager *manager, domid_t id, unsigned int weight,
                        unsigned int cap, struct ts_err *err);

/* vcpu TS_ALL_VCPUS: all of them. hard or soft may be NULL: unchanged. */
#define TS_ALL_VCPUS (~0u)
int ts_domain_pin(struct ts_manager *manager, domid_t id, unsigned int vcpu,
                  const struct ts_cpu_set *hard, const struct ts_cpu_set *soft,
                  struct ts_err *err);

/* --- what the event loop calls --- */

/*
 * VIRQ_DOM_EXC: finds domains that have ended and does what their records say, for a few
 * at a time. Returns whether there are more: it is to be called again then, after other
 * work. Restarts end with the events RESTARTED or RESTART_FAILED.
 */
bool ts_manager_domains_changed(struct ts_manager *manager);
/* The time of env.set_timer has come. */
void ts_manager_timer(struct ts_manager *manager);

/* "poweroff", "reboot", "suspend", "crash", "watchdog", "soft reset", or "unknown" */
const char *ts_shutdown_text(unsigned int reason);

#endif
