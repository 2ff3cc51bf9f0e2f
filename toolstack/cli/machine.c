/* SPDX-License-Identifier: MIT */
/* Verbs about the machine and its hypervisor: info, dmesg, debug-keys, version. */
#include "internal.h"

#include <string.h>

#include <abi/domctl.h>

/* What `info` tells. */
struct machine_view {
    struct ts_machine_info machine;
    struct ts_version_info version;
    struct ts_cli_usage usage;
};

static enum ts_exit look(struct call *call, struct machine_view *v)
{
    const struct ts_cli_env *env = &call->cli->env;
    int rc = env->hv->ops->machine_info(env->hv, &v->machine);

    if (!rc)
        rc = env->hv->ops->version_info(env->hv, &v->version);
    if (rc)
        return call_fail(call, exit_of(rc), "the machine cannot be looked at: %s",
                         ts_err_text(rc));
    v->usage = (struct ts_cli_usage){ 0 };
    if (env->usage)
        env->usage(env->context, &v->usage);
    return TS_EXIT_OK;
}

static const char *scheduler_text(unsigned int scheduler)
{
    switch (scheduler) {
    case XEN_SCHEDULER_CREDIT:
        return "credit";
    case XEN_SCHEDULER_CREDIT2:
        return "credit2";
    case XEN_SCHEDULER_ARINC653:
        return "arinc653";
    case XEN_SCHEDULER_RTDS:
        return "rtds";
    case XEN_SCHEDULER_NULL:
        return "null";
    default:
        return "unknown";
    }
}

static unsigned long long mib(uint64_t pages)
{
    return pages * TS_PAGE_SIZE >> 20;
}

/* --- info, as text: xl's lines --- */

static void line(struct call *call, const char *name, const char *text)
{
    call_print(call, "%-23s: %s\n", name, text);
}

static void number(struct call *call, const char *name, unsigned long long n)
{
    call_print(call, "%-23s: %llu\n", name, n);
}

static void print_machine(struct call *call, const struct ts_machine_info *m)
{
    number(call, "nr_cpus", m->nr_cpus);
    number(call, "max_cpu_id", m->max_cpu_id);
    number(call, "nr_nodes", m->nr_nodes);
    number(call, "cores_per_socket", m->cores_per_socket);
    number(call, "threads_per_core", m->threads_per_core);
    call_print(call, "%-23s: %u.%03u\n", "cpu_mhz", m->cpu_khz / 1000, m->cpu_khz % 1000);
    call_print(call, "%-23s: ", "hw_caps");
    for (unsigned int i = 0; i < 8; i++)
        call_print(call, "%s%08x", i ? ":" : "", m->hw_caps[i]);
    call_print(call, "\n");
    line(call, "virt_caps", "pv");
    number(call, "total_memory", mib(m->total_pages));
    number(call, "free_memory",
           mib(m->free_pages + m->scrub_pages - m->outstanding_pages));
    number(call, "sharing_freed_memory", 0);
    number(call, "sharing_used_memory", 0);
    number(call, "outstanding_claims", mib(m->outstanding_pages));
    number(call, "free_cpus", 0);
}

static void print_version(struct call *call, const struct ts_version_info *v,
                          const char *scheduler)
{
    number(call, "xen_major", v->major);
    number(call, "xen_minor", v->minor);
    line(call, "xen_extra", v->extra);
    call_print(call, "%-23s: %u.%u%s\n", "xen_version", v->major, v->minor, v->extra);
    line(call, "xen_caps", v->capabilities);
    line(call, "xen_scheduler", scheduler);
    number(call, "xen_pagesize", v->page_size);
    call_print(call, "%-23s: virt_start=0x%llx\n", "platform_params",
               (unsigned long long)v->virt_start);
    line(call, "xen_changeset", v->changeset);
    line(call, "xen_commandline", v->command_line);
    line(call, "cc_compiler", v->compiler);
    line(call, "cc_compile_by", v->compiled_by);
    line(call, "cc_compile_domain", v->compile_domain);
    line(call, "cc_compile_date", v->compile_date);
    number(call, "xend_config_format", 4);
}

static void print_usage(struct call *call, const struct ts_cli_usage *u)
{
    number(call, "heap_bytes", u->heap_bytes);
    number(call, "heap_size", u->heap_size);
    number(call, "event_ports", u->event_ports);
    number(call, "grants", u->grants);
    number(call, "mapped_frames", u->mapped_frames);
    number(call, "xenstore_nodes", u->xenstore_nodes);
}

