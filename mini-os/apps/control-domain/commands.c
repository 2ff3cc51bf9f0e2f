/* SPDX-License-Identifier: MIT */
/* The prompt's verbs: one table, and how a line becomes the call of one. */
#include "control.h"

#include <stdio.h>
#include <string.h>

#define MAX_WORDS 40

struct verb {
    const char *name, *arguments, *help;
    int least, most; /* words behind the verb */
    int (*run)(int count, char **words, struct ts_err *err);
};

/* --- verbs about one domain --- */

static int on_domain(const char *what,
                     int (*fn)(struct ts_manager *manager, domid_t id,
                               struct ts_err *err),
                     struct ts_err *err)
{
    const struct ts_domain *d = ts_domain_find(control_manager, what, err);

    return d ? fn(control_manager, d->id, err) : -XEN_ESRCH;
}

static int destroy_command(int count, char **words, struct ts_err *err)
{
    (void)count;
    return on_domain(words[0], ts_domain_destroy, err);
}

static int pause_command(int count, char **words, struct ts_err *err)
{
    (void)count;
    return on_domain(words[0], ts_domain_pause, err);
}

static int unpause_command(int count, char **words, struct ts_err *err)
{
    (void)count;
    return on_domain(words[0], ts_domain_unpause, err);
}

static int power_off(struct ts_manager *manager, domid_t id, struct ts_err *err)
{
    return ts_domain_shutdown(manager, id, TS_SHUT_POWEROFF, 0, false, err);
}

static int shutdown_command(int count, char **words, struct ts_err *err)
{
    (void)count;
    return on_domain(words[0], power_off, err);
}

static int attach(struct ts_manager *manager, domid_t id, struct ts_err *err)
{
    (void)manager;
    return console_attach(id, false, err);
}

static int console_command(int count, char **words, struct ts_err *err)
{
    (void)count;
    return on_domain(words[0], attach, err);
}

/* --- the table --- */

static int help_command(int count, char **words, struct ts_err *err);

static const struct verb verbs[] = {
    { "create", "[-c] [-p] KERNEL|CONFIG [KEY=VALUE...]",
      "make a domain; -c: join its console, -p: leave it paused", 1, MAX_WORDS,
      create_command },
    { "list", "[DOMAIN]", "domains and their states", 0, 1, list_command },
    { "console", "DOMAIN", "join a domain's console until ^] is typed", 1, 1,
      console_command },
    { "destroy", "DOMAIN", "end a domain at once", 1, 1, destroy_command },
    { "shutdown", "DOMAIN", "ask a domain to end", 1, 1, shutdown_command },
    { "pause", "DOMAIN", "stop a domain", 1, 1, pause_command },
    { "unpause", "DOMAIN", "let it go on", 1, 1, unpause_command },
    { "info", "", "the machine and its free memory", 0, 0, info_command },
    { "help", "", "this list", 0, 0, help_command },
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int help_command(int count, char **words, struct ts_err *err)
{
    (void)count, (void)words, (void)err;
    for (size_t i = 0; i < NR_VERBS; i++)
        printf("%-8s %-39s %s\n", verbs[i].name, verbs[i].arguments, verbs[i].help);
    printf("^D at the prompt powers the machine off when no domain is left.\n");
    return 0;
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < NR_VERBS; i++)
        if (!strcmp(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

/* --- a line --- */

/* Words at blanks; returns MAX_WORDS + 1 when there are more. */
static int split(char *line, char **words)
{
    int n = 0;
    char *rest;

    for (char *word = strtok_r(line, " \t\r\n", &rest); word;
         word = strtok_r(NULL, " \t\r\n", &rest)) {
        if (n == MAX_WORDS)
            return MAX_WORDS + 1;
        words[n++] = word;
    }
    return n;
}

static void run_verb(const struct verb *verb, int count, char **words)
{
    struct ts_err err = { 0 };

    if (count < verb->least || count > verb->most) {
        printf("usage: %s %s\n", verb->name, verb->arguments);
        return;
    }
    mutex_lock(&control_lock);
    if (verb->run(count, words, &err))
        printf("%s: %s\n", verb->name, err.text);
    mutex_unlock(&control_lock);
    service_wake();
}

void command_run(char *line)
{
    char *words[MAX_WORDS];
    int count = split(line, words);
    const struct verb *verb = count ? find_verb(words[0]) : NULL;

    if (count > MAX_WORDS)
        printf("more than %u words\n", MAX_WORDS);
    else if (verb)
        run_verb(verb, count - 1, words + 1);
    else if (count)
        printf("%s: no such verb; \"help\" lists them\n", words[0]);
}
