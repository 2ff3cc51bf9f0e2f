/* SPDX-License-Identifier: MIT */
/* `pavise up`: starts a machine and waits until it answers. */
#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ts/out.h>

#define PROBE_MS 400
#define STEP_MS  20

struct request {
    struct settings settings;
    const char *name;
    unsigned int timeout; /* s */
    bool json;
};

static const char usage[] =
    "usage: pavise up [OPTION...] [NAME]\n"
    "Starts a machine in QEMU, in the background, and waits until it answers.\n"
    "  -m, --memory MIB     its memory (default 1024)\n"
    "  -n, --cpus N         its processors (default 2)\n"
    "      --iso FILE       boot this image instead of the files beside this program\n"
    "      --kernel FILE    another domain 0 than the control domain\n"
    "      --ramdisk FILE   its ramdisk, instead of the control domain's\n"
    "      --args TEXT      its command line\n"
    "      --options TEXT   further boot options of the hypervisor\n"
    "      --serial         the channel is the second serial line, not virtio\n"
    "      --qemu WORD      a further argument for QEMU; may be repeated\n"
    "      --timeout SECONDS  to wait for an answer (default 60)\n"
    "      --cores FOLDER   where cores of domains that crash are put\n"
    "      --format FORMAT  text or json\n"
    "  -h, --help\n";

enum {
    OPT_ISO = 256,
    OPT_KERNEL,
    OPT_RAMDISK,
    OPT_ARGS,
    OPT_OPTIONS,
    OPT_SERIAL,
    OPT_QEMU,
    OPT_TIMEOUT,
    OPT_CORES,
    OPT_FORMAT,
};

const struct option up_options[] = {
    { "memory", required_argument, NULL, 'm' },
    { "cpus", required_argument, NULL, 'n' },
    { "iso", required_argument, NULL, OPT_ISO },
    { "kernel", required_argument, NULL, OPT_KERNEL },
    { "ramdisk", required_argument, NULL, OPT_RAMDISK },
    { "args", required_argument, NULL, OPT_ARGS },
    { "options", required_argument, NULL, OPT_OPTIONS },
    { "serial", no_argument, NULL, OPT_SERIAL },
    { "qemu", required_argument, NULL, OPT_QEMU },
    { "timeout", required_argument, NULL, OPT_TIMEOUT },
    { "cores", required_argument, NULL, OPT_CORES },
    { "format", required_argument, NULL, OPT_FORMAT },
    { "help", no_argument, NULL, 'h' },
    { 0 },
};

/* --- words --- */

static bool take_number(const char *text, unsigned int least, unsigned int most,
                        unsigned int *number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || value < least || value > most) {
        say("\"%s\" is not a number from %u to %u", text, least, most);
        return false;
    }
    *number = (unsigned int)value;
    return true;
}

bool take_format(const char *text, bool *json)
{
    *json = !strcmp(text, "json");
    if (*json || !strcmp(text, "text"))
        return true;
    say("the formats are text and json, not \"%s\"", text);
    return false;
}

static bool take_option(struct request *r, int option, char *qemu[])
{
    struct settings *s = &r->settings;

    switch (option) {
    case 'm':
        return take_number(optarg, 32, 1u << 24, &s->memory);
    case 'n':
        return take_number(optarg, 1, 255, &s->cpus);
    case OPT_ISO:
        s->iso = optarg;
        return true;
    case OPT_KERNEL:
        s->kernel = optarg;
        return true;
    case OPT_RAMDISK:
        s->ramdisk = optarg;
        return true;
    case OPT_ARGS:
        s->arguments = optarg;
        return true;
    case OPT_OPTIONS:
        s->options = optarg;
        return true;
    case OPT_SERIAL:
        return s->serial = true;
    case OPT_QEMU:
        qemu[s->nr_qemu++] = optarg;
        return true;
    case OPT_TIMEOUT:
        return take_number(optarg, 1, 86400, &r->timeout);
    case OPT_CORES:
        s->cores = optarg;
        return true;
    case OPT_FORMAT:
        return take_format(optarg, &r->json);
    default:
        return false;
    }
}

