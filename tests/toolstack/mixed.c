/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: guests of different kinds run together and get no more than is theirs.
 * Arguments: each is the command line of a guest, domains 2, 3, ... in this order; /guest.elf
 * is tests/apps/attack. Those with a '!' in front must end by themselves, with power off;
 * then the others are destroyed. What a guest prints is printed with its number in front,
 * as far as its first lines. In the end nothing may be left in the xenstore daemon.
 */
#include <malloc.h>
#include <stdlib.h>

#include <mini-os/time.h>
#include <ts/xs_server.h>

#include "check.h"
#include "domain0.h"

#define GUESTS 32
#define LINES  50
#define LINE   120
#define KIB    2048
#define LIMIT  (200 * NSEC_PER_SEC)

const unsigned int main_stack_order = 5;

static struct guest {
    domid_t id;
    struct ts_viewer *viewer;
    char line[LINE];
    size_t length;
    unsigned int lines;
    bool must_end, ended;
} guests[GUESTS];

static unsigned int nr, nr_to_end;
static size_t most_bytes;

static void on_manager_event(void *context, enum ts_event event,
                             const struct ts_domain *d, const char *text)
{
    struct guest *g = NULL;

    (void)context;
    if (event != TS_EVENT_ENDED)
        return;
    for (unsigned int i = 0; i < nr; i++)
        if (guests[i].id == d->id)
            g = &guests[i];
    ts_consoles_event(consoles, ts_console_port(consoles, d->id));
    if (!check(g && g->must_end && d->ended_with == 0))
        printf("%u: ended: %s\n", d->id, text);
    if (g && g->must_end && !g->ended)
        nr_to_end--;
    if (g)
        g->ended = true;
}

/* That a connection was begun anew is told too often to be counted. */
static void take_line(struct guest *g)
{
    g->line[g->length] = '\0';
    g->length = 0;
    if (!strstr(g->line, "begun anew") && g->lines++ < LINES)
        printf("%u: %s\n", g->id, g->line);
}

static void note_use(void)
{
    struct xs_stats stats;

    xs_server_stats(server, &stats);
    if (stats.bytes > most_bytes)
        most_bytes = stats.bytes;
}

static size_t on_output(void *context, const char *text, size_t n)
{
    struct guest *g = context;

    note_use();
    if (g->lines >= LINES)
        return n;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\n' || g->length == LINE - 1)
            take_line(g);
        else if (text[i] != '\r')
            g->line[g->length++] = text[i];
    }
    return n;
}

static const struct ts_viewer_ops viewer_ops = { .output = on_output };

static bool create(struct guest *g, const char *cmdline)
{
    struct ts_config c;
    struct ts_err err = { 0 };

    g->must_end = *cmdline == '!';
    nr_to_end += g->must_end;
    ts_config_init(&c);
    snprintf(c.name, sizeof(c.name), "guest-%u", nr);
    c.kernel = "/guest.elf";
    c.cmdline = cmdline + g->must_end;
    c.memory_kib = KIB;
    c.start_paused = true;
    if (ts_domain_create(manager, &c, &g->id, &err)) {
        printf("create: %s\n", err.text);
        return false;
    }
    return !ts_viewer_attach(consoles, g->id, true, &viewer_ops, g, &g->viewer);
}

static void serve(void)
{
    uint64_t limit = time_now() + LIMIT;

    while (nr_to_end && time_now() < limit) {
        domain0_serve_or_wait();
        note_use();
    }
    check(!nr_to_end);
}

static void destroy_all(void)
{
    const struct ts_domain *d;

    while ((d = ts_domain_next(manager, ts_domain_by_id(manager, 0))))
        if (!check(!ts_domain_destroy(manager, d->id, NULL)))
            return;
}

static void check_nothing_left(const struct xs_stats *before)
{
    struct xs_stats now;

    while (xs_server_step(server))
        ;
    xs_server_stats(server, &now);
    check(now.bytes == before->bytes && now.nodes == before->nodes && !now.transactions &&
          now.watches == before->watches && now.accounts == before->accounts &&
          now.connections == before->connections);
    check(xs_server_check(server));
}

/* The nodes above those of domains stay, and so do tables that have grown: they are made by
 * a guest that is not counted. */
static void make_what_stays(void)
{
    struct guest first;

    if (check(create(&first, "none")))
        destroy_all();
}

int main(int argc, char **argv)
{
    struct xs_stats before;

    if (!domain0_start(on_manager_event) || !check(argc <= GUESTS))
        return check_verdict();
    make_what_stays();
    xs_server_stats(server, &before);
    for (; nr + 1 < (unsigned int)argc; nr++)
        if (!check(create(&guests[nr], argv[nr + 1])))
            return check_verdict();
    for (unsigned int i = 0; i < nr; i++)
        check(!ts_domain_unpause(manager, guests[i].id, NULL));
    serve();
    destroy_all();
    check_nothing_left(&before);
    printf("xenstore had %zu bytes at most\n", most_bytes);
    domain0_stop();
    return check_verdict();
}