/* All memory belongs to one node: the hypervisor knows no others. */
static void print_topology(struct call *call, const struct ts_machine_info *m)
{
    unsigned int threads = m->threads_per_core ? m->threads_per_core : 1;
    unsigned int cores = m->cores_per_socket ? m->cores_per_socket : 1;

    call_print(call, "cpu_topology           :\ncpu:    core    socket     node\n");
    for (unsigned int i = 0; i <= m->max_cpu_id; i++)
        call_print(call, "%3u:    %4u     %4u     %4u\n", i, i / threads % cores,
                   i / threads / cores, 0u);
    call_print(call,
               "numa_info              :\nnode:    memsize    memfree    distances\n"
               "%4u:    %6llu     %6llu      10\n",
               0u, mib(m->total_pages), mib(m->free_pages));
}

static void print_info(struct call *call, const struct machine_view *v)
{
    line(call, "host", "pavise");
    call_print(call, "%-23s: %u.%u%s\n", "release", v->version.major, v->version.minor,
               v->version.extra);
    line(call, "version", v->version.compile_date);
    line(call, "machine", "x86_64");
    print_machine(call, &v->machine);
    print_version(call, &v->version, scheduler_text(v->machine.scheduler));
    if (call_has(call, 'u'))
        print_usage(call, &v->usage);
    if (call_has(call, 'n'))
        print_topology(call, &v->machine);
}

/* --- info, in JSON --- */

static void describe_machine(struct ts_doc *doc, struct cJSON *root,
                             const struct ts_machine_info *m)
{
    struct cJSON *cpus = ts_doc_object(doc, root, "cpus"), *memory, *caps;

    ts_doc_number(doc, cpus, "count", m->nr_cpus);
    ts_doc_number(doc, cpus, "max_id", m->max_cpu_id);
    ts_doc_number(doc, cpus, "nodes", m->nr_nodes);
    ts_doc_number(doc, cpus, "cores_per_socket", m->cores_per_socket);
    ts_doc_number(doc, cpus, "threads_per_core", m->threads_per_core);
    ts_doc_number(doc, cpus, "khz", m->cpu_khz);
    caps = ts_doc_array(doc, cpus, "hw_caps");
    for (unsigned int i = 0; i < 8; i++)
        ts_doc_number(doc, caps, NULL, m->hw_caps[i]);
    memory = ts_doc_object(doc, root, "memory");
    ts_doc_number(doc, memory, "total_kib", m->total_pages * (TS_PAGE_SIZE / 1024));
    ts_doc_number(doc, memory, "free_kib", m->free_pages * (TS_PAGE_SIZE / 1024));
    ts_doc_number(doc, memory, "scrub_kib", m->scrub_pages * (TS_PAGE_SIZE / 1024));
    ts_doc_number(doc, memory, "outstanding_kib",
                  m->outstanding_pages * (TS_PAGE_SIZE / 1024));
    ts_doc_text(doc, root, "scheduler", scheduler_text(m->scheduler));
}

static void describe_version(struct ts_doc *doc, struct cJSON *root,
                             const struct ts_version_info *v)
{
    struct cJSON *object = ts_doc_object(doc, root, "version");

    ts_doc_number(doc, object, "major", v->major);
    ts_doc_number(doc, object, "minor", v->minor);
    ts_doc_text(doc, object, "extra", v->extra);
    ts_doc_text(doc, object, "capabilities", v->capabilities);
    ts_doc_text(doc, object, "changeset", v->changeset);
    ts_doc_text(doc, object, "command_line", v->command_line);
    ts_doc_text(doc, object, "compiler", v->compiler);
    ts_doc_text(doc, object, "compiled_by", v->compiled_by);
    ts_doc_text(doc, object, "compile_domain", v->compile_domain);
    ts_doc_text(doc, object, "compile_date", v->compile_date);
    ts_doc_number(doc, object, "page_size", v->page_size);
    ts_doc_number(doc, object, "virt_start", v->virt_start);
}

static void describe_usage(struct ts_doc *doc, struct cJSON *root,
                           const struct ts_cli_usage *u)
{
    struct cJSON *object = ts_doc_object(doc, root, "usage");

    ts_doc_number(doc, object, "heap_bytes", u->heap_bytes);
    ts_doc_number(doc, object, "heap_size", u->heap_size);
    ts_doc_number(doc, object, "event_ports", u->event_ports);
    ts_doc_number(doc, object, "grants", u->grants);
    ts_doc_number(doc, object, "mapped_frames", u->mapped_frames);
    ts_doc_number(doc, object, "xenstore_nodes", u->xenstore_nodes);
}

