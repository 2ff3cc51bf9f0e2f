/* SPDX-License-Identifier: MIT */
/* `list`: which domains there are and how they are. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include <abi/sched.h>
#include <ts/config.h>

#define CHUNK 64

/* The domains that are asked for. */
struct listing {
    struct call *call;
    struct ts_doc doc;
    struct cJSON *array; /* NULL: text */
    bool is_long, is_verbose;
};

static void print_heading(const struct listing *l)
{
    call_print(l->call, "Name                                        ID   Mem VCPUs\t"
                        "State\tTime(s)");
    if (l->is_verbose)
        call_print(l->call,
                   "   UUID                            Reason-Code\tSecurity Label");
    call_print(l->call, "\n");
}

static void print_verbose(struct call *call, const struct ts_domain_info *info)
{
    char uuid[37];

    uuid_text(info->uuid, uuid);
    call_print(call, " %s", uuid);
    if (info->state & TS_SHUTDOWN)
        call_print(call, " %8x", info->shutdown_reason);
    else
        call_print(call, " %8s", "-");
    call_print(call, " %16s", "-");
}

static void print_row(const struct listing *l, const struct domain_view *view)
{
    const struct ts_domain_info *info = &view->info;
    bool shut = info->state & TS_SHUTDOWN;
    uint64_t tenths = info->cpu_time_ns / 100000000;

    call_print(l->call, "%-40s %5u %5llu %5u     %c%c%c%c%c%c  %6llu.%llu",
               domain_name(view), info->id,
               (unsigned long long)(info->nr_pages * TS_PAGE_SIZE >> 20), info->nr_vcpus,
               info->state & TS_RUNNING ? 'r' : '-', info->state & TS_BLOCKED ? 'b' : '-',
               info->state & TS_PAUSED ? 'p' : '-', shut ? 's' : '-',
               shut && info->shutdown_reason == SHUTDOWN_crash ? 'c' : '-',
               info->state & TS_DYING ? 'd' : '-', (unsigned long long)(tenths / 10),
               (unsigned long long)(tenths % 10));
    if (l->is_verbose)
        print_verbose(l->call, info);
    call_print(l->call, "\n");
}

/* --- -l: what it was made from --- */

static void describe_config(struct ts_doc *doc, struct cJSON *object,
                            const struct ts_config *c)
{
    struct cJSON *config;

    if (!c) {
        ts_doc_null(doc, object, "config");
        return;
    }
    config = ts_doc_object(doc, object, "config");
    ts_doc_text(doc, config, "kernel", c->kernel);
    ts_doc_text(doc, config, "ramdisk", c->ramdisk);
    ts_doc_text(doc, config, "cmdline", c->cmdline);
    ts_doc_number(doc, config, "memory_kib", c->memory_kib);
    ts_doc_number(doc, config, "vcpus", c->vcpus);
    ts_doc_number(doc, config, "cpu_weight", c->sched.weight);
    ts_doc_number(doc, config, "cap", c->sched.cap);
    ts_doc_text(doc, config, "on_poweroff", ts_action_name(c->on_poweroff));
    ts_doc_text(doc, config, "on_reboot", ts_action_name(c->on_reboot));
    ts_doc_text(doc, config, "on_crash", ts_action_name(c->on_crash));
    ts_doc_text(doc, config, "on_watchdog", ts_action_name(c->on_watchdog));
    ts_doc_text(doc, config, "on_soft_reset", ts_action_name(c->on_soft_reset));
}

static void add(struct listing *l, const struct domain_view *view)
{
    struct cJSON *object;

    if (!l->array) {
        print_row(l, view);
        return;
    }
    object = ts_doc_object(&l->doc, l->array, NULL);
    domain_describe(&l->doc, object, view);
    if (l->is_long)
        describe_config(&l->doc, object, view->domain ? view->domain->config : NULL);
}

/* --- which --- */

static enum ts_exit add_all(struct listing *l)
{
    const struct ts_cli_env *env = &l->call->cli->env;
    struct ts_domain_info *info = malloc(CHUNK * sizeof(*info));
    domid_t first = 0;
    int n = info ? 0 : -XEN_ENOMEM;

    while (info && (n = env->hv->ops->domain_list(env->hv, first, info, CHUNK)) > 0) {
        for (int i = 0; i < n; i++)
            add(l, &(struct domain_view){ ts_domain_by_id(env->manager, info[i].id),
                                          info[i] });
        first = (domid_t)(info[n - 1].id + 1);
    }
    free(info);
    return n ? call_fail(l->call, exit_of(n), "the domains cannot be listed: %s",
                         ts_err_text(n))
             : TS_EXIT_OK;
}

static enum ts_exit add_one(struct listing *l, unsigned int operand)
{
    const struct ts_domain *domain = call_domain(l->call, operand);
    struct domain_view view;

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    if (domain_look(l->call, domain, &view))
        return call_fail(l->call, TS_EXIT_NO_DOMAIN, "domain \"%s\" is gone",
                         call_word(l->call, operand));
    add(l, &view);
    return TS_EXIT_OK;
}

enum ts_exit list_run(struct call *call)
{
    struct listing l = {
        .call = call,
        .is_long = call_has(call, 'l'),
        .is_verbose = call_has(call, 'v'),
    };
    enum ts_exit exit = TS_EXIT_OK;

    if (call->format == FORMAT_JSON || l.is_long) {
        struct cJSON *root = ts_doc_object(&l.doc, NULL, NULL);

        l.array = ts_doc_array(&l.doc, root, "domains");
        if (!l.array)
            exit = call_fail(call, TS_EXIT_MEMORY, "out of memory");
    } else {
        print_heading(&l);
    }
    if (!exit && !call->words.nr_operands)
        exit = add_all(&l);
    for (unsigned int i = 0; !exit && i < call->words.nr_operands; i++)
        exit = add_one(&l, i);
    if (!exit && l.array)
        call_document(call, &l.doc);
    else
        ts_doc_free(&l.doc);
    if (exit)
        ts_text_clear(&call->out);
    return exit;
}
