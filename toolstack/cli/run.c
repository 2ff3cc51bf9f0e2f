/* SPDX-License-Identifier: MIT */
/* A call: from its words over the verb to its output and exit code. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

struct ts_cli *ts_cli_create(const struct ts_cli_env *env)
{
    struct ts_cli *cli = calloc(1, sizeof(*cli));

    if (cli)
        cli->env = *env;
    return cli;
}

void ts_cli_destroy(struct ts_cli *cli)
{
    free(cli);
}

/* --- output --- */

void call_print(struct call *call, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ts_text_vprintf(&call->out, format, args);
    va_end(args);
}

void call_document(struct call *call, struct ts_doc *doc)
{
    ts_doc_print(doc, false, &call->out);
}

bool call_wait(struct call *call, uint64_t deadline_ns)
{
    if (call->io->is_interrupted(call->io->context))
        return false;
    call->io->wait(call->io->context, deadline_ns);
    return !call->io->is_interrupted(call->io->context);
}

bool call_write(struct call *call, unsigned int stream, const char *bytes, size_t n)
{
    while (n) {
        size_t taken = call->io->write(call->io->context, stream, bytes, n);

        bytes += taken;
        n -= taken;
        if (n && !call_wait(call, 0))
            return false;
    }
    return true;
}

bool call_flush(struct call *call)
{
    bool ok = call_write(call, 1, call->out.bytes, call->out.n);

    ts_text_clear(&call->out);
    return ok;
}

/* --- options of all verbs --- */

static enum ts_exit read_format(struct call *call, const struct words *words)
{
    const char *format = words_value(words, OPTION_FORMAT);

    if (!format)
        return TS_EXIT_OK;
    if (!strcmp(format, "json"))
        call->format = FORMAT_JSON;
    else if (!strcmp(format, "text"))
        call->format = FORMAT_TEXT;
    else
        return call_fail(call, TS_EXIT_USAGE, "there is no format \"%s\": text or json",
                         format);
    return TS_EXIT_OK;
}

/* --- the verb --- */

static enum ts_exit check_operands(struct call *call)
{
    const struct verb *verb = call->verb;
    unsigned int n = call->words.nr_operands;

    if (n < verb->least)
        return call_fail(call, TS_EXIT_USAGE, "something is missing: %s %s", verb->name,
                         verb->arguments);
    if (n > verb->most)
        return call_fail(call, TS_EXIT_USAGE, "\"%s\" is too much: %s%s%s",
                         call_word(call, verb->most), verb->name,
                         *verb->arguments ? " " : "", verb->arguments);
    return TS_EXIT_OK;
}

static enum ts_exit parse_words(struct call *call, int argc, const char *const *argv)
{
    if (call->verb->is_raw) {
        static const char *const end = "--";
        const char **words = calloc((size_t)argc + 1, sizeof(*words));
        int rc;

        if (!words)
            return call_fail(call, TS_EXIT_MEMORY, "out of memory");
        words[0] = end;
        memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
        rc = words_parse(&call->words, NULL, NULL, false, argc + 1, words, &call->err);
        free(words);
        return exit_of(rc);
    }
    if (words_parse(&call->words, call->verb->options, common_options, false, argc, argv,
                    &call->err))
        return call->err.code == -XEN_ENOMEM ? TS_EXIT_MEMORY : TS_EXIT_USAGE;
    return TS_EXIT_OK;
}

static enum ts_exit run_words(struct call *call)
{
    enum ts_exit exit = read_format(call, &call->words);

    if (!exit && call_has(call, 'h')) {
        help_about(call, call->verb);
        return TS_EXIT_OK;
    }
    if (!exit)
        exit = check_operands(call);
    if (!exit && !call->verb->is_local && !call->cli->env.hv)
        exit = call_fail(call, TS_EXIT_CHANNEL, "this needs a machine");
    return exit ? exit : call->verb->run(call);
}

static enum ts_exit unknown_verb(struct call *call, const char *name)
{
    const char *nearest = verb_nearest(call->cli, name);

    if (!nearest)
        return call_fail(call, TS_EXIT_USAGE, "there is no verb \"%s\"", name);
    call->hint = "";
    return call_fail(call, TS_EXIT_USAGE, "there is no verb \"%s\"; is \"%s\" meant?",
                     name, nearest);
}

