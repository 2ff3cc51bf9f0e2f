/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: many guests run at once, each with work of its own that it gets by its own
 * command line and console, and all end correctly.
 * Arguments: how many, rounds of work, KiB of memory of each. /guest.elf is tests/apps/work.
 * Prints each guest's result, "work NUMBER: ...", and what a guest costs.
 */
#include <malloc.h>
#include <stdlib.h>

#include <mini-os/mm.h>
#include <mini-os/time.h>

#include "check.h"
#include "domain0.h"

#define LINE  80
#define LIMIT (300 * NSEC_PER_SEC)

const unsigned int main_stack_order = 5;

struct guest {
    domid_t id;
    struct ts_viewer *viewer;
    char line[LINE]; /* what it has printed of a line */
    size_t length;
    enum { STARTING, READY, WORKING, DONE } state;
    bool ended;
};

static struct guest *guests;
static unsigned int nr, rounds, nr_ready, nr_done, nr_ended;

static struct guest *guest_of(domid_t id)
{
    for (unsigned int i = 0; i < nr; i++)
        if (guests[i].id == id)
            return &guests[i];
    return NULL;
}

static void on_manager_event(void *context, enum ts_event event,
                             const struct ts_domain *d, const char *text)
{
    struct guest *g = guest_of(d->id);

    (void)context;
    if (event != TS_EVENT_ENDED || !check(g && !g->ended))
        return;
    ts_consoles_event(consoles, ts_console_port(consoles, d->id));
    if (!check(d->ended_with == 0 && g->state == DONE))
        printf("domain %u: %s in state %d\n", d->id, text, g->state);
    g->ended = true;
    nr_ended++;
}

/* Lines that name another guest's number are a failure. */
static void take_line(struct guest *g)
{
    char prefix[32];
    int n = snprintf(prefix, sizeof(prefix), "work %u: ", (unsigned int)(g - guests));

    if (strncmp(g->line, "work ", 5)) /* what it echoes */
        return;
    check(!strncmp(g->line, prefix, (size_t)n));
    if (!strcmp(g->line + n, "ready")) {
        check(g->state == STARTING);
        g->state = READY;
        nr_ready++;
    } else {
        check(g->state == WORKING);
        g->state = DONE;
        nr_done++;
        puts(g->line);
    }
}

static size_t on_output(void *context, const char *text, size_t n)
{
    struct guest *g = context;

    for (size_t i = 0; i < n; i++) {
        if (text[i] != '\n' && g->length < LINE - 1) {
            g->line[g->length] = text[i];
            g->length += text[i] != '\r';
            continue;
        }
        g->line[g->length] = '\0';
        g->length = 0;
        take_line(g);
    }
    return n;
}

static const struct ts_viewer_ops viewer_ops = { .output = on_output };

static bool create(unsigned int number, uint64_t kib)
{
    struct guest *g = &guests[number];
    struct ts_err err = { 0 };
    struct ts_config c;
    char arguments[64];

    ts_config_init(&c);
    snprintf(c.name, sizeof(c.name), "work-%u", number);
    snprintf(arguments, sizeof(arguments), "%u %u", number, rounds);
    c.kernel = "/guest.elf";
    c.cmdline = arguments;
    c.memory_kib = kib;
    if (ts_domain_create(manager, &c, &g->id, &err)) {
        printf("create %u: %s\n", number, err.text);
        return false;
    }
    return !ts_viewer_attach(consoles, g->id, true, &viewer_ops, g, &g->viewer);
}

static void type_word(struct guest *g)
{
    char line[32];
    int n = snprintf(line, sizeof(line), "w%u\r", (unsigned int)(g - guests) * 7919u);

    g->state = WORKING;
    check(ts_viewer_input(g->viewer, line, (size_t)n) == (size_t)n);
}

static void serve_until(const unsigned int *count)
{
    uint64_t limit = time_now() + LIMIT;

    while (*count < nr && time_now() < limit)
        domain0_serve_or_wait();
    check(*count == nr);
}

struct use {
    uint64_t free_pages; /* of the machine */
    size_t heap;         /* here */
    uint64_t at;
};

static struct use use_now(void)
{
    struct ts_machine_info info = { 0 };

    check(!hv->ops->machine_info(hv, &info));
    return (struct use){ info.free_pages, mallinfo().uordblks, time_now() };
}

static void report(const char *what, const struct use *before)
{
    struct use now = use_now();

    long long pages = (long long)before->free_pages - (long long)now.free_pages;
    long long heap = (long long)now.heap - (long long)before->heap;

    printf(
        "%s: %llu ms; for each guest %lld KiB of the machine, %lld bytes of the heap\n",
        what, (unsigned long long)((now.at - before->at) / NSEC_PER_MSEC),
        pages * 4 / (int)nr, heap / (int)nr);
}

static void run_all(uint64_t kib)
{
    struct use before = use_now(), started;

    for (unsigned int i = 0; i < nr; i++) {
        if (!check(create(i, kib)))
            return;
        domain0_serve();
    }
    serve_until(&nr_ready);
    report("ready", &before);
    check(nr_guests() == nr);
    started = use_now();
    for (unsigned int i = 0; i < nr; i++)
        type_word(&guests[i]);
    serve_until(&nr_done);
    report("done", &started);
    serve_until(&nr_ended);
    report("ended", &before);
}

int main(int argc, char **argv)
{
    uint64_t kib = argc > 3 ? (uint64_t)atoi(argv[3]) : 2048;

    nr = argc > 1 ? (unsigned int)atoi(argv[1]) : 10;
    rounds = argc > 2 ? (unsigned int)atoi(argv[2]) : 5;
    guests = calloc(nr, sizeof(*guests));
    if (!check(guests) || !domain0_start(on_manager_event))
        return check_verdict();
    run_all(kib);
    domain0_stop();
    return check_verdict();
}
