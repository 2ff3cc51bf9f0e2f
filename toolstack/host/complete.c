/* SPDX-License-Identifier: MIT */
/*
 * Completion. What the machine has (domains, its files) is the machine's to say; without
 * one there are the verbs and options that this program knows.
 */
#include "machine.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MS 1000 /* somebody waits with a finger on the key */

static const struct {
    const char *name;
    const struct option *options;
} own_verbs[] = {
    { "up", up_options },
    { "down", down_options },
    { "machines", machines_options },
    { "collect", collect_options },
};
#define NR_OWN (sizeof(own_verbs) / sizeof(own_verbs[0]))

static void offer(const char *word, const char *begun)
{
    if (!strncmp(word, begun, strlen(begun)))
        puts(word);
}

static bool offer_machine(void *context, const struct machine *machine)
{
    offer(machine->name, context);
    return true;
}

static void offer_machines(char *begun)
{
    machine_each(offer_machine, begun);
}

static void offer_options(const struct option *options, const char *begun)
{
    char text[64];

    for (; options->name; options++) {
        snprintf(text, sizeof(text), "--%s", options->name);
        offer(text, begun);
    }
}

static void complete_own(unsigned int verb, char *begun)
{
    if (begun[0] == '-')
        offer_options(own_verbs[verb].options, begun);
    else if (own_verbs[verb].options == down_options)
        offer_machines(begun);
}

/* Asks the machine, or else what is known here. words[0] is free for the verb. */
static void complete_other(const char *where, int n, const char **words)
{
    struct endpoint endpoint;
    struct command command = {
        .endpoint = &endpoint,
        .argc = n,
        .argv = words,
        .timeout_ms = ANSWER_MS,
        .is_silent = true,
    };

    words[0] = "complete";
    if (n == 2 && words[1][0] == '-')
        offer("--host", words[1]);
    if (endpoint_find(where, true, &endpoint) || session_run(&command)) {
        local_run(n, words);
        return;
    }
    for (unsigned int i = 0; n == 2 && i < NR_OWN; i++)
        offer(own_verbs[i].name, words[1]);
}

int tool_complete(int argc, char **argv)
{
    const char *where = NULL;
    char **words = argv;
    int n = argc;

    /* words[0] is what stands before the words to be completed. */
    while (n > 2 && (!strcmp(words[1], "-H") || !strcmp(words[1], "--host"))) {
        where = words[2];
        words += 2;
        n -= 2;
        if (n == 1) {
            offer_machines(words[0]);
            return TS_EXIT_OK;
        }
    }
    for (unsigned int i = 0; n > 2 && i < NR_OWN; i++)
        if (!strcmp(words[1], own_verbs[i].name)) {
            complete_own(i, words[n - 1]);
            return TS_EXIT_OK;
        }
    if (n > 1)
        complete_other(where, n, (const char **)words);
    return TS_EXIT_OK;
}
