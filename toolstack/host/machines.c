/* SPDX-License-Identifier: MIT */
/* `pavise machines`: which are up. */
#include "machine.h"

#include <stdio.h>

#include <ts/out.h>

static const char usage[] = "usage: pavise machines [--format text|json]\n"
                            "Lists the machines that `pavise up` has started.\n";

const struct option machines_options[] = {
    { "format", required_argument, NULL, 'f' },
    { "help", no_argument, NULL, 'h' },
    { 0 },
};

struct output {
    bool json;
    struct ts_text text;
    struct ts_doc doc;
    struct cJSON *list;
};

static bool add(void *context, const struct machine *machine)
{
    struct output *out = context;
    struct endpoint endpoint;
    struct state state;
    struct cJSON *row;

    machine_endpoint(machine, &endpoint);
    if (!machine_read_state(machine, &state))
        return true; /* it is about to come or to go */
    if (!out->json) {
        ts_text_printf(&out->text, "%-20s %6u %4u %8d  unix:%s\n", machine->name,
                       state.memory, state.cpus, (int)state.qemu, endpoint.address);
        return true;
    }
    row = ts_doc_object(&out->doc, out->list, NULL);
    ts_doc_text(&out->doc, row, "name", machine->name);
    ts_doc_number(&out->doc, row, "memory_mib", state.memory);
    ts_doc_number(&out->doc, row, "cpus", state.cpus);
    ts_doc_number(&out->doc, row, "pid", (uint64_t)state.qemu);
    ts_doc_text(&out->doc, row, "socket", endpoint.address);
    return true;
}

static int read_words(struct output *out, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "h", machines_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return TS_EXIT_OK;
        }
        if (option != 'f' || !take_format(optarg, &out->json))
            return TS_EXIT_USAGE;
    }
    if (optind == argc)
        return -1;
    say("machines takes no names: \"%s\" is too much", argv[optind]);
    return TS_EXIT_USAGE;
}

int tool_machines(int argc, char **argv)
{
    struct output out = { 0 };
    int code = read_words(&out, argc, argv);

    if (code >= 0)
        return code;
    if (out.json)
        out.list =
            ts_doc_array(&out.doc, ts_doc_object(&out.doc, NULL, NULL), "machines");
    else
        ts_text_printf(&out.text, "%-20s %6s %4s %8s  %s\n", "Name", "Mem", "CPUs", "PID",
                       "Endpoint");
    machine_each(add, &out);
    if (out.json)
        ts_doc_print(&out.doc, false, &out.text);
    fwrite(out.text.bytes, 1, out.text.n, stdout);
    ts_text_free(&out.text);
    return TS_EXIT_OK;
}