/* How many domains are in each state. */
static void describe_states(struct call *call, struct ts_doc *doc, struct cJSON *root)
{
    static const char *const states[] = { "running",  "blocked", "paused", "runnable",
                                          "shutdown", "crashed", "dying" };
    unsigned int count[sizeof(states) / sizeof(states[0])] = { 0 };
    const struct ts_domain *domain = NULL;
    struct cJSON *object = ts_doc_object(doc, root, "domains");
    struct domain_view view;

    while ((domain = ts_domain_next(call->cli->env.manager, domain))) {
        if (domain_look(call, domain, &view))
            continue;
        for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
            count[i] += !strcmp(states[i], domain_state(&view));
    }
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        ts_doc_number(doc, object, states[i], count[i]);
}

enum ts_exit info_run(struct call *call)
{
    struct machine_view v;
    struct ts_doc doc = { 0 };
    struct cJSON *root;
    enum ts_exit exit = look(call, &v);

    if (exit)
        return exit;
    if (call->format == FORMAT_TEXT) {
        print_info(call, &v);
        return TS_EXIT_OK;
    }
    root = ts_doc_object(&doc, NULL, NULL);
    describe_machine(&doc, root, &v.machine);
    describe_version(&doc, root, &v.version);
    describe_states(call, &doc, root);
    describe_usage(&doc, root, &v.usage);
    ts_doc_number(&doc, root, "uptime_ns",
                  call->cli->env.hv->ops->system_time(call->cli->env.hv));
    call_document(call, &doc);
    return TS_EXIT_OK;
}

enum ts_exit version_run(struct call *call)
{
    struct machine_view v;
    struct ts_doc doc = { 0 };
    enum ts_exit exit = look(call, &v);

    if (exit)
        return exit;
    if (call->format == FORMAT_TEXT) {
        call_print(call, "%u.%u%s\n", v.version.major, v.version.minor, v.version.extra);
        return TS_EXIT_OK;
    }
    describe_version(&doc, ts_doc_object(&doc, NULL, NULL), &v.version);
    call_document(call, &doc);
    return TS_EXIT_OK;
}

/* --- dmesg --- */

static int read_log(struct call *call, struct ts_text *log)
{
    struct ts_hv *hv = call->cli->env.hv;
    uint32_t index = 0;
    char text[1024];
    int n;

    while ((n = hv->ops->console_read(hv, &index, text, sizeof(text), false)) > 0)
        ts_text_add(log, text, (size_t)n);
    if (n == 0 && call_has(call, 'c'))
        n = hv->ops->console_read(hv, &index, text, sizeof(text), true);
    if (n > 0)
        ts_text_add(log, text, (size_t)n);
    return n < 0 ? n : 0;
}

static void describe_lines(struct call *call, const struct ts_text *log)
{
    struct ts_doc doc = { 0 };
    struct cJSON *root = ts_doc_object(&doc, NULL, NULL);
    struct cJSON *lines = ts_doc_array(&doc, root, "lines");
    const char *at = log->n ? log->bytes : "", *end = at + log->n;

    while (at != end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;

        ts_doc_bytes(&doc, lines, NULL, at, (size_t)(stop - at));
        at = newline ? newline + 1 : end;
    }
    call_document(call, &doc);
}

enum ts_exit dmesg_run(struct call *call)
{
    struct ts_text log = { 0 };
    int rc = read_log(call, &log);

    if (log.failed)
        call->out.failed = true;
    if (call->format == FORMAT_JSON)
        describe_lines(call, &log);
    else if (log.n)
        ts_text_add(&call->out, log.bytes, log.n);
    ts_text_free(&log);
    return rc ? call_fail(call, exit_of(rc), "the hypervisor's log cannot be read: %s",
                          ts_err_text(rc))
              : TS_EXIT_OK;
}

/* --- debug-keys --- */

enum ts_exit debug_keys_run(struct call *call)
{
    struct ts_hv *hv = call->cli->env.hv;
    const char *keys = call_word(call, 0);
    struct ts_doc doc = { 0 };
    int rc = hv->ops->debug_keys(hv, keys, (unsigned int)strlen(keys));

    if (rc)
        return call_fail(call, exit_of(rc), "the hypervisor refuses the keys: %s",
                         ts_err_text(rc));
    if (call->format == FORMAT_JSON) {
        ts_doc_text(&doc, ts_doc_object(&doc, NULL, NULL), "keys", keys);
        call_document(call, &doc);
    }
    return TS_EXIT_OK;
}
