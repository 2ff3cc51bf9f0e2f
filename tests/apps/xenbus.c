/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: what an ordinary domain has and domain 0 lacks works: the connection to
 * xenstore, the console ring, the answer to control/shutdown.
 * Provocation: the program plays the other ends itself, in threads: it makes the pages and
 * loop-back event channels, writes them into start_info, and starts the services again.
 * Argument "hostile": the store then breaks the protocol.
 */
#include <errno.h>
#include <stdlib.h>
#include <termios.h>

#include <abi/io/console.h>
#include <abi/io/xs_wire.h>
#include <mini-os/boot.h>
#include <mini-os/console.h>
#include <mini-os/events.h>
#include <mini-os/mm.h>
#include <mini-os/shutdown.h>
#include <mini-os/time.h>
#include <mini-os/xenbus.h>

#include "check.h"
#include "internal.h"

#define NODES   16
#define TEXT    64
#define CLIENTS 4

static struct {
    char path[TEXT], value[TEXT];
    bool used;
} nodes[NODES];

static struct {
    char path[TEXT], token[TEXT];
} watches[NODES];
static unsigned int nr_watches, commits;

static struct xenstore_domain_interface *store;
static evtchn_port_t store_port;
static struct semaphore store_events;
static volatile bool misbehave;

static void post(evtchn_port_t port, void *sem)
{
    (void)port;
    semaphore_post(sem);
}

/* A page, and a loop-back channel whose near end (*port) has sem's handler. */
static void *make_end(evtchn_port_t *near, evtchn_port_t *far, struct semaphore *sem)
{
    int port = event_bind_unbound(DOMID_SELF, NULL, NULL);

    *far = port;
    port = event_bind_interdomain(DOMID_SELF, port, post, sem);
    *near = port;
    check(port > 0);
    return alloc_page();
}

static void server_get(char *to, size_t len)
{
    for (; len; len--) {
        while (store->req_cons == store->req_prod) {
            event_send(store_port);
            semaphore_wait(&store_events, TIME_NEVER);
        }
        *to++ = store->req[MASK_XENSTORE_IDX(store->req_cons)];
        WRITE_ONCE(store->req_cons, store->req_cons + 1);
    }
    event_send(store_port);
}

static void server_put(const char *from, size_t len)
{
    for (; len; len--) {
        while (store->rsp_prod - store->rsp_cons == XENSTORE_RING_SIZE) {
            event_send(store_port);
            semaphore_wait(&store_events, TIME_NEVER);
        }
        store->rsp[MASK_XENSTORE_IDX(store->rsp_prod)] = *from++;
        WRITE_ONCE(store->rsp_prod, store->rsp_prod + 1);
    }
    event_send(store_port);
}

static void reply(const struct xsd_sockmsg *to, uint32_t type, const char *payload,
                  size_t len)
{
    struct xsd_sockmsg header = *to;

    header.type = type;
    header.len = misbehave ? 1 << 20 : len;
    server_put((const char *)&header, sizeof(header));
    server_put(payload, len);
}

static void reply_error(const struct xsd_sockmsg *to, const char *name)
{
    reply(to, XS_ERROR, name, strlen(name) + 1);
}

static int find(const char *path)
{
    for (int i = 0; i < NODES; i++)
        if (nodes[i].used && !strcmp(nodes[i].path, path))
            return i;
    return -1;
}

static void fire(const char *path)
{
    for (unsigned int i = 0; i < nr_watches; i++) {
        struct xsd_sockmsg header = { .type = XS_WATCH_EVENT };
        size_t path_len = strlen(path) + 1, token_len = strlen(watches[i].token) + 1;

        if (strncmp(path, watches[i].path, strlen(watches[i].path)))
            continue;
        header.len = path_len + token_len;
        server_put((const char *)&header, sizeof(header));
        server_put(path, path_len);
        server_put(watches[i].token, token_len);
    }
}

static void set_node(const char *path, const char *value, size_t len)
{
    int i = find(path);

    for (int n = 0; i < 0 && n < NODES; n++)
        if (!nodes[n].used)
            i = n;
    nodes[i].used = true;
    strcpy(nodes[i].path, path);
    memcpy(nodes[i].value, value, len);
    nodes[i].value[len] = '\0';
    fire(path);
}

static void serve_directory(const struct xsd_sockmsg *header, const char *path)
{
    char names[NODES * TEXT], *at = names;
    size_t len = strlen(path);

    for (int i = 0; i < NODES; i++)
        if (nodes[i].used && !strncmp(nodes[i].path, path, len) &&
            nodes[i].path[len] == '/')
            at = stpcpy(at, nodes[i].path + len + 1) + 1;
    reply(header, XS_DIRECTORY, names, at - names);
}

static void serve_watch(const struct xsd_sockmsg *header, const char *payload)
{
    strcpy(watches[nr_watches].path, payload);
    strcpy(watches[nr_watches].token, payload + strlen(payload) + 1);
    nr_watches++;
    reply(header, XS_WATCH, "OK", 3);
    fire(payload);
}

