/* SPDX-License-Identifier: MIT */
/*
 * `top`: what domains use, again and again. Shares of the processors' time come from two
 * looks at all domains, one after the other.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK       64
#define OTHER_LINES 4 /* summary, heading, and where the cursor stands */

/* One look at all domains, in ascending number. */
struct look {
    uint64_t time_ns;
    unsigned int n, room;
    struct ts_domain_info *info;
};

struct top {
    struct call *call;
    struct ts_machine_info machine;
    struct look now, before;
    uint64_t delay_ns;
    uint64_t rounds_left; /* UINT64_MAX: no end */
    bool is_batch;        /* no control sequences, no keys */
    const char *end;   /* of a line: raw terminals do not begin a new one by themselves */
    unsigned int most; /* domains that there is room for */
};

static bool make_room(struct look *look)
{
    unsigned int room = look->room + CHUNK;
    struct ts_domain_info *more;

    if (look->n + CHUNK <= look->room)
        return true;
    more = realloc(look->info, room * sizeof(*more));
    if (!more)
        return false;
    look->info = more;
    look->room = room;
    return true;
}

static int look_at_all(struct top *t)
{
    struct ts_hv *hv = t->call->cli->env.hv;
    struct look spare = t->before;
    domid_t first = 0;
    int n;

    t->before = t->now;
    t->now = spare;
    t->now.n = 0;
    t->now.time_ns = hv->ops->system_time(hv);
    do {
        if (!make_room(&t->now))
            return -XEN_ENOMEM;
        n = hv->ops->domain_list(hv, first, t->now.info + t->now.n, CHUNK);
        if (n < 0)
            return n;
        t->now.n += (unsigned int)n;
        if (n)
            first = (domid_t)(t->now.info[t->now.n - 1].id + 1);
    } while (n);
    return hv->ops->machine_info(hv, &t->machine);
}

/* Tenths of a percent of one CPU since the look before; *at moves through that one. */
static uint64_t cpu_share(const struct top *t, const struct ts_domain_info *info,
                          unsigned int *at)
{
    uint64_t time = t->now.time_ns - t->before.time_ns;
    const struct ts_domain_info *before;

    while (*at < t->before.n && t->before.info[*at].id < info->id)
        ++*at;
    before = *at < t->before.n ? &t->before.info[*at] : NULL;
    if (!before || before->id != info->id || info->cpu_time_ns < before->cpu_time_ns ||
        !time)
        return 0;
    return (info->cpu_time_ns - before->cpu_time_ns) * 1000 / time;
}

static uint64_t memory_share(const struct top *t, uint64_t pages)
{
    return t->machine.total_pages ? pages * 1000 / t->machine.total_pages : 0;
}

/* --- text: xentop's columns --- */

static void print_summary(struct top *t)
{
    uint64_t used = t->machine.total_pages - t->machine.free_pages;

    call_print(t->call,
               "\033[H\033[2J%u domains%s"
               "Mem: %lluk total, %lluk used, %lluk free    CPUs: %u @ %uMHz%s",
               t->now.n, t->end, (unsigned long long)t->machine.total_pages * 4,
               (unsigned long long)used * 4,
               (unsigned long long)t->machine.free_pages * 4, t->machine.nr_cpus,
               t->machine.cpu_khz / 1000, t->end);
}

static void print_tenths(struct top *t, unsigned int width, uint64_t tenths)
{
    call_print(t->call, " %*llu.%llu", (int)width - 2, (unsigned long long)tenths / 10,
               (unsigned long long)tenths % 10);
}

static void print_domain(struct top *t, const struct domain_view *view, uint64_t share)
{
    const struct ts_domain_info *info = &view->info;
    struct call *call = t->call;
    unsigned int state = info->state;

    call_print(call, "%10.10s %c%c%c%c%c%c %10llu", domain_name(view),
               state & TS_DYING ? 'd' : '-', state & TS_SHUTDOWN ? 's' : '-',
               state & TS_BLOCKED ? 'b' : '-',
               strcmp(domain_state(view), "crashed") ? '-' : 'c',
               state & TS_PAUSED ? 'p' : '-', state & TS_RUNNING ? 'r' : '-',
               (unsigned long long)info->cpu_time_ns / 1000000000);
    print_tenths(t, 6, share);
    call_print(call, " %10llu", (unsigned long long)info->nr_pages * 4);
    print_tenths(t, 6, memory_share(t, info->nr_pages));
    if (info->max_pages >= t->machine.total_pages) {
        call_print(call, " %10s %9s", "no limit", "n/a");
    } else {
        call_print(call, " %10llu", (unsigned long long)info->max_pages * 4);
        print_tenths(t, 9, memory_share(t, info->max_pages));
    }
    call_print(call, " %5u%s", info->nr_vcpus, t->end);
}

/* --- JSON: a document in one line per round --- */

