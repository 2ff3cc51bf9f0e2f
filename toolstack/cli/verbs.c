/* SPDX-License-Identifier: MIT */
/*
 * The verbs. This table drives usage, help, completion and the list in pavise(1). Names,
 * options and operands are xl's where xl has the verb.
 */
#include "internal.h"

#include <string.h>

#define ANY_NUMBER (~0u)

static const struct option console_options[] = {
    { 't', "type", "pv", "the kind of console; there is no other", WORD_OTHER },
    { 'n', "num", "0", "the console's number; there is no other", WORD_OTHER },
    { 0 },
};

static const struct option cores_options[] = {
    { 'w', "wait", NULL, "until there is one", WORD_OTHER },
    { 'd', "done", NULL, "its core has been taken: its on_crash goes on", WORD_OTHER },
    { 'k', "keep", NULL, "it could not be: the domain is preserved", WORD_OTHER },
    { 0 },
};

static const struct option dump_options[] = {
    { 'L', "live", NULL, "do not pause the domain", WORD_OTHER },
    { 'C', "crash", NULL, "end it then as if it had crashed", WORD_OTHER },
    { 'R', "reset", NULL, "destroy it then and make it again", WORD_OTHER },
    { 0 },
};

static const struct option destroy_options[] = {
    { 'f', "force", NULL, "as in xl; domain 0 cannot be destroyed", WORD_OTHER },
    { 0 },
};

static const struct option dmesg_options[] = {
    { 'c', "clear", NULL, "empty the log when it has been read", WORD_OTHER },
    { 0 },
};

static const struct option info_options[] = {
    { 'n', "numa", NULL, "CPUs and memory by node, too", WORD_OTHER },
    { 'u', "usage", NULL, "what the control domain itself uses, too", WORD_OTHER },
    { 0 },
};

static const struct option list_options[] = {
    { 'l', "long", NULL, "all there is to say, in JSON", WORD_OTHER },
    { 'v', "verbose", NULL, "UUIDs and reasons of shutdown, too", WORD_OTHER },
    { 0 },
};

static const struct option poweroff_options[] = {
    { 'r', "reboot", NULL, "start the machine again", WORD_OTHER },
    { 'F', "force", NULL, "destroy domains that take too long", WORD_OTHER },
    { 't', "timeout", "SECONDS", "how long they have; default 30", WORD_OTHER },
    { 0 },
};

static const struct option sched_options[] = {
    { 'd', "domain", "DOMAIN", "the domain to tell about, or to change", WORD_DOMAIN },
    { 'w', "weight", "WEIGHT", "its share beside others'; default 256", WORD_OTHER },
    { 'c', "cap", "CAP", "the most of one CPU, in percent; 0: no limit", WORD_OTHER },
    { 0 },
};

static const struct option shutdown_options[] = {
    { 'a', "all", NULL, "all domains but domain 0", WORD_OTHER },
    { 'w', "wait", NULL, "until it has ended; twice: until it is gone", WORD_OTHER },
    { 't', "timeout", "SECONDS", "how long it has; default no limit", WORD_OTHER },
    { OPTION_FORCE, "force", NULL, "destroy it when it takes longer", WORD_OTHER },
    { 'F', NULL, NULL, "as in xl, about ACPI; PV domains have none", WORD_OTHER },
    { 0 },
};

static const struct option top_options[] = {
    { 'b', "batch", NULL, "one table after the other, no keys", WORD_OTHER },
    { 'i', "iterations", "N", "end after as many tables", WORD_OTHER },
    { 'd', "delay", "SECONDS", "between two tables; default 3", WORD_OTHER },
    { 0 },
};

static const struct option trace_options[] = {
    { 'c', "class", "LIST",
      "of calls,faults,emulation,events,syscalls,switches,iret,all;"
      " default the first four",
      WORD_OTHER },
    { 'n', "lines", "N", "end after as many lines", WORD_OTHER },
    { 't', "time", "SECONDS", "end after that time", WORD_OTHER },
    { 'S', "size", "KIB", "room for records of each CPU; default 256", WORD_OTHER },
    { 0 },
};

