/* SPDX-License-Identifier: MIT */
/* `vcpu-list`, `vcpu-pin`, `vcpu-set`. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

#include <ts/config.h>

/* What is known of a vCPU. */
struct vcpu_view {
    struct ts_vcpu_info info;
    struct ts_cpu_set hard, soft;
};

struct vcpu_listing {
    struct call *call;
    unsigned int max_cpu; /* the machine's last one */
    struct ts_doc doc;
    struct cJSON *array; /* NULL: text */
};

/* --- CPU sets as text --- */

static bool is_all(const struct ts_cpu_set *set, unsigned int max_cpu)
{
    for (unsigned int i = 0; i <= max_cpu && i < TS_MAX_CPUS; i++)
        if (!ts_cpu_set_has(set, i))
            return false;
    return true;
}

static unsigned int last_of_run(const struct ts_cpu_set *set, unsigned int first)
{
    while (ts_cpu_set_has(set, first + 1))
        first++;
    return first;
}

/* "all", "none", or as in "0-2,5" */
static void set_text(const struct ts_cpu_set *set, unsigned int max_cpu, char *text,
                     size_t size)
{
    size_t n = 0;

    if (is_all(set, max_cpu)) {
        snprintf(text, size, "all");
        return;
    }
    text[0] = '\0';
    for (unsigned int i = 0; i < TS_MAX_CPUS && n < size; i++) {
        unsigned int last = last_of_run(set, i);

        if (!ts_cpu_set_has(set, i))
            continue;
        n += (size_t)snprintf(text + n, size - n, last > i ? "%s%u-%u" : "%s%u",
                              n ? "," : "", i, last);
        i = last;
    }
    if (!n)
        snprintf(text, size, "none");
}

/* --- the list --- */

static void print_vcpu(const struct vcpu_listing *l, const struct domain_view *view,
                       unsigned int number, const struct vcpu_view *v)
{
    uint64_t tenths = v->info.cpu_time_ns / 100000000;
    char cpu[12] = "-", hard[128], soft[128];

    if (v->info.online)
        snprintf(cpu, sizeof(cpu), "%u", v->info.cpu);
    set_text(&v->hard, l->max_cpu, hard, sizeof(hard));
    set_text(&v->soft, l->max_cpu, soft, sizeof(soft));
    call_print(l->call, "%-32s %5u %5u%5s   %c%c%c %7llu.%llu  %s / %s\n",
               domain_name(view), view->info.id, number, cpu, v->info.running ? 'r' : '-',
               v->info.blocked ? 'b' : '-', v->info.online ? '-' : 'p',
               (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10), hard,
               soft);
}

static const char *vcpu_state(const struct ts_vcpu_info *info)
{
    if (!info->online)
        return "offline";
    if (info->running)
        return "running";
    return info->blocked ? "blocked" : "runnable";
}

static void describe_vcpu(struct vcpu_listing *l, const struct domain_view *view,
                          unsigned int number, const struct vcpu_view *v)
{
    struct ts_doc *doc = &l->doc;
    struct cJSON *object = ts_doc_object(doc, l->array, NULL);
    char hard[1024], soft[1024];

    set_text(&v->hard, l->max_cpu, hard, sizeof(hard));
    set_text(&v->soft, l->max_cpu, soft, sizeof(soft));
    ts_doc_number(doc, object, "domain", view->info.id);
    ts_doc_text(doc, object, "name", view->domain ? view->domain->name : NULL);
    ts_doc_text(doc, object, "domain_state", domain_state(view));
    ts_doc_number(doc, object, "vcpu", number);
    ts_doc_text(doc, object, "state", vcpu_state(&v->info));
    if (v->info.online)
        ts_doc_number(doc, object, "cpu", v->info.cpu);
    else
        ts_doc_null(doc, object, "cpu");
    ts_doc_number(doc, object, "cpu_time_ns", v->info.cpu_time_ns);
    ts_doc_text(doc, object, "hard_affinity", hard);
    ts_doc_text(doc, object, "soft_affinity", soft);
}

static int look(struct call *call, domid_t id, unsigned int number, struct vcpu_view *v)
{
    struct ts_hv *hv = call->cli->env.hv;
    int rc = hv->ops->vcpu_info(hv, id, number, &v->info);

    memset(&v->hard, 0, sizeof(v->hard));
    memset(&v->soft, 0, sizeof(v->soft));
    if (!rc)
        rc = hv->ops->vcpu_get_affinity(hv, id, number, &v->hard, &v->soft);
    return rc;
}

/* A domain that goes meanwhile has fewer vCPUs, or none. */
static void add_vcpus(struct vcpu_listing *l, const struct ts_domain *domain)
{
    struct domain_view view;
    struct vcpu_view vcpu;

    if (domain_look(l->call, domain, &view))
        return;
    for (unsigned int i = 0; i <= view.info.max_vcpu_id; i++) {
        if (look(l->call, domain->id, i, &vcpu))
            continue;
        if (l->array)
            describe_vcpu(l, &view, i, &vcpu);
        else
            print_vcpu(l, &view, i, &vcpu);
    }
}

