/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: guests are made until the machine's memory is at an end. The one that does
 * not fit is refused with a reason and leaves nothing; all frames return in the end.
 * Argument: KiB of memory of each guest.
 */
#include <stdlib.h>

#include "check.h"
#include "domain0.h"

#define ROUNDS 3

const unsigned int main_stack_order = 5;

static void on_manager_event(void *context, enum ts_event event,
                             const struct ts_domain *d, const char *text)
{
    (void)context;
    (void)event;
    (void)d;
    (void)text;
}

static uint64_t free_pages(void)
{
    struct ts_machine_info info = { 0 };

    check(!hv->ops->machine_info(hv, &info));
    return info.free_pages;
}

/* Frames of a domain that is gone come back a little later. */
static void wait_for_pages(uint64_t wanted)
{
    for (unsigned int i = 0; i < 2000 && free_pages() != wanted; i++)
        pause_a_little();
    check(free_pages() == wanted);
}

static int create(unsigned int number, uint64_t kib, struct ts_err *err)
{
    struct ts_config c;
    domid_t id;

    ts_config_init(&c);
    snprintf(c.name, sizeof(c.name), "guest-%u", number);
    c.kernel = "/guest.elf";
    c.memory_kib = kib;
    c.start_paused = true;
    return ts_domain_create(manager, &c, &id, err);
}

/* How many fit. */
static unsigned int fill_machine(uint64_t kib)
{
    struct ts_err err = { 0 };
    unsigned int n = 0;
    uint64_t before;
    int rc;

    do {
        before = free_pages();
        rc = create(n, kib, &err);
        n += !rc;
    } while (!rc);
    printf("%u fit; the next: %s\n", n, err.text);
    check(rc == -XEN_ENOMEM);
    check(strstr(err.text, "out of memory") != NULL);
    check(nr_guests() == n);
    wait_for_pages(before);
    return n;
}

static void empty_machine(void)
{
    const struct ts_domain *d;

    while ((d = ts_domain_next(manager, ts_domain_by_id(manager, 0))))
        if (!check(!ts_domain_destroy(manager, d->id, NULL)))
            return;
}

int main(int argc, char **argv)
{
    uint64_t kib = argc > 1 ? (uint64_t)atoi(argv[1]) : 2048, before = 0;
    unsigned int fit = 0;

    if (!domain0_start(on_manager_event))
        return check_verdict();
    for (unsigned int round = 0; round < ROUNDS; round++) {
        unsigned int n;

        if (round == 1) /* what the first round leaves is kept for good */
            before = free_pages();
        n = fill_machine(kib);
        check(!round || n == fit);
        fit = n;
        empty_machine();
        if (round)
            wait_for_pages(before);
    }
    domain0_stop();
    return check_verdict();
}