static const struct option uptime_options[] = {
    { 's', "short", NULL, "one line for each domain, without heading", WORD_OTHER },
    { 0 },
};

static const struct option vcpu_pin_options[] = {
    { 'f', "force", NULL, "as in xl; nothing here pins temporarily", WORD_OTHER },
    { 0 },
};

static const struct option vcpu_set_options[] = {
    { 'i', "ignore-host", NULL, "even more than the machine has CPUs", WORD_OTHER },
    { 0 },
};

static const struct verb table[] = {
    { .name = "create",
      .arguments = "CONFIG|KERNEL [KEY=VALUE...]",
      .summary = "make a domain and start it",
      .more = "CONFIG is a file as for xl, see pavise.cfg(5); KEY=VALUE goes before what "
              "it says. "
              "A kernel can be given instead: it gets the defaults, and its file name as "
              "name.",
      .options = create_options,
      .least = 0,
      .most = ANY_NUMBER,
      .operands = { WORD_FILE, WORD_OTHER, WORD_OTHER },
      .run = create_run },
    { .name = "list",
      .arguments = "[DOMAIN...]",
      .summary = "domains and how they are",
      .more = "States: r running, b blocked, p paused, s shut down, c crashed, d dying.",
      .options = list_options,
      .least = 0,
      .most = ANY_NUMBER,
      .operands = { WORD_DOMAIN, WORD_DOMAIN, WORD_DOMAIN },
      .run = list_run },
    { .name = "console",
      .arguments = "DOMAIN",
      .summary = "join a domain's console",
      .more = "^] leaves it. The console's newest output is shown first.",
      .options = console_options,
      .least = 1,
      .most = 1,
      .operands = { WORD_DOMAIN },
      .run = console_run },
    { .name = "shutdown",
      .arguments = "DOMAIN|-a",
      .summary = "ask a domain to end",
      .more = "The domain is told by xenstore, and ends when it likes.",
      .options = shutdown_options,
      .least = 0,
      .most = 1,
      .operands = { WORD_DOMAIN },
      .run = shutdown_run },
    { .name = "reboot",
      .arguments = "DOMAIN|-a",
      .summary = "ask a domain to end and start again",
      .more = "What becomes of it is for its on_reboot to say.",
      .options = shutdown_options,
      .least = 0,
      .most = 1,
      .operands = { WORD_DOMAIN },
      .run = reboot_run },
    { .name = "destroy",
      .arguments = "DOMAIN",
      .summary = "end a domain at once",
      .options = destroy_options,
      .least = 1,
      .most = 1,
      .operands = { WORD_DOMAIN },
      .run = destroy_run },
    { .name = "pause",
      .arguments = "DOMAIN",
      .summary = "stop a domain",
      .more = "Counted: each pause takes an unpause.",
      .least = 1,
      .most = 1,
      .operands = { WORD_DOMAIN },
      .run = pause_run },
    { .name = "unpause",
      .arguments = "DOMAIN",
      .summary = "let a domain go on",
      .least = 1,
      .most = 1,
      .operands = { WORD_DOMAIN },
      .run = unpause_run },
    { .name = "rename",
      .arguments = "DOMAIN NAME",
      .summary = "give a domain another name",
      .least = 2,
      .most = 2,
      .operands = { WORD_DOMAIN, WORD_OTHER },
      .run = rename_run },
    { .name = "domid",
      .arguments = "NAME",
      .summary = "a domain's number",
      .least = 1,
      .most = 1,
      .operands = { WORD_DOMAIN },
      .run = domid_run },
    { .name = "domname",
      .arguments = "NUMBER",
      .summary = "a domain's name",
      .least = 1,
      .most = 1,
      .run = domname_run },
    { .name = "mem-max",
      .arguments = "DOMAIN SIZE",
      .summary = "limit a domain's memory",
      .more = "SIZE is in KiB, or has one of b, k, m, g, t behind it.",
      .least = 2,
      .most = 2,
      .operands = { WORD_DOMAIN, WORD_OTHER },
      .run = mem_max_run },
    { .name = "mem-set",
      .arguments = "DOMAIN SIZE",
      .summary = "ask a domain's balloon driver to have that much memory",
      .more =
          "SIZE as for mem-max, whose limit it cannot exceed. Whether and when memory is "
          "given back is for the domain's kernel to say, \"list\" shows how far it is; "
          "more than SIZE it does not get.",
      .least = 2,
      .most = 2,
      .operands = { WORD_DOMAIN, WORD_OTHER },
      .run = mem_set_run },
    { .name = "vcpu-list",
      .arguments = "[DOMAIN...]",
      .summary = "vCPUs, and where they may run",
      .least = 0,
      .most = ANY_NUMBER,
      .operands = { WORD_DOMAIN, WORD_DOMAIN, WORD_DOMAIN },
      .run = vcpu_list_run },
    { .name = "vcpu-pin",
      .arguments = "DOMAIN VCPU|all CPUS|- [SOFT|-]",
      .summary = "say where a vCPU may run",
      .more = "CPUS: \"all\", or as in \"0-3,^2\". SOFT: where it would rather run. "
              "\"-\": as it is.",
      .options = vcpu_pin_options,
      .least = 3,
      .most = 4,
      .operands = { WORD_DOMAIN, WORD_ALL, WORD_ALL },
      .run = vcpu_pin_run },
    { .name = "vcpu-set",
      .arguments = "DOMAIN N",
      .summary = "say how many vCPUs a domain should have online",
      .options = vcpu_set_options,
      .least = 2,
      .most = 2,
      .operands = { WORD_DOMAIN, WORD_OTHER },
      .run = vcpu_set_run },
    { .name = "sched-credit2",
      .arguments = "",
      .summary = "shares of the processors' time",
      .options = sched_options,
      .least = 0,
      .most = 0,
      .run = sched_run },
    { .name = "uptime",
      .arguments = "[DOMAIN...]",
      .summary = "how long domains have been running",
      .options = uptime_options,
      .least = 0,
      .most = ANY_NUMBER,
      .operands = { WORD_DOMAIN, WORD_DOMAIN, WORD_DOMAIN },
      .run = uptime_run },
    { .name = "top",
      .arguments = "",
      .summary = "what domains use, again and again",
      .more = "q ends it.",
      .options = top_options,
      .least = 0,
      .most = 0,
      .run = top_run },
    { .name = "trace",
      .arguments = "DOMAIN",
      .summary = "what a domain asks of the hypervisor, as it happens",
      .more = "A line for each hypercall with arguments and result, fault, emulated "
              "instruction, delivery of events. It ends with the domain or by ^C. Lines "
              "that come faster than they are read are lost, and counted.",
      .options = trace_options,
      .least = 1,
      .most = 1,
      .operands = { WORD_DOMAIN },
      .run = trace_run },
    { .name = "info",
      .arguments = "",
      .summary = "the machine and its hypervisor",
      .options = info_options,
      .least = 0,
      .most = 0,
      .run = info_run },
    { .name = "dmesg",
      .arguments = "",
      .summary = "the hypervisor's log",
      .options = dmesg_options,
      .least = 0,
      .most = 0,
      .run = dmesg_run },
    { .name = "debug-keys",
      .arguments = "KEYS",
      .summary = "press the hypervisor's debug keys",
      .more = "Key h lists them; their output is in the log and on the serial line.",
      .least = 1,
      .most = 1,
      .run = debug_keys_run },
    { .name = "inspect",
      .arguments = "KERNEL",
      .summary = "what a kernel image says about itself, and whether it can run",
      .least = 1,
      .most = 1,
      .operands = { WORD_FILE },
      .is_local = true,
      .run = inspect_run },
    { .name = "sysrq",
      .arguments = "DOMAIN LETTER",
      .summary = "hand a magic system request to a Linux domain",
      .least = 2,
      .most = 2,
      .operands = { WORD_DOMAIN, WORD_OTHER },
      .run = sysrq_run },
    { .name = "trigger",
      .arguments = "DOMAIN nmi [VCPU]",
      .summary = "send a domain a non-maskable interrupt",
      .more = "To vCPU 0, if no other is given. xl's other triggers are for HVM domains.",
      .least = 2,
      .most = 3,
      .operands = { WORD_DOMAIN, WORD_TRIGGER, WORD_OTHER },
      .run = trigger_run },
    { .name = "dump-core",
      .arguments = "DOMAIN FILE",
      .summary = "write a domain's memory and registers to a file",
      .more = "The domain is paused meanwhile; it may have ended, if it is kept. FILE "
              "becomes an ELF core in the format of \"xl dump-core\", for crash(8), with "
              "program headers for gdb(1). Pages of zeros take no room in it.",
      .options = dump_options,
      .least = 2,
      .most = 2,
      .operands = { WORD_DOMAIN, WORD_FILE },
      .saves = 2,
      .run = dump_core_run },
    { .name = "cores",
      .arguments = "[DOMAIN]",
      .summary = "domains that are kept until their cores have been taken",
      .more =
          "Those that have ended by a coredump-destroy or coredump-restart. \"collect\" "
          "takes their cores; by hand it is dump-core, and then cores -d.",
      .options = cores_options,
      .least = 0,
      .most = 1,
      .operands = { WORD_DOMAIN },
      .run = cores_run },
    { .name = "poweroff",
      .arguments = "",
      .summary = "shut all domains down, then end the machine",
      .options = poweroff_options,
      .least = 0,
      .most = 0,
      .run = poweroff_run },
    { .name = "version",
      .arguments = "",
      .summary = "the hypervisor's version",
      .least = 0,
      .most = 0,
      .run = version_run },
    { .name = "help",
      .arguments = "[VERB]",
      .summary = "this list, or what a verb does",
      .least = 0,
      .most = 1,
      .operands = { WORD_VERB },
      .is_local = true,
      .run = help_run },
    { .name = "complete",
      .arguments = "WORD...",
      .summary = "words that may stand where the last one begins",
      .more = "For the completion of shells.",
      .least = 1,
      .most = ANY_NUMBER,
      .is_local = true,
      .is_raw = true,
      .is_hidden = true,
      .run = complete_run },
    { .name = NULL },
};