/* Returns an exit code, or -1: go on. qemu has room for argc words. */
static int read_words(struct request *r, int argc, char **argv, char *qemu[])
{
    int option;

    while ((option = getopt_long(argc, argv, "m:n:h", up_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return TS_EXIT_OK;
        }
        if (!take_option(r, option, qemu))
            return TS_EXIT_USAGE;
    }
    r->settings.qemu = qemu;
    r->name = argv[optind];
    if (argc - optind > 1) {
        say("one name is enough: \"%s\" is too much", argv[optind + 1]);
        return TS_EXIT_USAGE;
    }
    if (r->settings.iso && (r->settings.kernel || r->settings.ramdisk)) {
        say("--iso brings its own kernel and ramdisk");
        return TS_EXIT_USAGE;
    }
    return -1;
}

/* --- the supervisor --- */

static void become_supervisor(const struct machine *machine,
                              const struct settings *settings, char **command)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    setsid();
    if (chdir(machine->folder))
        _exit(TS_EXIT_FAILED);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    supervise(machine, settings, command);
    _exit(TS_EXIT_OK);
}

/* --- waiting for it --- */

static bool is_printable(char c)
{
    return c == '\t' || (unsigned char)c >= ' ';
}

/* The last line of a log that says something; empty if none does. */
static void last_line(const struct machine *machine, const char *log, char *line,
                      size_t size)
{
    char path[PATH_SIZE], text[512];
    size_t n = 0;
    FILE *file;

    line[0] = '\0';
    machine_path(machine, log, path);
    file = fopen(path, "re");
    if (!file)
        return;
    while (fgets(text, sizeof(text), file)) {
        for (n = 0; text[n] && is_printable(text[n]); n++)
            ;
        text[n] = '\0';
        if (n && strspn(text, " ") < n)
            snprintf(line, size, "%.*s", (int)size - 1, text);
    }
    fclose(file);
}

static void say_failure(const struct machine *machine, bool has_ended)
{
    char console[400], qemu[400];

    last_line(machine, "console.log", console, sizeof(console));
    last_line(machine, "qemu.log", qemu, sizeof(qemu));
    if (has_ended && !console[0])
        say("machine \"%s\" did not start: %s", machine->name,
            qemu[0] ? qemu : "QEMU ended without a word");
    else
        say("machine \"%s\" %s; its last words: %s (all of them: %s/console.log)",
            machine->name,
            has_ended ? "ended before it answered" : "did not answer in time",
            console[0] ? console : "none", machine->folder);
}

/* The hypervisor halts when it cannot start. */
static bool has_given_up(const struct machine *machine)
{
    char line[400];

    last_line(machine, "console.log", line, sizeof(line));
    return strstr(line, "Pavise cannot start:");
}

static bool has_ended(pid_t supervisor)
{
    return waitpid(supervisor, NULL, WNOHANG) != 0;
}

/* Returns an exit code. */
static int wait_for_answer(const struct machine *machine, pid_t supervisor,
                           unsigned int timeout)
{
    uint64_t end = now_ms() + timeout * 1000ull;
    struct endpoint endpoint;
    int code = TS_EXIT_CHANNEL;

    machine_endpoint(machine, &endpoint);
    while (now_ms() < end && code == TS_EXIT_CHANNEL && !has_given_up(machine)) {
        if (has_ended(supervisor)) {
            say_failure(machine, true);
            return TS_EXIT_FAILED;
        }
        sleep_ms(STEP_MS);
        code = session_probe(&endpoint, PROBE_MS);
    }
    if (!code)
        return TS_EXIT_OK;
    if (code == TS_EXIT_CHANNEL)
        say_failure(machine, false);
    kill(supervisor, SIGTERM);
    waitpid(supervisor, NULL, 0);
    return code == TS_EXIT_CHANNEL ? TS_EXIT_TIMEOUT : code;
}

