/* SPDX-License-Identifier: MIT */
/*
 * `shutdown`, `reboot` and `poweroff`: asking domains to end, and waiting until they
 * have. Every domain has a row with the events seen of it.
 */
#include "internal.h"

#include <stdlib.h>

#define POWEROFF_SECONDS 30

struct row {
    struct waiter seen;
    bool is_refused; /* could not even be asked */
};

struct ending {
    struct call *call;
    enum ts_shutdown_kind kind;
    uint64_t timeout_ns; /* 0: none */
    bool force;          /* destroy those that take longer */
    bool until_dead;     /* a domain that is shut down but there has not ended */
    struct row *row;
    unsigned int nr_rows;
    enum ts_exit exit; /* the first failure */
};

/* --- asking --- */

static void tell_asked(struct call *call, const struct ts_domain *domain,
                       enum ts_shutdown_kind kind)
{
    call_print(call, "%s domain %u\n",
               kind == TS_SHUT_REBOOT ? "Rebooting" : "Shutting down", domain->id);
    if (domain->pauses)
        call_print(call, "Domain %u is paused: it will not notice before it goes on\n",
                   domain->id);
}

static void ask(struct ending *e, struct row *row)
{
    struct call *call = e->call;
    domid_t id = row->seen.id;
    int rc = ts_domain_shutdown(call->cli->env.manager, id, e->kind, e->timeout_ns,
                                e->force, &call->err);

    row->is_refused = rc != 0;
    if (rc)
        e->exit = e->exit ? e->exit : exit_of(rc);
    else if (call->format == FORMAT_TEXT)
        tell_asked(call, ts_domain_by_id(call->cli->env.manager, id), e->kind);
}

static bool is_target(const struct ts_domain *domain)
{
    return domain->id && domain->state != TS_DOM_PRESERVED;
}

static unsigned int nr_records(const struct call *call)
{
    const struct ts_domain *d = NULL;
    unsigned int n = 0;

    while ((d = ts_domain_next(call->cli->env.manager, d)))
        n++;
    return n;
}

/* A row for the domain that was named, or for each that can be asked. */
static enum ts_exit make_rows(struct ending *e, bool all)
{
    const struct ts_domain *d = NULL;

    if (!all) {
        d = call_domain(e->call, 0);
        if (!d)
            return TS_EXIT_NO_DOMAIN;
    }
    e->row = calloc(all ? nr_records(e->call) : 1, sizeof(*e->row));
    if (!e->row)
        return call_fail(e->call, TS_EXIT_MEMORY, "out of memory");
    if (!all)
        waiter_add(e->call, &e->row[e->nr_rows++].seen, d);
    while (all && (d = ts_domain_next(e->call->cli->env.manager, d)))
        if (is_target(d))
            waiter_add(e->call, &e->row[e->nr_rows++].seen, d);
    return TS_EXIT_OK;
}

/* --- waiting --- */

static bool is_done(const struct ending *e, const struct row *row)
{
    const struct waiter *w = &row->seen;

    if (row->is_refused || w->is_gone || w->has_restarted || (w->is_late && !e->force))
        return true;
    return w->has_ended && e->kind != TS_SHUT_REBOOT && !e->until_dead;
}

static unsigned int nr_pending(const struct ending *e)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < e->nr_rows; i++)
        n += !is_done(e, &e->row[i]);
    return n;
}

static bool wait_for_all(struct ending *e)
{
    if (!call_flush(e->call))
        return false;
    while (nr_pending(e))
        if (!call_wait(e->call, 0))
            return false;
    return true;
}

/* --- telling --- */

static void judge(struct ending *e, const struct waiter *w)
{
    enum ts_exit exit = TS_EXIT_OK;

    if (w->failure[0])
        exit = call_fail(e->call, TS_EXIT_FAILED,
                         "domain \"%s\" has not been started again: %s", w->name,
                         w->failure);
    else if (w->is_late && !e->force)
        exit = call_fail(e->call, TS_EXIT_TIMEOUT,
                         "domain \"%s\" has not shut down in time", w->name);
    e->exit = e->exit ? e->exit : exit;
}

static const char *outcome(const struct row *row)
{
    const struct waiter *w = &row->seen;

    if (row->is_refused)
        return "refused";
    if (w->has_restarted)
        return "restarted";
    if (w->has_ended)
        return "ended";
    if (w->is_gone)
        return "destroyed";
    return w->is_late ? "late" : "asked";
}

