/* SPDX-License-Identifier: MIT */
/* Domains that have ended by themselves: finding them, and what their records say. */
#include "manager.h"

#include <stdio.h>
#include <string.h>

#include <abi/sched.h>

#define BATCH      16 /* domains acted on per call */
#define LIST_CHUNK 32
#define SECOND     1000000000ull

const char *ts_shutdown_text(unsigned int reason)
{
    switch (reason) {
    case SHUTDOWN_poweroff:
        return "poweroff";
    case SHUTDOWN_reboot:
        return "reboot";
    case SHUTDOWN_suspend:
        return "suspend";
    case SHUTDOWN_crash:
        return "crash";
    case SHUTDOWN_watchdog:
        return "watchdog";
    case SHUTDOWN_soft_reset:
        return "soft reset";
    default:
        return "unknown";
    }
}

/*
 * Ends that come so soon after the start, so often in a row, are a loop. A kernel may take
 * long to get where it crashes.
 */
static const struct quick {
    uint64_t ns;
    unsigned int allowed;
} quick_end = { SECOND, 10 }, quick_crash = { 60 * SECOND, 5 };

/* A suspended domain is kept: what it wanted cannot be known here. */
static enum ts_action action_for(const struct ts_config *c, unsigned int reason)
{
    switch (reason) {
    case SHUTDOWN_poweroff:
        return c->on_poweroff;
    case SHUTDOWN_reboot:
        return c->on_reboot;
    case SHUTDOWN_watchdog:
        return c->on_watchdog;
    case SHUTDOWN_soft_reset:
        return c->on_soft_reset;
    case SHUTDOWN_suspend:
        return TS_PRESERVE;
    default:
        return c->on_crash;
    }
}

/* --- actions --- */

static void forget(struct ts_manager *m, struct record *r, enum ts_event event,
                   const char *text)
{
    manager_event(m, event, r, text);
    record_remove(m, r);
    record_free(m, r);
}

static void keep(struct ts_manager *m, struct record *r, const char *text)
{
    r->domain.state = TS_DOM_PRESERVED;
    manager_event(m, TS_EVENT_PRESERVED, r, text);
}

static void preserve(struct ts_manager *m, struct record *r)
{
    keep(m, r, "preserved");
}

/* A name like NAME-2 that is free. */
static void free_name(const struct ts_manager *m, const char *name, char *to)
{
    unsigned int n = 1;

    do {
        char suffix[16];
        int size = snprintf(suffix, sizeof(suffix), "-%u", n++);

        snprintf(to, TS_NAME_MAX, "%.*s%s", TS_NAME_MAX - 1 - size, name, suffix);
    } while (ts_domain_by_name(m, to));
}

/* A new UUID for the domain, in all places or in none. */
static int change_uuid(struct ts_manager *m, struct record *r)
{
    struct ts_hv *hv = m->env.hv;
    uint8_t old[TS_UUID_BYTES], new[TS_UUID_BYTES];
    int rc;

    memcpy(old, r->domain.uuid, sizeof(old));
    uuid_make(m, new);
    memcpy(r->domain.uuid, new, sizeof(new));
    rc = nodes_change_uuid(m, r, old);
    if (!rc) {
        rc = hv->ops->domain_set_uuid(hv, r->domain.id, new);
        if (!rc)
            return 0;
        memcpy(r->domain.uuid, old, sizeof(old));
        (void)nodes_change_uuid(m, r, new);
    }
    memcpy(r->domain.uuid, old, sizeof(old));
    return rc;
}

/* Gives the old domain another name and UUID. On failure it has its own again. */
static int set_aside(struct ts_manager *m, struct record *r, struct ts_err *err)
{
    char old[TS_NAME_MAX], name[TS_NAME_MAX];
    int rc;

    memcpy(old, r->domain.name, sizeof(old));
    free_name(m, old, name);
    rc = ts_domain_rename(m, r->domain.id, name, err);
    if (rc)
        return rc;
    rc = change_uuid(m, r);
    if (!rc)
        return 0;
    (void)ts_domain_rename(m, r->domain.id, old, NULL);
    return ts_fail(err, rc, "its UUID cannot be changed: %s", ts_err_text(rc));
}