const struct verb *const verbs = table;

const struct verb *verb_find(const char *name)
{
    for (const struct verb *v = table; v->name; v++)
        if (!strcmp(v->name, name))
            return v;
    return NULL;
}

/* --- the verb that was meant --- */

#define LONGEST 16

/* How many letters have to be put in, left out, changed or swapped. */
static unsigned int distance(const char *a, const char *b)
{
    unsigned int row[3][LONGEST + 2];
    size_t na = strlen(a), nb = strlen(b);

    for (size_t j = 0; j <= nb; j++)
        row[0][j] = (unsigned int)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned int *now = row[i % 3], *before = row[(i + 2) % 3];

        now[0] = (unsigned int)i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned int least = before[j - 1] + (a[i - 1] != b[j - 1]);

            least = before[j] + 1 < least ? before[j] + 1 : least;
            least = now[j - 1] + 1 < least ? now[j - 1] + 1 : least;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                row[(i + 1) % 3][j - 2] + 1 < least)
                least = row[(i + 1) % 3][j - 2] + 1;
            now[j] = least;
        }
    }
    return row[na % 3][nb];
}

/* Takes candidate for *nearest if it is closer to name than that. */
static void consider(const char *name, const char *candidate, const char **nearest,
                     unsigned int *least)
{
    unsigned int d = distance(name, candidate);

    if (d < *least && d < strlen(candidate)) {
        *least = d;
        *nearest = candidate;
    }
}

const char *verb_nearest(const struct ts_cli *cli, const char *name)
{
    const char *nearest = NULL;
    unsigned int least = 3;

    if (strlen(name) > LONGEST)
        return NULL;
    for (const struct verb *v = table; v->name; v++)
        if (!v->is_hidden)
            consider(name, v->name, &nearest, &least);
    for (const struct ts_cli_verb *v = cli->env.more; v && v->name; v++)
        consider(name, v->name, &nearest, &least);
    return nearest;
}

const struct ts_cli_verb *verb_find_more(const struct ts_cli *cli, const char *name)
{
    for (const struct ts_cli_verb *v = cli->env.more; v && v->name; v++)
        if (!strcmp(v->name, name))
            return v;
    return NULL;
}
