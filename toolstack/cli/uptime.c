/* SPDX-License-Identifier: MIT */
/* `uptime`: how long domains have been running; domain 0 as long as the machine. */
#include "internal.h"

#include <stdio.h>
#include <time.h>

struct uptimes {
    struct call *call;
    bool is_short;
    struct ts_doc doc;
    struct cJSON *array; /* NULL: text */
};

/* "2 days, 1:02:03", in short "2 days, 1:02" */
static void duration_text(uint64_t seconds, bool is_short, char *text, size_t size)
{
    unsigned long long days = seconds / 86400;
    unsigned int rest = (unsigned int)(seconds % 86400);
    int n = 0;

    if (days)
        n = snprintf(text, size, "%llu day%s, ", days, days == 1 ? "" : "s");
    n += snprintf(text + n, size - (size_t)n, "%2u:%02u", rest / 3600, rest / 60 % 60);
    if (!is_short)
        snprintf(text + n, size - (size_t)n, ":%02u", rest % 60);
}

/* The time of the day comes first, UTC. */
static void print_short(struct call *call, const struct ts_domain *domain,
                        const char *duration)
{
    unsigned int now = (unsigned int)(time(NULL) % 86400);

    call_print(call, " %02u:%02u:%02u up %s, %s (%u)\n", now / 3600, now / 60 % 60,
               now % 60, duration, domain->name, domain->id);
}

static void add(struct uptimes *u, const struct ts_domain *domain)
{
    struct ts_hv *hv = u->call->cli->env.hv;
    uint64_t ns = hv->ops->system_time(hv) - domain->started_ns;
    struct domain_view view;
    struct cJSON *object;
    char text[48];

    if (domain_look(u->call, domain, &view))
        return;
    duration_text(ns / 1000000000, u->is_short, text, sizeof(text));
    if (u->array) {
        object = ts_doc_object(&u->doc, u->array, NULL);
        ts_doc_number(&u->doc, object, "id", domain->id);
        ts_doc_text(&u->doc, object, "name", domain->name);
        ts_doc_text(&u->doc, object, "state", domain_state(&view));
        ts_doc_number(&u->doc, object, "uptime_ns", ns);
    } else if (u->is_short) {
        print_short(u->call, domain, text);
    } else {
        call_print(u->call, "%-33s %4u %s\n", domain->name, domain->id, text);
    }
}

static enum ts_exit add_asked(struct uptimes *u)
{
    const struct ts_domain *domain = NULL;

    for (unsigned int i = 0; i < u->call->words.nr_operands; i++) {
        domain = call_domain(u->call, i);
        if (!domain)
            return TS_EXIT_NO_DOMAIN;
        add(u, domain);
    }
    if (!domain)
        while ((domain = ts_domain_next(u->call->cli->env.manager, domain)))
            add(u, domain);
    return TS_EXIT_OK;
}

enum ts_exit uptime_run(struct call *call)
{
    struct uptimes u = { .call = call, .is_short = call_has(call, 's') };
    enum ts_exit exit;

    if (call->format == FORMAT_JSON)
        u.array = ts_doc_array(&u.doc, ts_doc_object(&u.doc, NULL, NULL), "domains");
    else if (!u.is_short)
        call_print(call, "%-33s %4s %s\n", "Name", "ID", "Uptime");
    if (u.doc.failed)
        exit = call_fail(call, TS_EXIT_MEMORY, "out of memory");
    else
        exit = add_asked(&u);
    if (!exit && u.array)
        call_document(call, &u.doc);
    else
        ts_doc_free(&u.doc);
    if (exit)
        ts_text_clear(&call->out);
    return exit;
}
