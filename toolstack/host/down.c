/* SPDX-License-Identifier: MIT */
/*
 * `pavise down`: asks the control domain to shut the guests down and power the machine
 * off; with --force ends QEMU. Only the process that is known to be the machine's
 * supervisor is ever sent a signal: it holds the machine's lock and was started when its
 * record says.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ts/out.h>

#define OFF_MS  15000 /* to power off, when all guests have ended */
#define TERM_MS 6000
#define KILL_MS 2000
#define STEP_MS 20

static const char usage[] =
    "usage: pavise down [-F] [-t SECONDS] [NAME]\n"
    "Shuts a machine's guests down and powers it off.\n"
    "  -F, --force            end QEMU at once\n"
    "  -t, --timeout SECONDS  for the guests to end (default 60)\n"
    "      --format FORMAT    text or json\n"
    "  -h, --help\n";

const struct option down_options[] = {
    { "force", no_argument, NULL, 'F' },
    { "timeout", required_argument, NULL, 't' },
    { "format", required_argument, NULL, 'f' },
    { "help", no_argument, NULL, 'h' },
    { 0 },
};

struct request {
    const char *name, *timeout;
    bool force, json;
};

static bool is_down_within(const struct machine *machine, unsigned int ms)
{
    for (unsigned int waited = 0; waited <= ms; waited += STEP_MS) {
        if (!machine_is_up(machine))
            return true;
        sleep_ms(STEP_MS);
    }
    return false;
}

static int force(const struct machine *machine)
{
    struct state state;
    int process = -1;

    if (machine_read_state(machine, &state))
        process = (int)syscall(SYS_pidfd_open, state.supervisor, 0);
    if (process < 0 || process_start(state.supervisor) != state.started) {
        say("which process has machine \"%s\" is not known", machine->name);
        return TS_EXIT_FAILED;
    }
    syscall(SYS_pidfd_send_signal, process, SIGTERM, NULL, 0);
    if (!is_down_within(machine, TERM_MS)) {
        syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0);
        if (!is_down_within(machine, KILL_MS)) {
            say("machine \"%s\" does not end", machine->name);
            return TS_EXIT_TIMEOUT;
        }
    }
    close(process);
    return TS_EXIT_OK;
}

static int power_off(const struct machine *machine, const char *timeout)
{
    const char *const words[] = { "poweroff", "-t", timeout };
    struct endpoint endpoint;
    const struct command command = {
        .endpoint = &endpoint,
        .argc = 3,
        .argv = words,
        .is_silent = true,
    };
    int code;

    machine_endpoint(machine, &endpoint);
    code = session_run(&command);
    /* It may have gone before it could say that it goes. */
    if (is_down_within(machine, code && code != TS_EXIT_CHANNEL ? 0 : OFF_MS))
        return TS_EXIT_OK;
    say("machine \"%s\" is up still; \"pavise down --force\" ends it", machine->name);
    return code ? code : TS_EXIT_TIMEOUT;
}

/* Without a name: the only one that is up, or the default one. */
static bool only_one(void *context, const struct machine *machine)
{
    struct machine *only = context;
    bool first = !only->name[0];

    *only = *machine;
    if (!first)
        only->name[0] = '\0';
    return first;
}

static bool find(const char *name, struct machine *machine)
{
    machine->name[0] = '\0';
    if (!name)
        machine_each(only_one, machine);
    return (!name && machine->name[0]) || machine_init(machine, name);
}

/* Returns an exit code, or -1: go on. */
static int read_words(struct request *r, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "Ft:h", down_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return TS_EXIT_OK;
        }
        if (option == '?' || (option == 'f' && !take_format(optarg, &r->json)))
            return TS_EXIT_USAGE;
        if (option == 't')
            r->timeout = optarg;
        r->force |= option == 'F';
    }
    if (argc - optind > 1) {
        say("one name is enough: \"%s\" is too much", argv[optind + 1]);
        return TS_EXIT_USAGE;
    }
    r->name = argv[optind];
    return -1;
}

static void tell(const struct machine *machine, bool json)
{
    struct ts_doc doc = { 0 };
    struct ts_text text = { 0 };
    struct cJSON *root;

    if (!json) {
        printf("Machine \"%s\" is down.\n", machine->name);
        return;
    }
    root = ts_doc_object(&doc, ts_doc_object(&doc, NULL, NULL), "machine");
    ts_doc_text(&doc, root, "name", machine->name);
    ts_doc_print(&doc, false, &text);
    fwrite(text.bytes, 1, text.n, stdout);
    ts_text_free(&text);
}

int tool_down(int argc, char **argv)
{
    struct request r = { .timeout = "60" };
    struct machine machine;
    int code = read_words(&r, argc, argv);

    if (code >= 0)
        return code;
    if (!find(r.name, &machine))
        return TS_EXIT_USAGE;
    if (!machine_is_up(&machine)) {
        say("machine \"%s\" is not up", machine.name);
        return TS_EXIT_CHANNEL;
    }
    code = r.force ? force(&machine) : power_off(&machine, r.timeout);
    if (!code)
        tell(&machine, r.json);
    return code;
}