static void serve_end(const struct xsd_sockmsg *header, const char *payload)
{
    if (*payload == 'T' && commits++ == 0)
        reply_error(header, "EAGAIN");
    else
        reply(header, XS_TRANSACTION_END, "OK", 3);
}

static void serve_one(const struct xsd_sockmsg *header, const char *payload)
{
    int node = find(payload);

    if (header->type == XS_READ && node >= 0) {
        reply(header, XS_READ, nodes[node].value, strlen(nodes[node].value));
    } else if (header->type == XS_WRITE) {
        size_t skip = strlen(payload) + 1;

        reply(header, XS_WRITE, "OK", 3);
        set_node(payload, payload + skip, header->len - skip);
    } else if (header->type == XS_RM && node >= 0) {
        nodes[node].used = false;
        reply(header, XS_RM, "OK", 3);
    } else if (header->type == XS_DIRECTORY) {
        serve_directory(header, payload);
    } else if (header->type == XS_WATCH) {
        serve_watch(header, payload);
    } else if (header->type == XS_UNWATCH) {
        reply(header, XS_UNWATCH, "OK", 3);
    } else if (header->type == XS_TRANSACTION_START) {
        reply(header, XS_TRANSACTION_START, "7", 2);
    } else if (header->type == XS_TRANSACTION_END) {
        serve_end(header, payload);
    } else {
        reply_error(header, header->type == XS_READ ? "ENOENT" : "EACCES");
    }
}

static void serve(void *unused)
{
    static char payload[XENSTORE_PAYLOAD_MAX + 1];
    struct xsd_sockmsg header;

    (void)unused;
    for (;;) {
        server_get((char *)&header, sizeof(header));
        server_get(payload, header.len);
        payload[header.len] = '\0';
        serve_one(&header, payload);
    }
}

static start_info_t *start_info(void)
{
    return (start_info_t *)boot_info;
}

static void connect_store(void)
{
    evtchn_port_t far;

    check(!xenbus_present());
    check(xenbus_rm(0, "x") == -ENOTCONN);
    store = make_end(&store_port, &far, &store_events);
    start_info()->store_mfn = virt_to_mfn(store);
    start_info()->store_evtchn = far;
    thread_detach(thread_create("store", serve, NULL));
    xenbus_init();
    check(xenbus_present());
}

static void test_nodes(void)
{
    char *value, **names;
    unsigned int count = 0;
    size_t len;

    check(!xenbus_write(0, "data/a", "alpha", 5));
    check(!xenbus_printf(0, "data/b", "%d", 42));
    check(!xenbus_read(0, "data/a", &value, &len) && len == 5);
    check_text(value, "alpha");
    free(value);
    check(!xenbus_ls(0, "data", &names, &count) && count == 2);
    check(count == 2 && strcmp(names[0], names[1]));
    free(names);
    check(!xenbus_rm(0, "data/b"));
    check(xenbus_read(0, "data/b", &value, NULL) == -ENOENT);
    check(xenbus_mkdir(0, "data") == -EACCES);
    check(!xenbus_ls(0, "nothing", &names, &count) && count == 0);
    free(names);
}

static void test_long_messages(void)
{
    char *text = calloc(1, XENSTORE_PAYLOAD_MAX);
    char *value;

    memset(text, 'p', 3000);
    check(xenbus_read(0, text, &value, NULL) == -ENOENT);
    check(xenbus_write(0, "data/long", text, XENSTORE_PAYLOAD_MAX) == -EINVAL);
    free(text);
}

static void test_transaction(void)
{
    uint32_t tx = 0;

    check(!xenbus_transaction_start(&tx) && tx == 7);
    check(xenbus_transaction_end(tx, true) == -EAGAIN);
    check(!xenbus_transaction_start(&tx) && !xenbus_transaction_end(tx, true));
    check(!xenbus_transaction_start(&tx) && !xenbus_transaction_end(tx, false));
}

static void test_watch(void)
{
    struct xenbus_watch watch, other;
    char *path;

    check(!xenbus_watch(&watch, "data/w") && !xenbus_watch(&other, "elsewhere"));
    path = xenbus_watch_next(&watch, TIME_NEVER);
    check_text(path, "data/w");
    free(path);
    free(xenbus_watch_next(&other, TIME_NEVER));
    check(!xenbus_write(0, "data/w/x", "1", 1));
    path = xenbus_watch_next(&watch, time_now() + NSEC_PER_SEC);
    check_text(path ? path : "", "data/w/x");
    free(path);
    check(!xenbus_watch_next(&other, time_now() + NSEC_PER_MSEC));
    check(!xenbus_unwatch(&watch) && !xenbus_unwatch(&other));
}