static enum ts_exit run_verb(struct call *call, int argc, const char *const *argv)
{
    enum ts_exit exit;

    call->verb = verb_find(argv[0]);
    if (!call->verb)
        return unknown_verb(call, argv[0]);
    exit = parse_words(call, argc - 1, argv + 1);
    if (exit)
        return exit;
    exit = run_words(call);
    words_free(&call->words);
    return exit;
}

/* argv: what all words are about, before any verb is known. */
static enum ts_exit run_leading(struct call *call, int argc, const char *const *argv)
{
    static const char *const version[] = { "version" }, *const help[] = { "help" };
    struct words leading;
    enum ts_exit exit;

    if (words_parse(&leading, leading_options, common_options, true, argc, argv,
                    &call->err))
        return call->err.code == -XEN_ENOMEM ? TS_EXIT_MEMORY : TS_EXIT_USAGE;
    exit = read_format(call, &leading);
    call->is_verbose = words_count(&leading, 'v') > 0;
    if (exit)
        ;
    else if (words_count(&leading, OPTION_VERSION))
        exit = run_verb(call, 1, version);
    else if (words_count(&leading, 'h') || !leading.nr_operands)
        exit = run_verb(call, 1, help);
    else
        exit = run_verb(call, (int)leading.nr_operands, leading.operand);
    words_free(&leading);
    return exit;
}

int ts_cli_run(struct ts_cli *cli, const struct ts_cli_io *io, int argc,
               const char *const *argv)
{
    struct call call = { .cli = cli, .io = io };
    enum ts_exit exit = run_leading(&call, argc, argv);

    if (!exit && call.out.failed) {
        ts_text_clear(&call.out);
        exit = call_fail(&call, TS_EXIT_MEMORY, "out of memory");
    }
    if (exit && exit != TS_EXIT_INTERRUPTED)
        call_report(&call, exit);
    else if (!call_flush(&call))
        exit = TS_EXIT_INTERRUPTED;
    ts_text_free(&call.out);
    return (int)exit;
}

/* --- where --- */

static enum ts_cli_place place_of_verb(int argc, const char *const *argv)
{
    const struct verb *verb = verb_find(argv[0]);
    struct words words;
    bool helps;

    if (!verb)
        return TS_PLACE_UNKNOWN;
    if (verb->is_local || words_parse(&words, verb->options, common_options, false,
                                      argc - 1, argv + 1, NULL))
        return TS_PLACE_HERE;
    helps = words_count(&words, 'h') || words.nr_operands < verb->least ||
            words.nr_operands > verb->most;
    words_free(&words);
    return helps ? TS_PLACE_HERE : TS_PLACE_MACHINE;
}

enum ts_cli_place ts_cli_place(int argc, const char *const *argv)
{
    enum ts_cli_place place = TS_PLACE_HERE;
    struct words leading;

    if (words_parse(&leading, leading_options, common_options, true, argc, argv, NULL))
        return place;
    if (words_count(&leading, OPTION_VERSION))
        place = TS_PLACE_MACHINE;
    else if (leading.nr_operands && !words_count(&leading, 'h'))
        place = place_of_verb((int)leading.nr_operands, leading.operand);
    words_free(&leading);
    return place;
}

/* --- what it writes --- */

static const char *saved_by_verb(int argc, const char *const *argv)
{
    const struct verb *verb = verb_find(argv[0]);
    const char *path = NULL;
    struct words words;

    if (!verb || !verb->saves ||
        words_parse(&words, verb->options, common_options, false, argc - 1, argv + 1,
                    NULL))
        return NULL;
    if (words.nr_operands >= verb->saves && !words_count(&words, 'h'))
        path = words.operand[verb->saves - 1];
    words_free(&words);
    return path;
}

const char *ts_cli_saves(int argc, const char *const *argv)
{
    const char *path = NULL;
    struct words leading;

    if (words_parse(&leading, leading_options, common_options, true, argc, argv, NULL))
        return NULL;
    if (leading.nr_operands)
        path = saved_by_verb((int)leading.nr_operands, leading.operand);
    words_free(&leading);
    return path;
}
