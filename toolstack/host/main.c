/* SPDX-License-Identifier: MIT */
/*
 * pavise [-H ENDPOINT] [--format text|json] VERB ...
 *
 * Verbs for machines and those that need none are done here; all others are executed by
 * the machine's control domain, together with the files that go along.
 */
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct own_verb {
    const char *name;
    int (*run)(int argc, char **argv);
    /* instead: with what says where the machine is */
    int (*run_there)(const char *endpoint, int argc, char **argv);
} own_verbs[] = {
    { "up", tool_up, NULL },
    { "down", tool_down, NULL },
    { "machines", tool_machines, NULL },
    { "relay", tool_relay, NULL },
    { "complete", tool_complete, NULL },
    { "collect", NULL, tool_collect },
};

struct line {
    const char *endpoint;
    int argc; /* without our own options */
    char **argv;
    int verb; /* index in argv; argc: there is none */
};

/* An option of ours in front of the verb; returns how many words it takes, 0: it is not,
 * -1: said what is wrong. */
static int own_option(struct line *line, int argc, char **argv)
{
    if (!strncmp(argv[0], "--host=", 7)) {
        line->endpoint = argv[0] + 7;
        return 1;
    }
    if (!strncmp(argv[0], "-H", 2) && argv[0][2]) {
        line->endpoint = argv[0] + 2;
        return 1;
    }
    if (strcmp(argv[0], "-H") && strcmp(argv[0], "--host"))
        return 0;
    if (argc < 2) {
        say("option %s needs an endpoint: unix:PATH, tcp:HOST:PORT or a machine's name",
            argv[0]);
        return -1;
    }
    line->endpoint = argv[1];
    return 2;
}

/* Takes our own options away; the others stay in front of the verb. */
static bool read_line(struct line *line, int argc, char **argv)
{
    int from = 1, to = 0;

    *line = (struct line){ .argv = argv + 1 };
    while (from < argc && argv[from][0] == '-' && strcmp(argv[from], "--")) {
        int words = own_option(line, argc - from, argv + from);

        if (words < 0)
            return false;
        if (!words) {
            bool has_value = !strcmp(argv[from], "--format") && from + 1 < argc;

            line->argv[to++] = argv[from];
            if (has_value)
                line->argv[to++] = argv[from + 1];
            words = 1 + has_value;
        }
        from += words;
    }
    if (from < argc && !strcmp(argv[from], "--"))
        from++;
    line->verb = to;
    while (from < argc)
        line->argv[to++] = argv[from++];
    line->argv[to] = NULL;
    line->argc = to;
    return true;
}

/* The verb first, then what was in front of it. */
static void verb_first(const struct line *line)
{
    char *first = line->argv[line->verb];

    memmove(line->argv + 1, line->argv, (size_t)line->verb * sizeof(line->argv[0]));
    line->argv[0] = first;
    optind = 0;
}

static int run_own(const struct own_verb *verb, const struct line *line)
{
    verb_first(line);
    if (verb->run_there)
        return verb->run_there(line->endpoint, line->argc, line->argv);
    return verb->run(line->argc, line->argv);
}

static int run_remote(const struct line *line, const char *verb)
{
    struct endpoint endpoint;
    struct save save = { 0 };
    struct command command = {
        .save = &save,
        .endpoint = &endpoint,
        .argc = line->argc,
        .argv = (const char *const *)line->argv,
    };
    int code = 0;

    if (!strcmp(verb, "create"))
        code = create_files(line->argc - line->verb - 1, command.argv + line->verb + 1,
                            &command.files);
    if (!code)
        code = endpoint_find(line->endpoint, false, &endpoint);
    if (!code)
        code = save_begin(&save, ts_cli_saves(line->argc, command.argv));
    if (!code)
        code = save_end(&save, session_run(&command));
    files_close(&command.files);
    return code;
}

static const struct own_verb *find_own(const char *name)
{
    for (size_t i = 0; name && i < sizeof(own_verbs) / sizeof(own_verbs[0]); i++)
        if (!strcmp(name, own_verbs[i].name))
            return &own_verbs[i];
    return NULL;
}

/* `help up` */
static int help_own(const struct own_verb *verb)
{
    char *words[] = { (char[]){ "help" }, (char[]){ "--help" }, NULL };

    optind = 0;
    return verb->run ? verb->run(2, words) : verb->run_there(NULL, 2, words);
}

/* `inspect` of a file that is not here, while there is no machine that could have it. */
static bool is_about_nothing(const struct line *line, const char *verb)
{
    struct endpoint endpoint;

    return verb && !strcmp(verb, "inspect") &&
           endpoint_find(line->endpoint, true, &endpoint);
}

static int run(const struct line *line, const char *verb)
{
    const char *const *words = (const char *const *)line->argv;
    const struct own_verb *own = find_own(verb);

    if (own)
        return run_own(own, line);
    if (verb && !strcmp(verb, "help") && line->argc == line->verb + 2)
        own = find_own(words[line->verb + 1]);
    if (own && own->run != tool_complete && own->run != tool_relay)
        return help_own(own);
    if (is_local(verb, line->argc, words) || is_about_nothing(line, verb))
        return local_run(line->argc, words);
    return run_remote(line, verb ? verb : "");
}

static bool wants_json(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--format=json") ||
            (!strcmp(argv[i], "json") && !strcmp(argv[i - 1], "--format")))
            return true;
    return false;
}

int main(int argc, char **argv)
{
    bool json = wants_json(argc, argv);
    int code = TS_EXIT_USAGE;
    const char *verb = NULL;
    struct line line;

    if (read_line(&line, argc, argv)) {
        verb = line.argv[line.verb];
        code = run(&line, verb);
    }
    if (code && json)
        say_document(code, verb);
    if (fflush(stdout) && !code) {
        say("the output cannot be written: %s", strerror(errno));
        code = TS_EXIT_FAILED;
    }
    return code;
}
