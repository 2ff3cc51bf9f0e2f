/* SPDX-License-Identifier: MIT */
/*
 * `pavise collect`: takes the cores of domains that are kept for them (`cores`). The
 * machine is told of a core only when that is in its place here, and then does with the
 * domain what its configuration says. A core that is cut off by a lost connection is taken
 * again; one that finds no room leaves the domain preserved.
 */
#define _GNU_SOURCE
#include "host.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <ts/out.h>

#define GIVE_UP_MS      30000 /* without a machine */
#define ENDED_BY_SIGNAL 128   /* exit codes from here on: and its number */
#define PATH_SIZE       4096

static const char usage[] =
    "usage: pavise [-H ENDPOINT] collect [-d FOLDER]\n"
    "Takes the cores of domains that end by a coredump action, until it is ended.\n"
    "  -d, --folder FOLDER    where they are put, as NAME-DATE-TIME.core (default .)\n"
    "  -h, --help\n";

const struct option collect_options[] = {
    { "folder", required_argument, NULL, 'd' },
    { "help", no_argument, NULL, 'h' },
    { 0 },
};

struct collector {
    struct endpoint endpoint;
    const char *folder;
    bool is_silent; /* the machine was there: its absence is waited out */
};

/* A domain that is kept for its core. */
struct kept {
    char number[16];
    char name[TS_NAME_MAX];
};

/* --- one command --- */

static int run(const struct collector *c, struct save *save, struct ts_text *output,
               int argc, const char *const *argv)
{
    const struct command command = {
        .endpoint = &c->endpoint,
        .save = save,
        .output = output,
        .argc = argc,
        .argv = argv,
        .is_silent = c->is_silent,
    };

    return session_run(&command);
}

/* The first domain of the list; false: there is none in it. */
static bool read_list(const struct ts_text *text, struct kept *kept)
{
    cJSON *root = cJSON_ParseWithLength(text->bytes ? text->bytes : "", text->n);
    const cJSON *domains = cJSON_GetObjectItem(root, "domains");
    const cJSON *first = cJSON_GetArrayItem(domains, 0);
    const cJSON *id = cJSON_GetObjectItem(first, "id");
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(first, "name"));
    bool is_good = cJSON_IsNumber(id) && name;

    if (is_good) {
        snprintf(kept->number, sizeof(kept->number), "%d", id->valueint);
        snprintf(kept->name, sizeof(kept->name), "%s", name);
    }
    cJSON_Delete(root);
    return is_good;
}

/* Returns an exit code. */
static int wait_for_one(const struct collector *c, struct kept *kept)
{
    static const char *const words[] = { "--format", "json", "cores", "-w" };
    struct ts_text text = { 0 };
    int code = run(c, NULL, &text, 4, words);

    if (!code && !read_list(&text, kept)) {
        say("the machine's list of cores cannot be understood");
        code = TS_EXIT_FAILED;
    }
    ts_text_free(&text);
    return code;
}

/* option -d: the core is here; -k: it will not be */
static int tell(const struct collector *c, const struct kept *kept, const char *option)
{
    const char *const words[] = { "cores", option, kept->number };

    return run(c, NULL, NULL, 3, words);
}

/* --- the file --- */

/* The machine's word for a domain must not become a path. */
static void put_name(const char *name, char *to)
{
    for (; *name; name++)
        *to++ = isalnum((unsigned char)*name) || strchr("-_", *name) ? *name : '_';
    *to = '\0';
}