static enum ts_exit add_asked(struct vcpu_listing *l)
{
    const struct ts_domain *domain = NULL;

    for (unsigned int i = 0; i < l->call->words.nr_operands; i++) {
        domain = call_domain(l->call, i);
        if (!domain)
            return TS_EXIT_NO_DOMAIN;
        add_vcpus(l, domain);
    }
    if (!domain)
        while ((domain = ts_domain_next(l->call->cli->env.manager, domain)))
            add_vcpus(l, domain);
    return TS_EXIT_OK;
}

/* The number of the machine's last CPU. */
static enum ts_exit last_cpu(struct call *call, unsigned int *last)
{
    struct ts_hv *hv = call->cli->env.hv;
    struct ts_machine_info machine;
    int rc = hv->ops->machine_info(hv, &machine);

    if (rc)
        return call_fail(call, exit_of(rc), "the machine cannot be looked at: %s",
                         ts_err_text(rc));
    *last = machine.max_cpu_id;
    return TS_EXIT_OK;
}

enum ts_exit vcpu_list_run(struct call *call)
{
    struct vcpu_listing l = { .call = call };
    enum ts_exit exit = last_cpu(call, &l.max_cpu);

    if (exit)
        return exit;
    if (call->format == FORMAT_JSON)
        l.array = ts_doc_array(&l.doc, ts_doc_object(&l.doc, NULL, NULL), "vcpus");
    else
        call_print(call, "%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU",
                   "State", "Time(s)", "Affinity (Hard / Soft)");
    if (l.doc.failed)
        exit = call_fail(call, TS_EXIT_MEMORY, "out of memory");
    else
        exit = add_asked(&l);
    if (!exit && l.array)
        call_document(call, &l.doc);
    else
        ts_doc_free(&l.doc);
    if (exit)
        ts_text_clear(&call->out);
    return exit;
}

/* --- vcpu-pin --- */

/* A set, or NULL for "-". */
static enum ts_exit read_set(struct call *call, unsigned int operand,
                             struct ts_cpu_set *set, const struct ts_cpu_set **given)
{
    const char *text = operand < call->words.nr_operands ? call_word(call, operand) : "-";

    *given = NULL;
    if (!strcmp(text, "-"))
        return TS_EXIT_OK;
    if (ts_cpu_set_parse(text, set))
        return call_fail(call, TS_EXIT_USAGE,
                         "\"%s\" names no CPUs: \"all\", or as in \"0-3,^2\"", text);
    *given = set;
    return TS_EXIT_OK;
}

static enum ts_exit read_vcpu(struct call *call, unsigned int *vcpu)
{
    uint64_t number;

    *vcpu = TS_ALL_VCPUS;
    if (!strcmp(call_word(call, 1), "all"))
        return TS_EXIT_OK;
    if (!parse_number(call_word(call, 1), 8191, &number))
        return call_fail(call, TS_EXIT_USAGE, "\"%s\" is neither a vCPU nor \"all\"",
                         call_word(call, 1));
    *vcpu = (unsigned int)number;
    return TS_EXIT_OK;
}

enum ts_exit vcpu_pin_run(struct call *call)
{
    const struct ts_domain *domain = call_domain(call, 0);
    struct ts_cpu_set hard_set, soft_set;
    const struct ts_cpu_set *hard, *soft;
    unsigned int vcpu;
    enum ts_exit exit;
    domid_t id;

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    id = domain->id;
    exit = read_vcpu(call, &vcpu);
    if (!exit)
        exit = read_set(call, 2, &hard_set, &hard);
    if (!exit)
        exit = read_set(call, 3, &soft_set, &soft);
    if (!exit && !hard && !soft)
        exit = call_fail(call, TS_EXIT_USAGE, "nothing is to be changed");
    if (exit)
        return exit;
    return domain_done(
        call, id,
        ts_domain_pin(call->cli->env.manager, id, vcpu, hard, soft, &call->err));
}

/* --- vcpu-set --- */

enum ts_exit vcpu_set_run(struct call *call)
{
    const struct ts_domain *domain = call_domain(call, 0);
    unsigned int last;
    enum ts_exit exit;
    uint64_t n;
    domid_t id;

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    id = domain->id;
    if (!parse_number(call_word(call, 1), 8192, &n))
        return call_fail(call, TS_EXIT_USAGE, "\"%s\" is not a number of vCPUs",
                         call_word(call, 1));
    exit = last_cpu(call, &last);
    if (exit)
        return exit;
    if (n > last + 1 && n > domain->vcpus && !call_has(call, 'i'))
        return call_fail(call, TS_EXIT_USAGE,
                         "the machine has %u CPUs, fewer than %llu; -i does it still",
                         last + 1, (unsigned long long)n);
    return domain_done(
        call, id,
        ts_domain_set_vcpus(call->cli->env.manager, id, (unsigned int)n, &call->err));
}
