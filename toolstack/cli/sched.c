/* SPDX-License-Identifier: MIT */
/* `sched-credit2`: weights and caps of domains. */
#include "internal.h"

#define MOST 65535

struct sched_listing {
    struct call *call;
    struct ts_doc doc;
    struct cJSON *array; /* NULL: text */
};

/* A domain that is gone meanwhile is left out. */
static void add(struct sched_listing *l, const struct ts_domain *domain)
{
    struct ts_hv *hv = l->call->cli->env.hv;
    struct ts_sched_params params;
    struct domain_view view;
    struct cJSON *object;

    if (domain_look(l->call, domain, &view) ||
        hv->ops->sched_get(hv, domain->id, &params))
        return;
    if (!l->array) {
        call_print(l->call, "%-33s %4u %6u %4u\n", domain->name, domain->id,
                   params.weight, params.cap);
        return;
    }
    object = ts_doc_object(&l->doc, l->array, NULL);
    ts_doc_number(&l->doc, object, "id", domain->id);
    ts_doc_text(&l->doc, object, "name", domain->name);
    ts_doc_text(&l->doc, object, "state", domain_state(&view));
    ts_doc_number(&l->doc, object, "weight", params.weight);
    ts_doc_number(&l->doc, object, "cap", params.cap);
}

static void add_all(struct sched_listing *l)
{
    const struct ts_domain *domain = NULL;

    while ((domain = ts_domain_next(l->call->cli->env.manager, domain)))
        add(l, domain);
}

/* domain NULL: all. */
static enum ts_exit show(struct call *call, const struct ts_domain *domain)
{
    struct sched_listing l = { .call = call };

    if (call->format == FORMAT_JSON)
        l.array = ts_doc_array(&l.doc, ts_doc_object(&l.doc, NULL, NULL), "domains");
    else
        call_print(call, "%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
    if (l.doc.failed) {
        ts_doc_free(&l.doc);
        return call_fail(call, TS_EXIT_MEMORY, "out of memory");
    }
    if (domain)
        add(&l, domain);
    else
        add_all(&l);
    if (l.array)
        call_document(call, &l.doc);
    return TS_EXIT_OK;
}

/* The value of option key, if it is given. */
static enum ts_exit read_value(struct call *call, int key, unsigned int least,
                               unsigned int *value)
{
    const char *text = words_value(&call->words, key);
    uint64_t number;

    if (!text)
        return TS_EXIT_OK;
    if (!parse_number(text, MOST, &number) || number < least)
        return call_fail(call, TS_EXIT_USAGE, "\"%s\" is not a number from %u to %u",
                         text, least, MOST);
    *value = (unsigned int)number;
    return TS_EXIT_OK;
}

enum ts_exit sched_run(struct call *call)
{
    struct ts_manager *manager = call->cli->env.manager;
    const char *name = words_value(&call->words, 'd');
    const struct ts_domain *domain = NULL;
    unsigned int weight = 0, cap = TS_KEEP_CAP;
    enum ts_exit exit = read_value(call, 'w', 1, &weight);

    if (!exit)
        exit = read_value(call, 'c', 0, &cap);
    if (exit)
        return exit;
    if (name && !(domain = ts_domain_find(manager, name, &call->err)))
        return TS_EXIT_NO_DOMAIN;
    if (!weight && cap == TS_KEEP_CAP)
        return show(call, domain);
    if (!domain)
        return call_fail(call, TS_EXIT_USAGE, "whose? \"-d DOMAIN\" is missing");
    exit = exit_of(ts_domain_set_sched(manager, domain->id, weight, cap, &call->err));
    return exit || call->format == FORMAT_TEXT ? exit : show(call, domain);
}
