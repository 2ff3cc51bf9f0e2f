/* SPDX-License-Identifier: MIT */
/*
 * The control domain with a list of commands in the place of its prompt: what they take,
 * and what their domains cost, in ticks of the time-stamp counter and KiB. Argument: how
 * many domains there are to be at once.
 *
 * Output: "BENCH <name> <value>", at the end "BENCH end 0".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/hypercall_stubs.h>
#include <mini-os/mm.h>
#include <mini-os/thread.h>
#include <mini-os/time.h>
#include <ts/xs_local.h>
#include <ts/xs_server.h>

#include "control.h"
#include "images.h"
#include "terminal.h"

#define ROUNDS    101
#define MAX_WORDS 8

const unsigned int main_stack_order = 6;

static void report(const char *name, uint64_t value)
{
    printf("BENCH %s %llu\n", name, (unsigned long long)value);
}

/* --- commands --- */

/* What a command has printed; it ends when that has `until` in it. */
static struct {
    char text[8192];
    size_t size;
    const char *until;
} output;

static bool is_seen(void)
{
    return output.until && strstr(output.text, output.until);
}

static size_t io_write(void *context, unsigned int stream, const void *bytes, size_t n)
{
    size_t room = sizeof(output.text) - 1 - output.size;
    size_t taken = n < room ? n : room;

    (void)context, (void)stream;
    memcpy(output.text + output.size, bytes, taken);
    output.size += taken;
    output.text[output.size] = '\0';
    return n;
}

static size_t io_read(void *context, void *bytes, size_t n, bool *ended)
{
    (void)context, (void)bytes, (void)n;
    *ended = is_seen();
    return 0;
}

static bool io_is_interrupted(void *context)
{
    (void)context;
    return is_seen();
}

static struct semaphore woken;

static void io_wait(void *context, uint64_t deadline_ns)
{
    (void)context;
    control_leave();
    semaphore_wait(&woken, deadline_ns ? deadline_ns : TIME_NEVER);
    control_enter();
}

static void io_wake(void *context)
{
    (void)context;
    semaphore_post(&woken);
}

static void io_set_raw(void *context, bool raw)
{
    (void)context, (void)raw;
}

static const char *io_file(void *context, const char *path, struct ts_err *err)
{
    (void)context, (void)err;
    return path;
}

static const struct ts_cli_io io = {
    .write = io_write,
    .read = io_read,
    .is_interrupted = io_is_interrupted,
    .wait = io_wait,
    .wake = io_wake,
    .set_raw = io_set_raw,
    .file = io_file,
};

/* Executes a line of words, until it has printed `until` if that is not NULL; how long it
 * took. */
static uint64_t run(const char *line, const char *until)
{
    char copy[128], *rest;
    const char *words[MAX_WORDS + 1];
    int count = 0, code;
    uint64_t start;

    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    words[count] = NULL;
    output.size = 0;
    output.text[0] = '\0';
    output.until = until;
    start = read_tsc();
    code = control_run(&io, count, words);
    start = read_tsc() - start;
    if (until ? !is_seen() : code != TS_EXIT_OK) {
        printf("BENCH failed: %s: %s\n", line, output.text);
        exit(1);
    }
    return start;
}

static void print_rows(const char *from)
{
    for (const char *row = strstr(from, "BENCH "); row; row = strstr(row + 1, "BENCH "))
        printf("%.*s\n", (int)strcspn(row, "\r\n"), row);
}

/* --- memory --- */

static uint64_t machine_free_pages(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo,
                             .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

    HYPERVISOR_sysctl(&op);
    return op.u.physinfo.free_pages;
}

static void report_memory(const char *hypervisor, const char *domain0)
{
    report(hypervisor, machine_free_pages() * PAGE_SIZE / 1024);
    report(domain0, mm_free_pages() * PAGE_SIZE / 1024);
}

/* --- xenstore, for the program that it is part of --- */

static struct xs_server *server;
static struct xs_local *local;

static bool store_write(void)
{
    return !xs_local_write(local, 0, "/bench/node", "0123456789", 10);
}

static bool store_read(void)
{
    char text[16];

    return !xs_local_read(local, 0, "/bench/node", text, sizeof(text), NULL);
}

static bool store_transaction(void)
{
    char text[16];
    size_t length;
    uint32_t tx;

    return !xs_local_transaction_start(local, &tx) &&
           !xs_local_read(local, tx, "/bench/node", text, sizeof(text), &length) &&
           !xs_local_write(local, tx, "/bench/node", text, length) &&
           !xs_local_transaction_end(local, tx, true);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void measure_store(const char *name, bool (*op)(void))
{
    uint64_t taken[ROUNDS];

    for (unsigned int i = 0; i < ROUNDS; i++) {
        uint64_t start = read_tsc();

        if (!op())
            printf("BENCH failed: %s\n", name);
        while (xs_server_step(server))
            ;
        taken[i] = read_tsc() - start;
    }
    qsort(taken, ROUNDS, sizeof(taken[0]), compare);
    report(name, taken[ROUNDS / 2]);
}

static void measure_local_store(void)
{
    const struct xs_config config = { .seed = 1 };

    server = xs_server_create(&config);
    local = server ? xs_local_open(server, 0) : NULL;
    if (!local)
        exit(1);
    measure_store("local-store-write", store_write);
    measure_store("local-store-read", store_read);
    measure_store("local-store-transaction", store_transaction);
    xs_local_close(local);
    xs_server_destroy(server);
}

/* --- the list --- */

static void measure_running_guests(void)
{
    report("create-start", read_tsc());
    run("create -q /tiny.cfg name=first", NULL);
    run("console first", "BENCH first ");
    print_rows(output.text);
    run("destroy first", NULL);
    run("create -c -q /store.cfg name=store", "BENCH end");
    print_rows(output.text);
    run("destroy store", NULL);
}

static bool is_row(unsigned int number)
{
    return number == 1 || number == 10 || number == 100 || number == 200;
}

static void create(unsigned int number)
{
    char line[64], row[32];
    uint64_t taken;

    snprintf(line, sizeof(line), "create -p -q /tiny.cfg name=g%u", number);
    snprintf(row, sizeof(row), "create-%u", number);
    taken = run(line, NULL);
    if (is_row(number))
        report(row, taken);
}

static void measure_crowd(unsigned int guests)
{
    char line[32];

    report_memory("free-start", "domain0-start");
    for (unsigned int i = 2; i <= guests; i++)
        create(i);
    report_memory("free-end", "domain0-end");
    report("list-many", run("list", NULL));
    snprintf(line, sizeof(line), "destroy g%u", guests);
    report("destroy", run(line, NULL));
}

int main(int argc, char **argv)
{
    images_init(mm_free_pages() / 2 * PAGE_SIZE);
    if (!terminal_init() || !service_start())
        return 1;
    remote_start();
    control_say("The control domain would show its prompt now.");
    report("prompt", read_tsc());
    report("list-0", run("list", NULL));
    create(1);
    measure_running_guests();
    measure_local_store();
    measure_crowd(argc > 1 ? (unsigned int)atoi(argv[1]) : 1);
    printf("BENCH end 0\n");
    return 0;
}
