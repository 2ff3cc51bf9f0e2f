/* SPDX-License-Identifier: MIT */
/* `trace`: what a domain asks of the hypervisor, as it happens. */
#include "internal.h"

#include <stdlib.h>

#include <ts/trace.h>

#define DEFAULT_KINDS                                                             \
    (ABI_TRACE_CALLS | ABI_TRACE_LISTED | ABI_TRACE_RESULTS | ABI_TRACE_POINTED | \
     ABI_TRACE_FAULTS | ABI_TRACE_EMULATION | ABI_TRACE_EVENTS)
#define DEFAULT_KIB   256
#define MAX_KIB       16384
#define POLL_NS       20000000u
#define BATCH         200 /* records between two looks at the reader */
#define NS_PER_SECOND 1000000000u

struct tracing {
    struct call *call;
    domid_t id;
    uint32_t kinds;
    uint64_t frames;
    uint64_t end;  /* system time; 0: none */
    uint64_t most; /* lines */
    uint64_t lines;
    uint64_t start, khz; /* of the time-stamp counter */
    struct ts_trace *trace;
    struct ts_trace_decoder *decoder;
};

/* --- lines --- */

static uint64_t microseconds(const struct tracing *t, uint64_t time)
{
    return t->khz && time > t->start ? (time - t->start) * 1000 / t->khz : 0;
}

static void print_text(struct tracing *t, const struct ts_trace_line *line, uint64_t us)
{
    call_print(t->call, "%5llu.%06llu ", (unsigned long long)(us / 1000000),
               (unsigned long long)(us % 1000000));
    if (line->has_owner)
        call_print(t->call, "d%uv%u ", line->domain, line->vcpu);
    call_print(t->call, "%s\n", line->text);
}

static void print_json(struct tracing *t, const struct ts_trace_line *line, uint64_t us)
{
    struct ts_doc doc = { 0 };
    struct cJSON *root = ts_doc_object(&doc, NULL, NULL);

    ts_doc_fixed(&doc, root, "time", us, 6);
    ts_doc_number(&doc, root, "cpu", line->cpu);
    if (line->has_owner) {
        ts_doc_number(&doc, root, "domain", line->domain);
        ts_doc_number(&doc, root, "vcpu", line->vcpu);
    } else {
        ts_doc_null(&doc, root, "domain");
        ts_doc_null(&doc, root, "vcpu");
    }
    ts_doc_text(&doc, root, "kind", line->kind);
    ts_doc_text(&doc, root, "text", line->text);
    ts_doc_print(&doc, true, &t->call->out);
}

static void take_line(void *to, const struct ts_trace_line *line)
{
    struct tracing *t = to;
    uint64_t us;

    if (t->lines >= t->most)
        return;
    t->lines++;
    if (!t->start)
        t->start = line->time;
    us = microseconds(t, line->time);
    if (t->call->format == FORMAT_JSON)
        print_json(t, line, us);
    else
        print_text(t, line, us);
}

/* --- options --- */

static enum ts_exit read_options(struct tracing *t)
{
    struct call *call = t->call;
    const char *classes = words_value(&call->words, 'c');
    const char *size = words_value(&call->words, 'S');
    const char *most = words_value(&call->words, 'n');
    const char *time = words_value(&call->words, 't');
    uint64_t kib = DEFAULT_KIB, ns;

    if (classes && !(t->kinds = ts_trace_kinds(classes)))
        return call_fail(call, TS_EXIT_USAGE,
                         "\"%s\" is no list of calls, faults, emulation, events, "
                         "syscalls, switches, iret, all",
                         classes);
    if (size && (!parse_number(size, MAX_KIB, &kib) || kib < TS_PAGE_SIZE / 1024))
        return call_fail(call, TS_EXIT_USAGE, "\"%s\" is not 4 to %u KiB", size, MAX_KIB);
    if (most && !parse_number(most, UINT64_MAX - 1, &t->most))
        return call_fail(call, TS_EXIT_USAGE, "\"%s\" is not a number of lines", most);
    if (time && !parse_seconds(time, &ns))
        return call_fail(call, TS_EXIT_USAGE, "\"%s\" is not a number of seconds", time);
    t->frames = kib * 1024 / TS_PAGE_SIZE;
    if (time)
        t->end = call->cli->env.hv->ops->system_time(call->cli->env.hv) + ns;
    return TS_EXIT_OK;
}

/* --- the loop --- */

/* False: there is nothing to be read now. */
static bool read_batch(struct tracing *t)
{
    struct ts_trace_record record;

    for (unsigned int i = 0; i < BATCH && t->lines < t->most; i++) {
        if (!ts_trace_next(t->trace, &record))
            return false;
        ts_trace_decode(t->decoder, &record);
    }
    return true;
}

static bool is_over(const struct tracing *t, uint64_t now)
{
    return t->lines >= t->most || (t->end && now >= t->end);
}

/* Has the domain come to its end? Then nothing follows what has been read. */
static bool domain_is_over(const struct tracing *t)
{
    struct ts_hv *hv = t->call->cli->env.hv;
    struct ts_domain_info info;

    return hv->ops->domain_info(hv, t->id, &info) ||
           (info.state & (TS_SHUTDOWN | TS_DYING));
}

static enum ts_exit run(struct tracing *t)
{
    struct ts_hv *hv = t->call->cli->env.hv;
    bool ending = false;

    for (;;) {
        uint64_t now = hv->ops->system_time(hv);
        bool more = read_batch(t);

        if (!more && ending)
            ts_trace_decode_rest(t->decoder);
        if (!call_flush(t->call))
            return TS_EXIT_INTERRUPTED;
        if (is_over(t, now) || (!more && ending))
            return TS_EXIT_OK;
        ending = domain_is_over(t);
        /* Others have their turn, however much there is to be read. */
        if (!call_wait(t->call, more || ending ? now : now + POLL_NS))
            return TS_EXIT_INTERRUPTED;
    }
}

static enum ts_exit start(struct tracing *t)
{
    struct ts_hv *hv = t->call->cli->env.hv;
    struct ts_machine_info machine;
    int rc = ts_trace_start(hv, (unsigned int)t->frames, &t->trace, &t->call->err);

    if (rc)
        return exit_of(rc);
    if (!hv->ops->machine_info(hv, &machine))
        t->khz = machine.cpu_khz;
    t->decoder = ts_trace_decoder_create(ts_trace_cpus(t->trace), t->kinds, take_line, t);
    if (!t->decoder)
        return call_fail(t->call, TS_EXIT_MEMORY, "out of memory");
    rc = ts_trace_select(t->trace, t->id, t->kinds, &t->call->err);
    return exit_of(rc);
}

enum ts_exit trace_run(struct call *call)
{
    const struct ts_domain *domain = call_domain(call, 0);
    struct tracing t = { .call = call, .kinds = DEFAULT_KINDS, .most = UINT64_MAX };
    enum ts_exit exit;

    if (!domain)
        return TS_EXIT_NO_DOMAIN;
    t.id = domain->id;
    exit = read_options(&t);
    if (!exit)
        exit = start(&t);
    if (!exit)
        exit = run(&t);
    ts_trace_stop(t.trace);
    ts_trace_decoder_destroy(t.decoder);
    return exit;
}