/* A path that nothing has yet. */
static bool make_path(const struct collector *c, const struct kept *kept, char *path)
{
    char name[TS_NAME_MAX], date[32], again[16] = "";
    time_t now = time(NULL);
    struct tm tm;

    put_name(kept->name, name);
    strftime(date, sizeof(date), "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
    for (unsigned int n = 2; n < 1000; n++) {
        int size =
            snprintf(path, PATH_SIZE, "%s/%s-%s%s.core", c->folder, name, date, again);

        if (size >= PATH_SIZE)
            break;
        if (access(path, F_OK) && errno == ENOENT)
            return true;
        snprintf(again, sizeof(again), "-%u", n);
    }
    say("no name for a core in \"%s\"", c->folder);
    return false;
}

/* Returns an exit code. */
static int fetch(const struct collector *c, const struct kept *kept)
{
    char path[PATH_SIZE];
    const char *const words[] = { "dump-core", kept->number, path };
    struct save save;
    int code;

    if (!make_path(c, kept, path))
        return TS_EXIT_FILE;
    code = save_begin(&save, path);
    if (!code)
        code = save_end(&save, run(c, &save, NULL, 3, words));
    if (!code) {
        printf("%s\n", path);
        fflush(stdout);
    }
    return code;
}

/* --- the whole --- */

static bool is_over(int code)
{
    return code >= ENDED_BY_SIGNAL;
}

/* Takes one; what stands in the way of one is no reason to end. Returns an exit code. */
static int take(const struct collector *c, const struct kept *kept)
{
    int code = fetch(c, kept);

    if (code == TS_EXIT_CHANNEL || code == TS_EXIT_NO_DOMAIN || is_over(code))
        return code;
    if (code)
        say("domain %s (%s) is preserved: its core could not be taken", kept->number,
            kept->name);
    return tell(c, kept, code ? "-k" : "-d");
}

/* Signals are blocked since the first session. Returns the number of one, or 0. */
static int pause_for_signal(void)
{
    const struct timespec second = { .tv_sec = 1 };
    sigset_t set;
    int signal;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    signal = sigtimedwait(&set, NULL, &second);
    return signal > 0 ? signal : 0;
}

/* Is there a machine, and does it know what a core is? Returns an exit code. */
static int look(const struct collector *c)
{
    static const char *const words[] = { "cores" };
    struct ts_text text = { 0 };
    int code = run(c, NULL, &text, 1, words);

    ts_text_free(&text);
    return code;
}

/* What may be over soon: the machine was there, or has no memory for a command. */
static bool is_passing(int code)
{
    return code == TS_EXIT_CHANNEL || code == TS_EXIT_MEMORY;
}

/* Until it is ended, or the machine is gone for too long. */
static int collect(struct collector *c)
{
    uint64_t seen = now_ms();
    struct kept kept;

    for (;;) {
        int code = wait_for_one(c, &kept), signal = 0;

        if (code && !is_passing(code))
            return code;
        if (!code)
            code = take(c, &kept);
        if (is_over(code))
            return code;
        if (code != TS_EXIT_CHANNEL)
            seen = now_ms();
        if (code)
            signal = pause_for_signal();
        if (signal)
            return ENDED_BY_SIGNAL + signal;
        if (now_ms() - seen > GIVE_UP_MS) {
            say("the machine has gone");
            return TS_EXIT_CHANNEL;
        }
    }
}

static int read_words(struct collector *c, int argc, char **argv)
{
    struct stat st;
    int option;

    while ((option = getopt_long(argc, argv, "d:h", collect_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return TS_EXIT_OK;
        }
        if (option != 'd')
            return TS_EXIT_USAGE;
        c->folder = optarg;
    }
    if (optind < argc) {
        say("collect takes no words: \"%s\" is too much", argv[optind]);
        return TS_EXIT_USAGE;
    }
    if (stat(c->folder, &st) || !S_ISDIR(st.st_mode) || access(c->folder, W_OK)) {
        say("\"%s\" is not a folder that cores can be put into", c->folder);
        return TS_EXIT_FILE;
    }
    return -1;
}

int tool_collect(const char *endpoint, int argc, char **argv)
{
    struct collector c = { .folder = "." };
    int code = read_words(&c, argc, argv);

    if (code >= 0)
        return code;
    code = endpoint_find(endpoint, false, &c.endpoint);
    if (!code)
        code = look(&c);
    c.is_silent = true;
    return code ? code : collect(&c);
}
