/* SPDX-License-Identifier: MIT */
/* Calls that wait for something to happen to a domain. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

void waiter_add(struct call *call, struct waiter *w, const struct ts_domain *domain)
{
    *w = (struct waiter){ .next = call->cli->waiters, .io = call->io, .id = domain->id };
    memcpy(w->name, domain->name, sizeof(w->name));
    call->cli->waiters = w;
}

void waiter_add_for_cores(struct call *call, struct waiter *w)
{
    *w = (struct waiter){ .next = call->cli->waiters, .io = call->io, .for_cores = true };
    call->cli->waiters = w;
}

void waiter_remove(struct call *call, struct waiter *w)
{
    struct waiter **at = &call->cli->waiters;

    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
}

/* Is an event of domain about what w waits for? A restart brings another number. */
static bool concerns(const struct waiter *w, enum ts_event event,
                     const struct ts_domain *domain)
{
    if (w->for_cores)
        return domain->wants_core;
    if (event == TS_EVENT_RESTARTED)
        return w->has_ended && !w->is_gone && !w->has_restarted &&
               !strcmp(w->name, domain->name);
    return w->id == domain->id && !w->has_restarted && !w->is_gone;
}

static void note(struct waiter *w, enum ts_event event, const struct ts_domain *domain,
                 const char *text)
{
    switch (event) {
    case TS_EVENT_ENDED:
        w->has_ended = true;
        w->reason = domain->ended_with;
        break;
    case TS_EVENT_RESTARTED:
        w->has_restarted = true;
        w->id = domain->id;
        break;
    case TS_EVENT_RESTART_FAILED:
        snprintf(w->failure, sizeof(w->failure), "%s", text);
        w->is_gone = true;
        break;
    case TS_EVENT_PRESERVED:
    case TS_EVENT_DESTROYED:
        w->is_gone = true;
        break;
    case TS_EVENT_RENAMED: /* by a rename-restart, when it has ended */
        if (!w->has_ended)
            memcpy(w->name, domain->name, sizeof(w->name));
        break;
    case TS_EVENT_SHUTDOWN_TIMEOUT:
        w->is_late = true;
        break;
    case TS_EVENT_CREATED:
        break;
    }
}

void ts_cli_event(struct ts_cli *cli, enum ts_event event, const struct ts_domain *domain,
                  const char *text)
{
    for (struct waiter *w = cli->waiters; w; w = w->next) {
        if (!concerns(w, event, domain))
            continue;
        note(w, event, domain, text);
        w->io->wake(w->io->context);
    }
}