static void describe_domain(struct top *t, struct ts_doc *doc, struct cJSON *array,
                            const struct domain_view *view, uint64_t share)
{
    struct cJSON *object = ts_doc_object(doc, array, NULL);

    domain_describe(doc, object, view);
    ts_doc_fixed(doc, object, "cpu_percent", share, 1);
    ts_doc_fixed(doc, object, "memory_percent", memory_share(t, view->info.nr_pages), 1);
}

/* One round, as text or as a document. */
static void show(struct top *t)
{
    bool is_json = t->call->format == FORMAT_JSON;
    struct ts_doc doc = { 0 };
    struct cJSON *root = NULL, *array = NULL;
    unsigned int at = 0;

    if (is_json) {
        root = ts_doc_object(&doc, NULL, NULL);
        ts_doc_number(&doc, root, "time_ns", t->now.time_ns);
        array = ts_doc_array(&doc, root, "domains");
    } else {
        if (!t->is_batch)
            print_summary(t);
        call_print(t->call, "%10s %6s %10s %6s %10s %6s %10s %9s %5s%s", "NAME", "STATE",
                   "CPU(sec)", "CPU(%)", "MEM(k)", "MEM(%)", "MAXMEM(k)", "MAXMEM(%)",
                   "VCPUS", t->end);
    }
    for (unsigned int i = 0; i < t->now.n && i < t->most; i++) {
        struct domain_view view = {
            ts_domain_by_id(t->call->cli->env.manager, t->now.info[i].id), t->now.info[i]
        };
        uint64_t share = cpu_share(t, &view.info, &at);

        if (is_json)
            describe_domain(t, &doc, array, &view, share);
        else
            print_domain(t, &view, share);
    }
    if (is_json)
        ts_doc_print(&doc, true, &t->call->out);
}

/* --- rounds --- */

/* q, ^C or ^D was typed, or nothing can be typed any more. */
static bool is_quit(struct top *t)
{
    const struct ts_cli_io *io = t->call->io;
    char keys[16];
    bool ended = false;
    size_t n;

    if (t->is_batch)
        return false;
    n = io->read(io->context, keys, sizeof(keys), &ended);
    for (size_t i = 0; i < n; i++)
        if (keys[i] && strchr("qQ\003\004", keys[i]))
            return true;
    return ended;
}

/* False: no further round. */
static bool pause_between(struct top *t, bool *interrupted)
{
    struct ts_hv *hv = t->call->cli->env.hv;
    uint64_t until = hv->ops->system_time(hv) + t->delay_ns;

    while (hv->ops->system_time(hv) < until) {
        if (is_quit(t))
            return false;
        *interrupted = !call_wait(t->call, until);
        if (*interrupted)
            return false;
    }
    return !is_quit(t);
}

static enum ts_exit run_rounds(struct top *t)
{
    bool interrupted = false;

    do {
        int rc = look_at_all(t);

        if (rc)
            return call_fail(t->call, exit_of(rc), "the domains cannot be listed: %s",
                             ts_err_text(rc));
        show(t);
        if (t->call->out.failed)
            return TS_EXIT_OK; /* which ts_cli_run() sees */
        if (!call_flush(t->call))
            return TS_EXIT_INTERRUPTED;
        if (t->rounds_left != UINT64_MAX)
            t->rounds_left--;
    } while (t->rounds_left && pause_between(t, &interrupted));
    return interrupted ? TS_EXIT_INTERRUPTED : TS_EXIT_OK;
}

static enum ts_exit read_options(struct top *t)
{
    const char *rounds = words_value(&t->call->words, 'i');
    const char *delay = words_value(&t->call->words, 'd');

    if (rounds && (!parse_number(rounds, UINT32_MAX, &t->rounds_left) || !t->rounds_left))
        return call_fail(t->call, TS_EXIT_USAGE, "\"%s\" is not a number of rounds",
                         rounds);
    if (delay && !parse_seconds(delay, &t->delay_ns))
        return call_fail(t->call, TS_EXIT_USAGE, "\"%s\" is not a number of seconds",
                         delay);
    return TS_EXIT_OK;
}

enum ts_exit top_run(struct call *call)
{
    const struct ts_cli_io *io = call->io;
    struct top t = {
        .call = call,
        .delay_ns = 3000000000,
        .rounds_left = UINT64_MAX,
        .is_batch =
            call_has(call, 'b') || call->format == FORMAT_JSON || !io->is_terminal,
    };
    enum ts_exit exit = read_options(&t);

    if (exit)
        return exit;
    t.end = t.is_batch ? "\n" : "\r\n";
    t.most = t.is_batch || io->rows <= OTHER_LINES ? ~0u : io->rows - OTHER_LINES;
    if (!t.is_batch)
        io->set_raw(io->context, true);
    exit = run_rounds(&t);
    if (!t.is_batch)
        io->set_raw(io->context, false);
    free(t.now.info);
    free(t.before.info);
    return exit;
}
