/* SPDX-License-Identifier: MIT */
/* What verbs about domains share: finding one, its state, and how it looks in JSON. */
#include "internal.h"

#include <stdio.h>

#include <abi/sched.h>

const struct ts_domain *call_domain(struct call *call, unsigned int i)
{
    return ts_domain_find(call->cli->env.manager, call_word(call, i), &call->err);
}

int domain_look(struct call *call, const struct ts_domain *domain,
                struct domain_view *view)
{
    struct ts_hv *hv = call->cli->env.hv;

    view->domain = domain;
    return hv->ops->domain_info(hv, domain->id, &view->info);
}

const char *domain_name(const struct domain_view *view)
{
    return view->domain ? view->domain->name : "(null)";
}

const char *domain_state(const struct domain_view *view)
{
    unsigned int state = view->info.state;

    if (state & TS_DYING)
        return "dying";
    if (state & TS_SHUTDOWN)
        return view->info.shutdown_reason == SHUTDOWN_crash ? "crashed" : "shutdown";
    if (state & TS_PAUSED)
        return "paused";
    if (state & TS_RUNNING)
        return "running";
    return state & TS_BLOCKED ? "blocked" : "runnable";
}

void uuid_text(const uint8_t *u, char text[37])
{
    for (unsigned int i = 0; i < TS_UUID_BYTES; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;

        text += sprintf(text, "%s%02x", dash ? "-" : "", u[i]);
    }
}

#define NO_LIMIT 0xffffffffull /* pages, or more than that */

static uint64_t kib(uint64_t pages)
{
    return pages * (TS_PAGE_SIZE / 1024);
}

/* What only the manager knows. */
static void describe_record(struct ts_doc *doc, struct cJSON *object,
                            const struct ts_domain *d)
{
    static const char *const states[] = {
        [TS_DOM_LIVE] = "live",
        [TS_DOM_STOPPING] = "stopping",
        [TS_DOM_PRESERVED] = "preserved",
    };

    ts_doc_text(doc, object, "life",
                !d              ? "zombie"
                : d->wants_core ? "core"
                                : states[d->state]);
    ts_doc_number(doc, object, "pauses", d ? d->pauses : 0);
    ts_doc_number(doc, object, "restarts", d ? d->restarts : 0);
    ts_doc_number(doc, object, "started_ns", d ? d->started_ns : 0);
}

void domain_describe(struct ts_doc *doc, struct cJSON *object,
                     const struct domain_view *view)
{
    const struct ts_domain_info *info = &view->info;
    char uuid[37];

    uuid_text(info->uuid, uuid);
    ts_doc_number(doc, object, "id", info->id);
    ts_doc_text(doc, object, "name", view->domain ? view->domain->name : NULL);
    ts_doc_text(doc, object, "uuid", uuid);
    ts_doc_text(doc, object, "state", domain_state(view));
    ts_doc_text(doc, object, "shutdown_reason",
                info->state & TS_SHUTDOWN ? ts_shutdown_text(info->shutdown_reason)
                                          : NULL);
    describe_record(doc, object, view->domain);
    ts_doc_number(doc, object, "memory_kib", kib(info->nr_pages));
    if (info->max_pages < NO_LIMIT)
        ts_doc_number(doc, object, "max_memory_kib", kib(info->max_pages));
    else
        ts_doc_null(doc, object, "max_memory_kib");
    ts_doc_number(doc, object, "vcpus", info->nr_vcpus);
    ts_doc_number(doc, object, "max_vcpus", info->max_vcpu_id + 1);
    ts_doc_number(doc, object, "cpu_time_ns", info->cpu_time_ns);
}

void domain_result(struct call *call, domid_t id)
{
    const struct ts_domain *domain = ts_domain_by_id(call->cli->env.manager, id);
    struct ts_doc doc = { 0 };
    struct cJSON *root;
    struct domain_view view;

    if (call->format != FORMAT_JSON)
        return;
    root = ts_doc_object(&doc, NULL, NULL);
    if (domain && !domain_look(call, domain, &view))
        domain_describe(&doc, ts_doc_object(&doc, root, "domain"), &view);
    else
        ts_doc_null(&doc, root, "domain");
    call_document(call, &doc);
}

enum ts_exit domain_done(struct call *call, domid_t id, int rc)
{
    if (!rc)
        domain_result(call, id);
    return exit_of(rc);
}