/* A new domain from the record of one that is set aside, with its old name and UUID. */
static int make_again(struct ts_manager *m, const struct record *old, const char *name,
                      const uint8_t *uuid, struct ts_err *err)
{
    struct record *r = record_new(m, &old->config);
    int rc = -XEN_ENOMEM;

    if (!r || record_reserve(m)) {
        ts_fail(err, rc, "out of memory");
        goto fail;
    }
    r->config.start_paused = false;
    record_set_name(r, name);
    memcpy(r->domain.uuid, uuid, TS_UUID_BYTES);
    r->domain.restarts = old->domain.restarts + 1;
    r->quick_restarts = old->quick_restarts;
    rc = domain_make(m, r, err);
    if (rc)
        goto fail;
    record_insert(m, r);
    manager_event(m, TS_EVENT_RESTARTED, r, "restarted");
    return 0;

fail:
    record_free(m, r);
    return rc;
}

static void rename_restart(struct ts_manager *m, struct record *r)
{
    struct ts_err err = { 0 };
    char name[TS_NAME_MAX];
    uint8_t uuid[TS_UUID_BYTES];
    int rc;

    memcpy(name, r->domain.name, sizeof(name));
    memcpy(uuid, r->domain.uuid, sizeof(uuid));
    rc = set_aside(m, r, &err);
    if (!rc)
        rc = make_again(m, r, name, uuid, &err);
    preserve(m, r);
    if (rc)
        manager_event(m, TS_EVENT_RESTART_FAILED, r, err.text);
}

/* The old domain has gone: there may be no memory for both. On failure r goes, too. */
static int make_in_place(struct ts_manager *m, struct record *r, struct ts_err *err)
{
    int rc;

    record_remove(m, r);
    r->config.start_paused = r->domain.wants_core = r->has_core = false;
    rc = domain_make(m, r, err);
    if (rc) {
        manager_event(m, TS_EVENT_RESTART_FAILED, r, err->text);
        record_free(m, r);
        return rc;
    }
    r->domain.restarts++;
    record_insert(m, r);
    manager_event(m, TS_EVENT_RESTARTED, r, "restarted");
    return 0;
}

static void restart(struct ts_manager *m, struct record *r)
{
    struct ts_err err = { 0 };

    if (!domain_unmake(m, r, &err)) {
        (void)make_in_place(m, r, &err);
        return;
    }
    preserve(m, r);
    manager_event(m, TS_EVENT_RESTART_FAILED, r, err.text);
}

static bool starts_again(enum ts_action action)
{
    return action == TS_RESTART || action == TS_RENAME_RESTART ||
           action == TS_COREDUMP_RESTART;
}

/* Has it ended so soon, so often, that to start it again would not end? */
static bool is_futile(const struct ts_manager *m, struct record *r, unsigned int reason)
{
    bool is_crash = reason == SHUTDOWN_crash || reason == SHUTDOWN_watchdog;
    const struct quick *quick = is_crash ? &quick_crash : &quick_end;
    uint64_t now = m->env.hv->ops->system_time(m->env.hv);

    if (now - r->domain.started_ns >= quick->ns)
        r->quick_restarts = 0;
    else
        r->quick_restarts++;
    return r->quick_restarts > quick->allowed;
}

static void destroy(struct ts_manager *m, struct record *r, enum ts_event event,
                    const char *text)
{
    struct ts_err err = { 0 };

    if (domain_unmake(m, r, &err))
        preserve(m, r);
    else
        forget(m, r, event, text);
}

static void perform(struct ts_manager *m, struct record *r, enum ts_action action)
{
    switch (action) {
    case TS_DESTROY:
        destroy(m, r, TS_EVENT_DESTROYED, "destroyed");
        break;
    case TS_RESTART:
        restart(m, r);
        break;
    case TS_RENAME_RESTART:
        rename_restart(m, r);
        break;
    default:
        preserve(m, r);
    }
}

/* What is done with a domain, or when it has left its core. */
static void dispose(struct ts_manager *m, struct record *r, enum ts_action action)
{
    bool wants_core = action == TS_COREDUMP_DESTROY || action == TS_COREDUMP_RESTART;

    if (!wants_core) {
        perform(m, r, action);
        return;
    }
    r->after_core = action == TS_COREDUMP_RESTART ? TS_RESTART : TS_DESTROY;
    r->domain.wants_core = !r->has_core;
    if (r->has_core)
        perform(m, r, r->after_core);
    else
        keep(m, r, "kept until its core is taken");
}

