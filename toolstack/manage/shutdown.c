/* SPDX-License-Identifier: MIT */
/* Asking domains to end, and the time they have for it. */
#include "manager.h"

static const char *kind_text(enum ts_shutdown_kind kind)
{
    switch (kind) {
    case TS_SHUT_REBOOT:
        return "reboot";
    case TS_SHUT_HALT:
        return "halt";
    case TS_SHUT_POWEROFF:
        break;
    }
    return "poweroff";
}

void timer_update(const struct ts_manager *m)
{
    uint64_t earliest = 0;

    for (unsigned int i = 0; i < m->nr_records; i++) {
        uint64_t deadline = m->record[i]->deadline_ns;

        if (deadline && (!earliest || deadline < earliest))
            earliest = deadline;
    }
    m->env.set_timer(m->env.context, earliest);
}

int ts_domain_shutdown(struct ts_manager *m, domid_t id, enum ts_shutdown_kind kind,
                       uint64_t timeout_ns, bool force, struct ts_err *err)
{
    struct record *r;
    struct ts_hv *hv = m->env.hv;
    int rc = record_guest(m, id, "shut down", &r, err);

    if (rc)
        return rc;
    if (r->domain.state == TS_DOM_PRESERVED)
        return ts_fail(err, -XEN_EINVAL, "domain \"%s\" has ended already",
                       r->domain.name);
    rc = nodes_write_shutdown(m, r, kind_text(kind));
    if (rc)
        return ts_fail(err, rc, "domain \"%s\" cannot be told by xenstore: %s",
                       r->domain.name, ts_err_text(rc));
    r->domain.state = TS_DOM_STOPPING;
    r->deadline_ns = timeout_ns ? hv->ops->system_time(hv) + timeout_ns : 0;
    r->force = force;
    timer_update(m);
    return 0;
}

/* The time of one is over. The record may go. */
static void expire(struct ts_manager *m, struct record *r)
{
    struct ts_err err = { 0 };

    r->deadline_ns = 0;
    r->domain.state = TS_DOM_LIVE; /* it may be asked again */
    manager_event(m, TS_EVENT_SHUTDOWN_TIMEOUT, r,
                  r->force ? "has not shut down in time: destroyed"
                           : "has not shut down in time");
    if (r->force)
        (void)ts_domain_destroy(m, r->domain.id, &err);
}

/* The first record whose time is over, or NULL. */
static struct record *find_expired(const struct ts_manager *m, uint64_t now)
{
    for (unsigned int i = 0; i < m->nr_records; i++)
        if (m->record[i]->deadline_ns && m->record[i]->deadline_ns <= now)
            return m->record[i];
    return NULL;
}

void ts_manager_timer(struct ts_manager *m)
{
    uint64_t now = m->env.hv->ops->system_time(m->env.hv);
    struct record *r;

    while ((r = find_expired(m, now)))
        expire(m, r);
    timer_update(m);
}
