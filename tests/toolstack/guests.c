/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: guests have a console and xenstore; what they print arrives, they end by
 * themselves and leave nothing behind.
 * Arguments: number of guests at once, rounds, KiB of memory of each.
 */
#include <stdlib.h>

#include "check.h"
#include "domain0.h"

const unsigned int main_stack_order = 5;

static unsigned int greetings;

/* The last output is in the console until the domain has been destroyed. */
static void on_manager_event(void *context, enum ts_event event,
                             const struct ts_domain *d, const char *text)
{
    static char seen[4096];
    size_t n;

    (void)context;
    if (event != TS_EVENT_ENDED)
        return;
    ts_consoles_event(consoles, ts_console_port(consoles, d->id));
    n = ts_console_history(consoles, d->id, seen, sizeof(seen) - 1);
    seen[n] = '\0';
    if (check(d->ended_with == 0) && check(strstr(seen, "Hello") != NULL))
        greetings++;
    else
        printf("domain %u: %s\n%s\n", d->id, text, seen);
}

static uint64_t free_pages(void)
{
    struct ts_machine_info info;

    check(!hv->ops->machine_info(hv, &info));
    return info.free_pages;
}

static bool create(unsigned int number, uint64_t kib)
{
    struct ts_config c;
    struct ts_err err = { 0 };
    domid_t id;
    uint64_t before;

    ts_config_init(&c);
    snprintf(c.name, sizeof(c.name), "guest-%u", number);
    c.kernel = "/guest.elf";
    c.cmdline = "a b";
    c.memory_kib = kib;
    c.start_paused = true; /* else it would run in the time that is measured */
    before = __builtin_ia32_rdtsc();
    if (ts_domain_create(manager, &c, &id, &err)) {
        printf("create: %s\n", err.text);
        return check(false);
    }
    printf("create %u: %llu ticks\n", number,
           (unsigned long long)(__builtin_ia32_rdtsc() - before));
    return check(!ts_domain_unpause(manager, id, &err));
}

/* One more is created and destroyed at once, to see what that costs. */
static void measure_destroy(uint64_t kib)
{
    const struct ts_domain *d;
    uint64_t before;

    if (!create(10000, kib))
        return;
    d = ts_domain_by_name(manager, "guest-10000");
    before = __builtin_ia32_rdtsc();
    check(!ts_domain_destroy(manager, d->id, NULL));
    printf("destroy: %llu ticks\n",
           (unsigned long long)(__builtin_ia32_rdtsc() - before));
}

static void wait_for_pages(uint64_t wanted)
{
    for (unsigned int i = 0; i < 2000 && free_pages() != wanted; i++)
        pause_a_little();
    check(free_pages() == wanted);
}

int main(int argc, char **argv)
{
    unsigned int guests = argc > 1 ? (unsigned int)atoi(argv[1]) : 1;
    unsigned int rounds = argc > 2 ? (unsigned int)atoi(argv[2]) : 1;
    uint64_t kib = argc > 3 ? (uint64_t)atoi(argv[3]) : 2048, before = 0;

    if (!domain0_start(on_manager_event))
        return check_verdict();
    for (unsigned int round = 0; round <= rounds; round++) {
        if (round == 1) /* what the first round leaves is kept for good */
            before = free_pages();
        for (unsigned int i = 0; i < guests; i++)
            create(i, kib);
        serve_until_all_have_ended();
        measure_destroy(kib);
        if (round)
            wait_for_pages(before);
    }
    check(greetings == guests * (rounds + 1));
    domain0_stop();
    return check_verdict();
}
