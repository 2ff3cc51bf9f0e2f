/* SPDX-License-Identifier: MIT */
/* The life-cycle manager: records, and what its files share. */
#ifndef TS_MANAGE_MANAGER_H
#define TS_MANAGE_MANAGER_H

#include <ts/manage.h>

/* A domain. The public part comes first, so that a pointer to it is one to all. */
struct record {
    struct ts_domain domain;
    struct ts_config config; /* with strings of its own */
    uint32_t name_hash;
    uint64_t deadline_ns;        /* by which it should have ended; 0: none */
    bool force;                  /* destroy it then */
    unsigned int quick_restarts; /* in a row, each soon after the one before */
    bool has_core;               /* taken before it has ended */
    enum ts_action after_core;   /* when domain.wants_core */
};

struct ts_manager {
    struct ts_manager_env env;
    struct record **record; /* ascending number */
    unsigned int nr_records, room;
    struct record *domain0;
};

/* --- manager.c: records --- */

struct record *record_find(const struct ts_manager *m, domid_t id);
/* As record_find(), for what cannot be done to domain 0. -XEN_ESRCH, -XEN_EPERM. */
int record_guest(const struct ts_manager *m, domid_t id, const char *verb,
                 struct record **record, struct ts_err *err);
/* Makes room for one more, so that record_insert() cannot fail. 0 or -XEN_ENOMEM. */
int record_reserve(struct ts_manager *m);
void record_insert(struct ts_manager *m, struct record *r);
/* Takes it out of the table; it still exists. */
void record_remove(struct ts_manager *m, struct record *r);
/* A copy of config that is in no table; NULL when out of memory. */
struct record *record_new(const struct ts_manager *m, const struct ts_config *config);
void record_free(const struct ts_manager *m, struct record *r);
void record_set_name(struct record *r, const char *name);
void manager_event(const struct ts_manager *m, enum ts_event event,
                   const struct record *r, const char *text);
bool uuid_is_zero(const uint8_t *uuid);
/* A random one, version 4. */
void uuid_make(const struct ts_manager *m, uint8_t *uuid);

/* --- config.c --- */

/* May config be made into a domain, other domains being what they are? self: a record
 * that does not count, may be NULL. 0 or a negative XEN_E* with err. */
int config_check(const struct ts_manager *m, const struct ts_config *config,
                 const struct record *self, struct ts_err *err);
int name_check(const struct ts_manager *m, const char *name, const struct record *self,
               struct ts_err *err);

/* --- make.c --- */

/*
 * Makes the domain of a record and starts it, unless it is to start paused. On failure
 * nothing of it is left. On success r->domain is filled in.
 */
int domain_make(struct ts_manager *m, struct record *r, struct ts_err *err);
/* Ends the domain and its services; its number is free when the hypervisor has let its
 * memory go. -XEN_E*: the hypervisor has refused, nothing has changed. */
int domain_unmake(struct ts_manager *m, struct record *r, struct ts_err *err);

/* --- nodes.c: what xenstore has about a domain --- */

/* Each is one transaction: all or nothing. 0 or a negative XEN_E*. */
int nodes_write(struct ts_manager *m, const struct record *r);
int nodes_rename(struct ts_manager *m, const struct record *r);
int nodes_write_vcpus(struct ts_manager *m, const struct record *r, unsigned int n);
int nodes_write_max_mem(struct ts_manager *m, const struct record *r, uint64_t kib);
int nodes_write_target(struct ts_manager *m, const struct record *r, uint64_t kib);
int nodes_write_sysrq(struct ts_manager *m, const struct record *r, const char *what);
int nodes_write_shutdown(struct ts_manager *m, const struct record *r, const char *what);
/* uuid changes from old to the record's. */
int nodes_change_uuid(struct ts_manager *m, const struct record *r, const uint8_t *old);
void nodes_remove(struct ts_manager *m, const struct record *r);

/* --- shutdown.c --- */

/* Asks env for the earliest of the records' deadlines. */
void timer_update(const struct ts_manager *m);

#endif
