/* SPDX-License-Identifier: MIT */
/*
 * The control domain with the lines of the file /script in the place of its prompt:
 *
 *   now NAME                  prints the time-stamp counter
 *   run COMMAND...            a command, as at the prompt
 *   time NAME COMMAND...      the same, and prints how long it took
 *   until TEXT COMMAND...     the same until it has printed TEXT; prints the rows in that
 *   memory NAME NAME          prints the hypervisor's free memory and our own, in KiB
 *   store                     rates of xenstore for the program that it is part of
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
#include <mini-os/words.h>
#include <ts/xs_local.h>
#include <ts/xs_server.h>

#include "control.h"
#include "images.h"
#include "terminal.h"

#define ROUNDS    101
#define MAX_WORDS 12

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

/* Executes a command, until it has printed `until` if that is not NULL; how long it took. */
static uint64_t run(int count, char **words, const char *until)
{
    uint64_t start;
    int code;

    output.size = 0;
    output.text[0] = '\0';
    output.until = until;
    start = read_tsc();
    code = control_run(&io, count, (const char *const *)words);
    start = read_tsc() - start;
    if (until ? !is_seen() : code != TS_EXIT_OK) {
        printf("BENCH failed: %s %s: %s\n", words[0], words[1], output.text);
        exit(1);
    }
    return start;
}

/* Rows that guests have printed. */
static void print_rows(void)
{
    const char *row = output.text;

    while ((row = strstr(row, "BENCH ")) != NULL) {
        int size = (int)strcspn(row, "\r\n");

        printf("%.*s\n", size, row);
        row += size;
    }
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

/* --- the script --- */

/* One line of it. False: there is no such thing to do. */
static bool perform(int count, char **words)
{
    if (!strcmp(words[0], "now") && count == 2)
        report(words[1], read_tsc());
    else if (!strcmp(words[0], "run") && count > 1)
        run(count - 1, words + 1, NULL);
    else if (!strcmp(words[0], "time") && count > 2)
        report(words[1], run(count - 2, words + 2, NULL));
    else if (!strcmp(words[0], "until") && count > 2)
        run(count - 2, words + 2, words[1]), print_rows();
    else if (!strcmp(words[0], "memory") && count == 3)
        report_memory(words[1], words[2]);
    else if (!strcmp(words[0], "store") && count == 1)
        measure_local_store();
    else
        return false;
    return true;
}

static bool perform_script(void)
{
    FILE *script = fopen("/script", "r");
    char line[256], *words[MAX_WORDS + 1];
    unsigned int count;

    while (script && fgets(line, sizeof(line), script)) {
        count = split_words(line, words, MAX_WORDS);
        if (count > MAX_WORDS)
            return false;
        words[count] = NULL;
        if (count && !perform((int)count, words))
            return false;
    }
    return script;
}

int main(void)
{
    images_init(mm_free_pages() / 2 * PAGE_SIZE);
    if (!terminal_init() || !service_start())
        return 1;
    remote_start();
    control_say("The control domain would show its prompt now.");
    printf(perform_script() ? "BENCH end 0\n" : "BENCH failed: bad line in the script\n");
    return 0;
}
