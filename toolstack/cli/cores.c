/* SPDX-License-Identifier: MIT */
/*
 * `cores`: domains that are kept until their cores have been taken. Whoever takes cores
 * waits for one by -w, writes it by `dump-core`, and says by -d or -k how that went.
 */
#include "internal.h"

static const struct ts_domain *next(const struct call *call, const struct ts_domain *d)
{
    do
        d = ts_domain_next(call->cli->env.manager, d);
    while (d && !d->wants_core);
    return d;
}

/* False: the command is to end. */
static bool wait_for_one(struct call *call)
{
    struct waiter w;
    bool goes_on = true;

    waiter_add_for_cores(call, &w);
    while (goes_on && !next(call, NULL))
        goes_on = call_wait(call, 0);
    waiter_remove(call, &w);
    return goes_on;
}

static void print(struct call *call)
{
    const struct ts_domain *d = NULL;

    while ((d = next(call, d)))
        call_print(call, "%5u  %-30s  %s\n", d->id, d->name,
                   ts_shutdown_text(d->ended_with));
}

static void describe(struct call *call)
{
    const struct ts_domain *d = NULL;
    struct ts_doc doc = { 0 };
    struct cJSON *root = ts_doc_object(&doc, NULL, NULL);
    struct cJSON *array = ts_doc_array(&doc, root, "domains");

    while ((d = next(call, d))) {
        struct cJSON *object = ts_doc_object(&doc, array, NULL);

        ts_doc_number(&doc, object, "id", d->id);
        ts_doc_text(&doc, object, "name", d->name);
        ts_doc_text(&doc, object, "reason", ts_shutdown_text(d->ended_with));
    }
    call_document(call, &doc);
}

/* -d or -k */
static enum ts_exit go_on(struct call *call, bool taken)
{
    const struct ts_domain *domain;

    if (call_has(call, 'd') + call_has(call, 'k') + call_has(call, 'w') > 1)
        return call_fail(call, TS_EXIT_USAGE, "-d, -k and -w are three different things");
    if (!call->words.nr_operands)
        return call_fail(call, TS_EXIT_USAGE, "a domain is missing");
    domain = call_domain(call, 0);
    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    return domain_done(
        call, domain->id,
        ts_domain_core_done(call->cli->env.manager, domain->id, taken, &call->err));
}

enum ts_exit cores_run(struct call *call)
{
    if (call_has(call, 'd') || call_has(call, 'k'))
        return go_on(call, call_has(call, 'd'));
    if (call->words.nr_operands)
        return call_fail(call, TS_EXIT_USAGE, "-d or -k is missing for domain \"%s\"",
                         call_word(call, 0));
    if (call_has(call, 'w') && !wait_for_one(call))
        return TS_EXIT_INTERRUPTED;
    if (call->format == FORMAT_JSON)
        describe(call);
    else
        print(call);
    return TS_EXIT_OK;
}
