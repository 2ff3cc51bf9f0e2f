/* SPDX-License-Identifier: MIT */
/* `help`: the verbs and their options, from the table. */
#include "internal.h"

#include <stdio.h>

#define WIDTH 15 /* of the longest name and two blanks */

/* "-t, --timeout SECONDS", "    --force", "-F" */
static void option_text(const struct option *o, char *text, size_t size)
{
    char letter[8] = "    ";

    if (o->key < OPTION_FORMAT)
        snprintf(letter, sizeof(letter), "-%c%s", o->key, o->name ? ", " : "");
    snprintf(text, size, "%s%s%s%s%s", letter, o->name ? "--" : "",
             o->name ? o->name : "", o->argument ? " " : "",
             o->argument ? o->argument : "");
}

static void print_options(struct call *call, const struct option *options)
{
    char text[64];

    for (const struct option *o = options; o && o->key; o++) {
        option_text(o, text, sizeof(text));
        call_print(call, "  %-26s %s\n", text, o->help);
    }
}

static void print_usage(struct call *call, const char *name, const char *arguments,
                        const char *summary)
{
    call_print(call, "usage: %s [OPTION...]%s%s\n\n%s\n", name, *arguments ? " " : "",
               arguments, summary);
}

static void print_verb(struct call *call, const struct verb *v)
{
    print_usage(call, v->name, v->arguments, v->summary);
    if (v->more)
        call_print(call, "%s\n", v->more);
    call_print(call, "\n");
    print_options(call, v->options);
    if (!v->is_raw)
        print_options(call, common_options);
}

static void print_list(struct call *call)
{
    const struct ts_cli_verb *more = call->cli->env.more;

    for (const struct verb *v = verbs; v->name; v++)
        if (!v->is_hidden)
            call_print(call, "%-*s%s\n", WIDTH, v->name, v->summary);
    for (; more && more->name; more++)
        call_print(call, "%-*s%s\n", WIDTH, more->name, more->summary);
    call_print(call, "\n\"help VERB\" says more about one of them.\n");
}

/* --- JSON --- */

static void describe_options(struct ts_doc *doc, struct cJSON *array,
                             const struct option *options)
{
    for (const struct option *o = options; o && o->key; o++) {
        struct cJSON *object = ts_doc_object(doc, array, NULL);
        const char letter[] = { (char)(o->key < OPTION_FORMAT ? o->key : 0), '\0' };

        ts_doc_text(doc, object, "letter", *letter ? letter : NULL);
        ts_doc_text(doc, object, "name", o->name);
        ts_doc_text(doc, object, "argument", o->argument);
        ts_doc_text(doc, object, "help", o->help);
    }
}

static void describe_verb(struct ts_doc *doc, struct cJSON *array, const struct verb *v)
{
    struct cJSON *object = ts_doc_object(doc, array, NULL), *options;

    ts_doc_text(doc, object, "name", v->name);
    ts_doc_text(doc, object, "arguments", v->arguments);
    ts_doc_text(doc, object, "summary", v->summary);
    ts_doc_text(doc, object, "more", v->more);
    options = ts_doc_array(doc, object, "options");
    describe_options(doc, options, v->options);
    describe_options(doc, options, v->is_raw ? NULL : common_options);
}

static void describe_more(struct ts_doc *doc, struct cJSON *array,
                          const struct ts_cli_verb *v)
{
    struct cJSON *object = ts_doc_object(doc, array, NULL);

    ts_doc_text(doc, object, "name", v->name);
    ts_doc_text(doc, object, "arguments", v->arguments);
    ts_doc_text(doc, object, "summary", v->summary);
    ts_doc_null(doc, object, "more");
    ts_doc_array(doc, object, "options");
}

static void describe(struct call *call, const struct verb *verb)
{
    const struct ts_cli_verb *more = verb ? NULL : call->cli->env.more;
    struct ts_doc doc = { 0 };
    struct cJSON *root = ts_doc_object(&doc, NULL, NULL);
    struct cJSON *array = ts_doc_array(&doc, root, "verbs");

    for (const struct verb *v = verbs; v->name; v++)
        if (verb ? v == verb : !v->is_hidden)
            describe_verb(&doc, array, v);
    for (; more && more->name; more++)
        describe_more(&doc, array, more);
    call_document(call, &doc);
}

void help_about(struct call *call, const struct verb *verb)
{
    if (call->format == FORMAT_JSON)
        describe(call, verb);
    else if (verb)
        print_verb(call, verb);
    else
        print_list(call);
}

static void help_more(struct call *call, const struct ts_cli_verb *v)
{
    struct ts_doc doc = { 0 };
    struct cJSON *root;

    if (call->format == FORMAT_TEXT) {
        print_usage(call, v->name, v->arguments, v->summary);
        return;
    }
    root = ts_doc_object(&doc, NULL, NULL);
    describe_more(&doc, ts_doc_array(&doc, root, "verbs"), v);
    call_document(call, &doc);
}

enum ts_exit help_run(struct call *call)
{
    const char *name = call->words.nr_operands ? call_word(call, 0) : NULL;
    const struct verb *verb = name ? verb_find(name) : NULL;
    const struct ts_cli_verb *more = name ? verb_find_more(call->cli, name) : NULL;

    if (more)
        help_more(call, more);
    else if (verb || !name)
        help_about(call, verb);
    else
        return call_fail(call, TS_EXIT_USAGE, "there is no verb \"%s\"", name);
    return TS_EXIT_OK;
}