/* --- the whole --- */

static void tell(const struct machine *machine, const struct request *r)
{
    struct endpoint endpoint;
    struct ts_text text = { 0 };
    struct ts_doc doc = { 0 };
    struct cJSON *root;

    machine_endpoint(machine, &endpoint);
    if (r->json) {
        root = ts_doc_object(&doc, ts_doc_object(&doc, NULL, NULL), "machine");
        ts_doc_text(&doc, root, "name", machine->name);
        ts_doc_number(&doc, root, "memory_mib", r->settings.memory);
        ts_doc_number(&doc, root, "cpus", r->settings.cpus);
        ts_doc_text(&doc, root, "socket", endpoint.address);
        ts_doc_print(&doc, false, &text);
    } else {
        ts_text_printf(&text,
                       "Machine \"%s\" is up: %u MiB, %u CPUs.\n"
                       "  pavise create hello.cfg   creates a first guest\n"
                       "  pavise list               shows what runs\n"
                       "  pavise help               says what else there is\n"
                       "  pavise down               ends the machine\n",
                       machine->name, r->settings.memory, r->settings.cpus);
    }
    fwrite(text.bytes, 1, text.n, stdout);
    ts_text_free(&text);
}

/* Those of its last time. */
static void forget_logs(const struct machine *machine)
{
    char path[PATH_SIZE];

    machine_path(machine, "console.log", path);
    unlink(path);
    machine_path(machine, "qemu.log", path);
    unlink(path);
}

/* In the supervisor's folder another path would be another one. */
static bool find_cores(struct settings *s, char path[PATH_SIZE])
{
    char absolute[PATH_MAX];

    if (!s->cores) {
        s->cores = path;
        return machine_make_cores(path);
    }
    if (!realpath(s->cores, absolute) || strlen(absolute) >= PATH_SIZE ||
        access(absolute, W_OK)) {
        say("\"%s\" is not a folder that cores can be put into", s->cores);
        return false;
    }
    s->cores = strcpy(path, absolute);
    return true;
}

static int start(const struct machine *machine, const struct request *r, char **command)
{
    int lock = machine_lock(machine);
    pid_t supervisor;
    int code;

    if (lock < 0 && errno == EWOULDBLOCK) {
        say("machine \"%s\" is up already; \"pavise down\" ends it", machine->name);
        return TS_EXIT_IN_USE;
    }
    if (lock < 0) {
        say("%s/lock cannot be made: %s", machine->folder, strerror(errno));
        return TS_EXIT_FAILED;
    }
    forget_logs(machine);
    supervisor = fork();
    if (!supervisor)
        become_supervisor(machine, &r->settings, command);
    close(lock);
    if (supervisor < 0) {
        say("no process can be started: %s", strerror(errno));
        return TS_EXIT_FAILED;
    }
    code = wait_for_answer(machine, supervisor, r->timeout);
    if (!code)
        tell(machine, r);
    return code;
}

int tool_up(int argc, char **argv)
{
    struct request r = { .settings = { .memory = 1024, .cpus = 2 }, .timeout = 60 };
    char **qemu = calloc((size_t)argc, sizeof(*qemu));
    char cores[PATH_SIZE];
    struct machine machine;
    char **command = NULL;
    int code = TS_EXIT_MEMORY;

    if (qemu)
        code = read_words(&r, argc, argv, qemu);
    if (code < 0) {
        code = TS_EXIT_USAGE;
        if (machine_init(&machine, r.name)) {
            code = TS_EXIT_FILE;
            if (machine_make_folder(&machine) && find_cores(&r.settings, cores))
                command = qemu_command(&machine, &r.settings);
        }
        if (command)
            code = start(&machine, &r, command);
        qemu_command_free(command);
    }
    free(qemu);
    return code;
}