/* Answers go to whom they belong. */
static void write_and_read(void *arg)
{
    char path[TEXT], *value;

    snprintf(path, sizeof(path), "client/%lu", (unsigned long)arg);
    for (int i = 0; i < 200; i++) {
        char want[TEXT];

        snprintf(want, sizeof(want), "%lu-%d", (unsigned long)arg, i);
        check(!xenbus_write(0, path, want, strlen(want)));
        if (!check(!xenbus_read(0, path, &value, NULL)))
            return;
        check_text(value, want);
        free(value);
    }
}

static void test_many_clients(void)
{
    struct thread *threads[CLIENTS];

    for (uintptr_t i = 0; i < CLIENTS; i++)
        threads[i] = thread_create("client", write_and_read, (void *)i);
    for (unsigned int i = 0; i < CLIENTS; i++)
        thread_join(threads[i]);
}

static struct xencons_interface *console;
static evtchn_port_t console_port;
static struct semaphore console_events;
static char seen[8192];
static size_t seen_len;

/* Takes what the ring has; returns how much. */
static size_t drain(char *chunk, size_t size)
{
    size_t len = 0;

    while (len < size && console->out_cons != console->out_prod) {
        chunk[len++] = console->out[MASK_XENCONS_IDX(console->out_cons, console->out)];
        WRITE_ONCE(console->out_cons, console->out_cons + 1);
    }
    return len;
}

/* The console daemon: keeps what comes, and shows it on the hypervisor's console. */
static void show(void *unused)
{
    char chunk[256];
    size_t len, kept;

    (void)unused;
    for (;;) {
        while (!(len = drain(chunk, sizeof(chunk))))
            semaphore_wait(&console_events, TIME_NEVER);
        event_send(console_port);
        console_write(chunk, len);
        kept = sizeof(seen) - 1 - seen_len < len ? sizeof(seen) - 1 - seen_len : len;
        memcpy(seen + seen_len, chunk, kept);
        seen_len += kept;
    }
}

static void type(const char *text)
{
    for (; *text; text++) {
        console->in[MASK_XENCONS_IDX(console->in_prod, console->in)] = *text;
        WRITE_ONCE(console->in_prod, console->in_prod + 1);
    }
    event_send(console_port);
}

/* Until the console daemon has had its turn. */
static void settle(void)
{
    thread_sleep_until(time_now() + 20 * NSEC_PER_MSEC);
}

static void connect_console(void)
{
    evtchn_port_t far;

    console = make_end(&console_port, &far, &console_events);
    start_info()->console.domU.mfn = virt_to_mfn(console);
    start_info()->console.domU.evtchn = far;
    thread_detach(thread_create("console", show, NULL));
    console_init();
}

static void test_console(void)
{
    char line[64] = "";

    printf("first line\n");
    for (int i = 0; i < 100; i++)
        printf("line %d is written to a ring that is smaller than all of them\n", i);
    settle();
    check(!strncmp(seen, "first line\r\nline 0 ", 19));
    check(strstr(seen, "\r\nline 99 is written") != NULL);
    type("hellx\177o there\rrest\r");
    check(fgets(line, sizeof(line), stdin) != NULL);
    check_text(line, "hello there\n");
    check(fgets(line, sizeof(line), stdin) && !strcmp(line, "rest\n"));
    settle();
    check(strstr(seen, "hellx\b \bo there\r\n") != NULL);
}

/* Indices that make no sense garble the text and nothing else. */
static void test_hostile_console(void)
{
    struct termios modes;
    char byte[2000];

    tcgetattr(0, &modes);
    modes.c_lflag = 0;
    tcsetattr(0, TCSANOW, &modes);
    WRITE_ONCE(console->in_prod, console->in_cons + 0x7fffffff);
    event_send(console_port);
    check(fread(byte, 1, 1, stdin) == 1);
    WRITE_ONCE(console->in_prod, console->in_cons);
}

static void test_hostile_store(void)
{
    char *value;

    misbehave = true;
    check(xenbus_read(0, "data/a", &value, NULL) == -ENOTCONN);
    check(!xenbus_present());
    check(xenbus_write(0, "data/a", "x", 1) == -ENOTCONN);
}

static void ask_to_power_off(void)
{
    struct xenbus_watch watch;

    shutdown_watch_init();
    check(!xenbus_watch(&watch, "control/feature-suspend"));
    while (find("control/feature-suspend") < 0)
        thread_yield();
    check_verdict();
    xenbus_write(0, "control/shutdown", "poweroff", 8);
    thread_sleep_until(TIME_NEVER);
}

static void at_end(void)
{
    int node = find("control/shutdown");

    printf("the end, shutdown node \"%s\"\n", node < 0 ? "absent" : nodes[node].value);
    settle();
}

int main(int argc, char **argv)
{
    start_info()->flags &= ~SIF_INITDOMAIN;
    connect_store();
    test_nodes();
    test_long_messages();
    test_transaction();
    test_watch();
    test_many_clients();
    connect_console();
    test_console();
    atexit(at_end);
    if (argc > 1 && !strcmp(argv[1], "hostile")) {
        test_hostile_console();
        test_hostile_store();
        return check_verdict();
    }
    ask_to_power_off();
    return 0;
}