static void act(struct ts_manager *m, struct record *r, unsigned int reason)
{
    const struct ts_manager_env *env = &m->env;
    enum ts_action action = action_for(&r->config, reason);

    r->deadline_ns = 0;
    r->domain.ended_with = reason;
    env->store->ended(env->store_context, r->domain.id);
    manager_event(m, TS_EVENT_ENDED, r, ts_shutdown_text(reason));
    if (starts_again(action) && is_futile(m, r, reason))
        destroy(m, r, TS_EVENT_RESTART_FAILED, "ends too soon after each start");
    else
        dispose(m, r, action);
}

/* --- at somebody's request --- */

int ts_domain_core_done(struct ts_manager *m, domid_t id, bool taken, struct ts_err *err)
{
    struct record *r;
    int rc = record_guest(m, id, "kept for its core", &r, err);

    if (rc)
        return rc;
    if (!r->domain.wants_core)
        return ts_fail(err, -XEN_EINVAL, "domain \"%s\" is not kept for its core",
                       r->domain.name);
    r->domain.wants_core = false;
    if (taken)
        perform(m, r, r->after_core);
    else
        keep(m, r, "preserved, its core could not be taken");
    return 0;
}

int ts_domain_crash(struct ts_manager *m, domid_t id, struct ts_err *err)
{
    struct ts_hv *hv = m->env.hv;
    struct record *r;
    int rc = record_guest(m, id, "made to crash", &r, err);

    if (rc)
        return rc;
    if (r->domain.state == TS_DOM_PRESERVED)
        return ts_fail(err, -XEN_EINVAL, "domain \"%s\" has ended already",
                       r->domain.name);
    rc = hv->ops->domain_crash(hv, id);
    if (rc)
        return ts_fail(err, rc, "domain \"%s\" cannot be made to crash: %s",
                       r->domain.name, ts_err_text(rc));
    r->has_core = true;
    return 0;
}

int ts_domain_reset(struct ts_manager *m, domid_t id, struct ts_err *err)
{
    struct record *r;
    int rc = record_guest(m, id, "made again", &r, err);

    if (rc)
        return rc;
    rc = domain_unmake(m, r, err);
    if (rc)
        return rc;
    manager_event(m, TS_EVENT_ENDED, r, "reset");
    r->deadline_ns = 0;
    rc = make_in_place(m, r, err);
    timer_update(m);
    return rc;
}

/* --- finding them --- */

struct ending {
    domid_t id;
    bool is_gone; /* destroyed by someone else */
    unsigned int reason;
};

/* The hypervisor's list, looked at in ascending order. */
struct cursor {
    struct ts_hv *hv;
    struct ts_domain_info info[LIST_CHUNK];
    int have, at;
};

/* *info: about domain id, NULL when there is none. 0 or a negative XEN_E*. */
static int look_up(struct cursor *c, domid_t id, const struct ts_domain_info **info)
{
    while (c->at < c->have && c->info[c->at].id < id)
        c->at++;
    if (c->at == c->have) {
        int n = c->hv->ops->domain_list(c->hv, id, c->info, LIST_CHUNK);

        c->at = 0;
        c->have = n < 0 ? 0 : n;
        if (n < 0)
            return n;
    }
    *info = c->at < c->have && c->info[c->at].id == id ? &c->info[c->at] : NULL;
    return 0;
}

/* Does something have to be done about a record, info being its domain's? */
static bool has_ended(const struct record *r, const struct ts_domain_info *info)
{
    if (!info || info->state & TS_DYING)
        return true;
    return info->state & TS_SHUTDOWN && r->domain.state != TS_DOM_PRESERVED;
}

/* Up to BATCH of the domains that have ended; without those that cannot be looked at. */
static int find_ended(const struct ts_manager *m, struct ending *found)
{
    struct cursor c = { .hv = m->env.hv };
    int n = 0;

    for (unsigned int i = 1; i < m->nr_records && n < BATCH; i++) {
        const struct record *r = m->record[i];
        const struct ts_domain_info *info;

        if (look_up(&c, r->domain.id, &info) || !has_ended(r, info))
            continue;
        found[n].id = r->domain.id;
        found[n].is_gone = !info || info->state & TS_DYING;
        found[n++].reason = info ? info->shutdown_reason : 0;
    }
    return n;
}

bool ts_manager_domains_changed(struct ts_manager *m)
{
    struct ending found[BATCH];
    int n = find_ended(m, found);

    for (int i = 0; i < n; i++) {
        struct record *r = record_find(m, found[i].id);

        if (found[i].is_gone)
            destroy(m, r, TS_EVENT_DESTROYED, "destroyed by another program");
        else
            act(m, r, found[i].reason);
    }
    if (n > 0)
        timer_update(m);
    return n == BATCH;
}
