/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: a guest that is asked to suspend does so, with its list of frames where tools
 * look for it, and goes on: once as if nothing had happened ("cancelled"), once with fresh
 * event channels and rings, as a domain that was restored elsewhere.
 * /guest.elf is tests/apps/sleeper.
 */
#include <abi/domctl.h>
#include <abi/io/console.h>
#include <abi/io/xs_wire.h>
#include <abi/sched.h>
#include <mini-os/compiler.h>
#include <mini-os/time.h>
#include <ts/xs_server.h>

#include "check.h"
#include "domain0.h"
#include "hypercalls.h"

#define PAGE  4096
#define LIMIT (20 * NSEC_PER_SEC)

const unsigned int main_stack_order = 5;

static domid_t id;
static struct ts_viewer *viewer;
static char seen[4096]; /* since it was last cleared */
static size_t seen_length;

static void on_manager_event(void *context, enum ts_event event,
                             const struct ts_domain *d, const char *text)
{
    (void)context, (void)d;
    if (event == TS_EVENT_ENDED)
        check_text(text, "suspend");
}

static size_t on_output(void *context, const char *text, size_t n)
{
    (void)context;
    for (size_t i = 0; i < n && seen_length < sizeof(seen) - 1; i++)
        seen[seen_length++] = text[i];
    seen[seen_length] = '\0';
    return n;
}

static const struct ts_viewer_ops viewer_ops = { .output = on_output };

static bool wait_for(const char *text)
{
    uint64_t limit = time_now() + LIMIT;

    while (!strstr(seen, text) && time_now() < limit)
        domain0_serve_or_wait();
    return check_that(strstr(seen, text), text, __FILE__, __LINE__);
}

static void write_node(const char *name, const char *value)
{
    char path[64];

    snprintf(path, sizeof(path), "/local/domain/%u/%s", id, name);
    check(!ts_store_ops.write(store, 0, path, value, strlen(value)));
}

static void check_all_works(const char *word)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "%s\r", word);

    seen_length = 0;
    check(ts_viewer_input(viewer, text, (size_t)n) == (size_t)n);
    snprintf(text, sizeof(text), "word %s, store %s (0), timer late enough", word, word);
    wait_for(text);
    write_node("data/ping", word);
    snprintf(text, sizeof(text), "ping %s\r\n", word);
    wait_for(text);
}

/* The manager keeps the domain and looks at it no more. */
static void wait_for_end(unsigned int reason)
{
    struct ts_domain_info info = { 0 };
    uint64_t limit = time_now() + LIMIT;

    while (!(info.state & TS_SHUTDOWN) && time_now() < limit) {
        domain0_serve_or_wait();
        check(!hv->ops->domain_info(hv, id, &info));
    }
    check(info.state & TS_SHUTDOWN && info.shutdown_reason == reason);
}

static void suspend(void)
{
    write_node("control/shutdown", "suspend");
    wait_for_end(SHUTDOWN_suspend);
}

static void *map(xen_pfn_t mfn)
{
    void *page = NULL;

    check(!hv->ops->frames_map(hv, id, &mfn, 1, &page));
    return page;
}

/* The argument of the call in which the domain is suspended. */
static xen_pfn_t start_info_mfn(void)
{
    static struct vcpu_guest_context context;

    check(!hv->ops->vcpu_get_context(hv, id, 0, &context));
    return context.user_regs.rdx;
}

/* Entry number pfn of the list whose upper levels are in the shared page. */
static xen_pfn_t entry_of_list(const struct shared_info *info, unsigned long pfn)
{
    const unsigned long n = PAGE / sizeof(xen_pfn_t);
    xen_pfn_t *level, mfn = info->arch.pfn_to_mfn_frame_list_list;
    const unsigned long at[] = { pfn / n / n, pfn / n % n, pfn % n };

    for (unsigned int i = 0; i < 3; i++) {
        level = map(mfn);
        mfn = level[at[i]];
        hv->ops->frames_unmap(hv, level, 1);
    }
    return mfn;
}