static void print_outcome(struct call *call, const struct waiter *w)
{
    if (w->has_restarted)
        call_print(call, "Domain \"%s\" has been started again: number %u\n", w->name,
                   w->id);
    else if (w->has_ended)
        call_print(call, "Domain %u has been shut down, reason code %u\n", w->id,
                   w->reason);
    else if (w->is_gone)
        call_print(call, "Domain %u has been destroyed\n", w->id);
}

static void describe(struct ending *e)
{
    const struct ts_manager *manager = e->call->cli->env.manager;
    struct ts_doc doc = { 0 };
    struct cJSON *root = ts_doc_object(&doc, NULL, NULL);
    struct cJSON *array = ts_doc_array(&doc, root, "domains");

    for (unsigned int i = 0; i < e->nr_rows; i++) {
        const struct waiter *w = &e->row[i].seen;
        const struct ts_domain *domain = ts_domain_by_id(manager, w->id);
        struct cJSON *object = ts_doc_object(&doc, array, NULL);
        struct domain_view view;
        bool there = domain && !domain_look(e->call, domain, &view);

        ts_doc_number(&doc, object, "id", w->id);
        ts_doc_text(&doc, object, "name", w->name);
        ts_doc_text(&doc, object, "outcome", outcome(&e->row[i]));
        ts_doc_text(&doc, object, "reason",
                    w->has_ended ? ts_shutdown_text(w->reason) : NULL);
        ts_doc_text(&doc, object, "state", there ? domain_state(&view) : NULL);
    }
    call_document(e->call, &doc);
}

static void tell(struct ending *e, bool waited)
{
    for (unsigned int i = 0; waited && i < e->nr_rows; i++) {
        if (e->call->format == FORMAT_TEXT)
            print_outcome(e->call, &e->row[i].seen);
        judge(e, &e->row[i].seen);
    }
    if (e->call->format == FORMAT_JSON)
        describe(e);
}

/* --- the verbs --- */

static enum ts_exit read_timeout(struct ending *e)
{
    const char *seconds = words_value(&e->call->words, 't');

    if (seconds && !parse_seconds(seconds, &e->timeout_ns))
        return call_fail(e->call, TS_EXIT_USAGE, "\"%s\" is not a number of seconds",
                         seconds);
    return TS_EXIT_OK;
}

static void forget(struct ending *e)
{
    for (unsigned int i = 0; i < e->nr_rows; i++)
        waiter_remove(e->call, &e->row[i].seen);
    free(e->row);
}

/* Asks, waits if that is wanted, and tells. */
static enum ts_exit end_those(struct ending *e, bool all, bool wait)
{
    enum ts_exit exit = make_rows(e, all);

    if (exit)
        return exit;
    for (unsigned int i = 0; i < e->nr_rows; i++)
        ask(e, &e->row[i]);
    if (wait && !wait_for_all(e))
        e->exit = TS_EXIT_INTERRUPTED;
    else
        tell(e, wait);
    forget(e);
    return e->exit;
}

static enum ts_exit end_some(struct call *call, enum ts_shutdown_kind kind)
{
    struct ending e = {
        .call = call,
        .kind = kind,
        .force = call_has(call, OPTION_FORCE),
        .until_dead = words_count(&call->words, 'w') > 1,
    };
    bool all = call_has(call, 'a');
    enum ts_exit exit = read_timeout(&e);

    if (exit)
        return exit;
    if (all == (call->words.nr_operands > 0))
        return call_fail(call, TS_EXIT_USAGE,
                         all ? "either -a or a domain, not both"
                             : "a domain is missing, or -a for all of them");
    return end_those(&e, all, call_has(call, 'w'));
}

enum ts_exit shutdown_run(struct call *call)
{
    return end_some(call, TS_SHUT_POWEROFF);
}

enum ts_exit reboot_run(struct call *call)
{
    return end_some(call, TS_SHUT_REBOOT);
}

enum ts_exit poweroff_run(struct call *call)
{
    const struct ts_cli_env *env = &call->cli->env;
    struct ending e = {
        .call = call,
        .kind = TS_SHUT_POWEROFF,
        .timeout_ns = POWEROFF_SECONDS * 1000000000ull,
        .force = call_has(call, 'F'),
    };
    enum ts_exit exit = read_timeout(&e);

    if (!exit && !env->end_machine)
        exit = call_fail(call, TS_EXIT_FAILED, "the machine cannot be ended from here");
    if (exit)
        return exit;
    exit = end_those(&e, true, true);
    if (exit == TS_EXIT_TIMEOUT)
        call->hint = "-F ends it all the same";
    if (!exit)
        env->end_machine(env->context, call_has(call, 'r'));
    return exit;
}
