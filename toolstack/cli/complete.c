/* SPDX-License-Identifier: MIT */
/* Completion: the words that may stand where the last one begins. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

struct completion {
    struct ts_cli *cli;
    const char *begun;
    void (*add)(void *to, const char *word);
    void *to;
};

static void offer(const struct completion *c, const char *word)
{
    if (!strncmp(word, c->begun, strlen(c->begun)))
        c->add(c->to, word);
}

static void offer_domains(const struct completion *c)
{
    const struct ts_domain *domain = NULL;

    while (c->cli->env.manager && (domain = ts_domain_next(c->cli->env.manager, domain)))
        offer(c, domain->name);
}

static void offer_verbs(const struct completion *c)
{
    for (const struct verb *v = verbs; v->name; v++)
        if (!v->is_hidden)
            offer(c, v->name);
    for (const struct ts_cli_verb *v = c->cli->env.more; v && v->name; v++)
        offer(c, v->name);
}

static void offer_kind(const struct completion *c, enum word_kind kind)
{
    const struct ts_cli_env *env = &c->cli->env;

    switch (kind) {
    case WORD_DOMAIN:
        offer_domains(c);
        break;
    case WORD_FILE:
        if (env->list_files)
            env->list_files(env->context, c->begun, c->add, c->to);
        break;
    case WORD_VERB:
        offer_verbs(c);
        break;
    case WORD_FORMAT:
        offer(c, "json");
        offer(c, "text");
        break;
    case WORD_ALL:
        offer(c, "all");
        break;
    case WORD_TRIGGER:
        offer(c, "nmi");
        break;
    case WORD_OTHER:
        break;
    }
}

static void offer_options(const struct completion *c, const struct option *options)
{
    char text[48];

    for (const struct option *o = options; o && o->key; o++) {
        if (o->name)
            snprintf(text, sizeof(text), "--%s", o->name);
        else
            snprintf(text, sizeof(text), "-%c", o->key);
        offer(c, text);
    }
}

/* The option of verb that word is and that wants a value behind it, or NULL. */
static const struct option *wanting(const struct verb *verb, const char *word)
{
    const struct option *const tables[] = { verb ? verb->options : NULL, common_options };

    if (word[0] != '-' || !word[1] || strchr(word, '='))
        return NULL;
    for (unsigned int t = 0; t < 2; t++)
        for (const struct option *o = tables[t]; o && o->key; o++)
            if (o->argument && (word[1] == '-' ? o->name && !strcmp(o->name, word + 2)
                                               : o->key < OPTION_FORMAT &&
                                                     word[strlen(word) - 1] == o->key))
                return o;
    return NULL;
}

/* What the words before the last one tell. */
struct context {
    const struct verb *verb;
    const struct option *option; /* whose value the last word is; NULL: of none */
    unsigned int operands;       /* behind the verb */
    bool is_lost;                /* the verb is not known */
};

static void look_back(int n, const char *const *argv, struct context *c)
{
    *c = (struct context){ .is_lost = false };
    for (int i = 0; i < n && !c->is_lost; i++) {
        bool is_value = c->option != NULL;

        c->option = is_value ? NULL : wanting(c->verb, argv[i]);
        if (is_value || (argv[i][0] == '-' && argv[i][1]))
            continue;
        if (c->verb)
            c->operands++;
        else
            c->verb = verb_find(argv[i]);
        c->is_lost = !c->verb;
    }
}

static enum word_kind kind_of_operand(const struct verb *verb, unsigned int operand)
{
    unsigned int last = sizeof(verb->operands) / sizeof(verb->operands[0]) - 1;

    if (operand >= verb->most)
        return WORD_OTHER;
    return verb->operands[operand < last ? operand : last];
}

void ts_cli_complete(struct ts_cli *cli, int argc, const char *const *argv,
                     void (*add)(void *to, const char *word), void *to)
{
    struct completion c = { cli, argc ? argv[argc - 1] : "", add, to };
    struct context at;

    look_back(argc - 1, argv, &at);
    if (at.is_lost)
        return;
    if (at.option) {
        offer_kind(&c, at.option->kind);
    } else if (c.begun[0] == '-') {
        offer_options(&c, at.verb ? at.verb->options : leading_options);
        offer_options(&c, common_options);
    } else if (at.verb) {
        offer_kind(&c, kind_of_operand(at.verb, at.operands));
    } else {
        offer_verbs(&c);
    }
}

/* --- the verb, for shells --- */

static void print_word(void *to, const char *word)
{
    call_print(to, "%s\n", word);
}

static void describe_word(void *to, const char *word)
{
    void *const *both = to;

    ts_doc_text(both[0], both[1], NULL, word);
}

enum ts_exit complete_run(struct call *call)
{
    int argc = (int)call->words.nr_operands;
    struct ts_doc doc = { 0 };

    if (call->format == FORMAT_TEXT) {
        ts_cli_complete(call->cli, argc, call->words.operand, print_word, call);
    } else {
        struct cJSON *root = ts_doc_object(&doc, NULL, NULL);
        void *both[] = { &doc, ts_doc_array(&doc, root, "words") };

        ts_cli_complete(call->cli, argc, call->words.operand, describe_word, both);
        call_document(call, &doc);
    }
    return TS_EXIT_OK;
}