/* The suspended domain names its rings by pfn. */
static void check_frame_list(void)
{
    const struct ts_domain *d = ts_domain_by_id(manager, id);
    struct ts_domain_info domain;
    struct start_info *start = map(start_info_mfn());
    struct shared_info *info;

    check(!hv->ops->domain_info(hv, id, &domain));
    info = map(domain.shared_info_mfn);
    check(info->arch.max_pfn == start->nr_pages);
    check(entry_of_list(info, start->store_mfn) == d->store_mfn);
    check(entry_of_list(info, start->console.domU.mfn) == d->console_mfn);
    hv->ops->frames_unmap(hv, info, 1);
    hv->ops->frames_unmap(hv, start, 1);
}

static void resume(void)
{
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_resumedomain,
        .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
        .domain = id,
    };

    check(!control_hypercalls.domctl(&op));
}

static void resume_as_cancelled(void)
{
    static struct vcpu_guest_context context;

    check(!hv->ops->vcpu_get_context(hv, id, 0, &context));
    context.user_regs.rax = 1;
    check(!hv->ops->vcpu_set_context(hv, id, 0, &context));
    resume();
}

/* Empty rings, whose other ends nobody has yet. */
static void empty_rings(const struct ts_domain *d)
{
    struct xenstore_domain_interface *xs = map(d->store_mfn);
    struct xencons_interface *console = map(d->console_mfn);

    memset(xs, 0, sizeof(*xs));
    memset(console, 0, sizeof(*console));
    hv->ops->frames_unmap(hv, xs, 1);
    hv->ops->frames_unmap(hv, console, 1);
}

static void resume_as_restored(void)
{
    const struct ts_domain *d = ts_domain_by_id(manager, id);
    struct start_info *start = map(start_info_mfn());
    struct evtchn_reset reset = { .dom = id };
    evtchn_port_t console = 0, xs = 0, ours;

    ts_console_remove(consoles, id);
    check(!hv->ops->domain_pause(hv, id));
    check(!control_hypercalls.event_channel_op(EVTCHNOP_reset, &reset));
    empty_rings(d);
    check(!hv->ops->evtchn_alloc_unbound(hv, id, 0, &console)); /* another order */
    check(!hv->ops->evtchn_alloc_unbound(hv, id, 0, &xs));
    start->store_mfn = d->store_mfn;
    start->store_evtchn = xs;
    start->console.domU.mfn = d->console_mfn;
    start->console.domU.evtchn = console;
    hv->ops->frames_unmap(hv, start, 1);
    check(!ts_console_add(consoles, id, d->console_mfn, console, &ours));
    check(!ts_viewer_attach(consoles, id, false, &viewer_ops, NULL, &viewer));
    check(!ts_store_ops.introduce(store, id, d->store_mfn, xs));
    resume();
    check(!hv->ops->domain_unpause(hv, id));
}

static bool create(void)
{
    struct ts_config c;
    struct ts_err err = { 0 };

    ts_config_init(&c);
    strcpy(c.name, "sleeper");
    c.kernel = "/guest.elf";
    c.memory_kib = 2048;
    return check(!ts_domain_create(manager, &c, &id, &err)) &&
           check(!ts_viewer_attach(consoles, id, true, &viewer_ops, NULL, &viewer)) &&
           wait_for("ready");
}

int main(void)
{
    if (!domain0_start(on_manager_event) || !create())
        return check_verdict();
    check_all_works("first");
    for (unsigned int round = 0; round < 3; round++) {
        suspend();
        check_frame_list();
        resume_as_cancelled();
        check_all_works("cancelled");
        suspend();
        check_frame_list();
        resume_as_restored();
        check_all_works("restored");
    }
    write_node("control/shutdown", "poweroff");
    wait_for_end(SHUTDOWN_poweroff);
    check(!ts_domain_destroy(manager, id, NULL));
    domain0_stop();
    return check_verdict();
}
