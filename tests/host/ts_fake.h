/* SPDX-License-Identifier: MIT */
/*
 * What the toolstack's host tests run on: a hypervisor, a xenstore, files, time and
 * memory of the C library, all models in plain memory that can fail at a chosen call and
 * that know when something has been left behind.
 */
#ifndef TS_FAKE_H
#define TS_FAKE_H

#include <ts/manage.h>

/* --- failures. One counter for every call of any of the models that may fail. --- */

/* The n-th call from now on (1: the next one) fails, once; 0: none does. */
void fake_fail_at(unsigned long n);
/* Has it? */
bool fake_has_failed(void);
/* Only out of malloc() and its relatives, in toolstack code (ts_alloc.h). */
void fake_fail_alloc_at(unsigned long n);

/* --- the hypervisor --- */

/* A machine with frames of free memory and domain 0. A second call starts anew. */
struct ts_hv *fake_hv_start(unsigned int frames);
/* The one that was started. */
struct ts_hv *fake_hv(void);
/* Fails the test when anything is left: domains, frames, maps, ports. */
void fake_hv_check_empty(void);
void fake_hv_stop(void);

unsigned int fake_free_frames(void);
unsigned int fake_nr_domains(void); /* without domain 0 */
unsigned int fake_nr_maps(void);
unsigned long fake_nr_calls(void); /* since the start */
/* The memory of a frame. */
void *fake_frame(uint64_t mfn);
/* Whose it is; DOMID_INVALID: free. */
domid_t fake_frame_owner(uint64_t mfn);
uint64_t fake_m2p(uint64_t mfn);
/* The domain tells tools where its memory is, in lists in its highest frames; it has at
 * most 512. */
void fake_publish_list(domid_t id);
/* No extent of more than 2^order frames can be had. */
void fake_largest_order(unsigned int order);

/* The domain shuts itself down. */
void fake_domain_ends(domid_t id, unsigned int reason);
bool fake_is_running(domid_t id); /* unpaused, not shut down, has a context */
unsigned int fake_pause_count(domid_t id);
/* Bit per vCPU that got an NMI. */
unsigned int fake_nmis(domid_t id);
const struct vcpu_guest_context *fake_context(domid_t id);
uint64_t fake_root(domid_t id); /* the pinned table, 0: none */
uint64_t fake_hypercall_page(domid_t id);
uint64_t fake_max_pages(domid_t id); /* the limit of its memory */
const struct ts_cpu_set *fake_affinity(domid_t id, unsigned int vcpu);
/* The seeded grant: its frame, 0 when there is none for peer. */
uint64_t fake_grant(domid_t id, unsigned int ref, domid_t peer);
/* Events sent to a domain's port so far. */
unsigned int fake_events(domid_t id, evtchn_port_t port);
/* The domain's port is connected to this port of domain 0; 0: it is not. */
evtchn_port_t fake_peer(domid_t id, evtchn_port_t port);
void fake_set_time(uint64_t ns);

/* --- xenstore --- */

extern const struct ts_store_ops fake_store_ops;
/* The value, or NULL when there is no such node. */
const char *fake_node(const char *path);
/* "owner others reader", for example "5n-", "0n5" */
const char *fake_node_perms(const char *path);
unsigned int fake_nr_nodes(void);
bool fake_is_introduced(domid_t id);
/* Another client interferes with the next n transactions. */
void fake_store_conflicts(unsigned int n);
void fake_store_stop(void);

/* --- the rest of a manager's surroundings --- */

/* Files by name: data is not copied. */
void fake_file(const char *path, const void *data, size_t size);
unsigned int fake_loaded_files(void); /* not given back */
uint64_t fake_timer(void);
/* As ts_manager_env.load and .unload. */
int fake_load(void *context, const char *path, const void **data, size_t *size,
              struct ts_err *err);
void fake_unload(void *context, const void *data, size_t size);
/* Is called with the manager's events, too. NULL: nothing is. */
extern void (*fake_event_hook)(enum ts_event event, const struct ts_domain *domain,
                               const char *text);
/* What events there were, as text: "created 1\n" and so on; emptied by the call after. */
const char *fake_events_seen(void);
/* A manager on all of it. */
struct ts_manager *fake_manager_start(unsigned int frames);
/* The same on another xenstore, after fake_hv_start(). */
struct ts_manager *fake_manager_start_on(const struct ts_store_ops *store, void *context);
struct ts_consoles *fake_consoles(void);
/* Stops everything; fails the test when anything is left of domains. */
void fake_manager_stop(struct ts_manager *manager);

/* --- images --- */

/* A small PV64 kernel in static memory; *size: its bytes. */
const void *fake_kernel(size_t *size);

#endif
