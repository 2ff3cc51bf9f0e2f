/* SPDX-License-Identifier: MIT */
/*
 * A guest that attacks xenstore and the console daemon, and one that is in the middle of
 * it. The first argument says what it does:
 *   victim N        N round trips; "victim: N rounds, T us, worst W us" and the power is off
 *   rights PEER     tries what is forbidden to it, PEER being another domain
 *   quota           takes all it can get of everything, and gives it back
 *   garbage         breaks the protocol in every way and begins anew each time
 *   deaf            asks and watches, and reads no answer
 *   flood, list, commit, refused, shout
 *                   without end: big values; a long directory; large transactions; what is
 *                   forbidden; text
 * Those of the second to fourth kind end with "NAME: good" or "NAME: BAD".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/io/xs_wire.h>
#include <mini-os/boot.h>
#include <mini-os/events.h>
#include <mini-os/mm.h>
#include <mini-os/time.h>

#include "xenbus.h"

#define BIG   2000
#define MANY  100000
#define NAMES 900

#define PREPARATION (150 * NSEC_PER_MSEC) /* that the others may have */

static bool good = true;

static void expect(bool as_wanted, const char *what, int rc)
{
    if (as_wanted)
        return;
    good = false;
    printf("%s: %d\n", what, rc);
}

/* A request as it is: strings, each with its zero. The errno, or 0. */
static int ask(uint32_t type, uint32_t tx, const char *first, const char *second)
{
    struct xenbus_part parts[] = {
        { first, first ? strlen(first) + 1 : 0 },
        { second, second ? strlen(second) + 1 : 0 },
    };
    struct xenbus_answer answer;
    int rc = xenbus_call(type, tx, parts, 2, &answer);

    if (!rc)
        free(answer.payload);
    return rc;
}

/* --- victim --- */

static void victim(unsigned long rounds)
{
    uint64_t start, last, worst = 0;

    thread_sleep_until(time_now() + PREPARATION);
    start = last = time_now();
    for (unsigned long i = 0; i < rounds; i++) {
        char *value = NULL;
        uint64_t now;
        int rc = xenbus_printf(0, "data/victim", "%lu", i);

        expect(!rc, "write", rc);
        rc = xenbus_read(0, "data/victim", &value, NULL);
        expect(!rc && strtoul(value, NULL, 10) == i, "read", rc);
        free(value);
        now = time_now();
        if (now - last > worst)
            worst = now - last;
        last = now;
    }
    printf("victim: %lu rounds, %lu us, worst %lu us%s\n", rounds,
           (unsigned long)(last - start) / 1000, (unsigned long)worst / 1000,
           good ? "" : ", BAD");
}

/* --- rights --- */

static bool is_refusal(int rc)
{
    return rc == -EACCES || rc == -ENOENT || rc == -EPERM;
}

static void expect_refusal(uint32_t type, const char *path, const char *second)
{
    char what[128];
    uint32_t tx;
    int rc = ask(type, 0, path, second);

    snprintf(what, sizeof(what), "request %u of %s", (unsigned int)type, path);
    expect(is_refusal(rc), what, rc);
    rc = xenbus_transaction_start(&tx);
    expect(!rc, "transaction", rc);
    rc = ask(type, tx, path, second);
    expect(is_refusal(rc), what, rc);
    xenbus_transaction_end(tx, true);
}

/* Nothing of a node that is neither its own nor for it to read. */
static void try_hidden(const char *path)
{
    char child[128];

    snprintf(child, sizeof(child), "%s/mine", path);
    expect_refusal(XS_READ, path, NULL);
    expect_refusal(XS_DIRECTORY, path, NULL);
    expect_refusal(XS_GET_PERMS, path, NULL);
    expect_refusal(XS_WRITE, path, "x");
    expect_refusal(XS_WRITE, child, "x");
    expect_refusal(XS_MKDIR, child, NULL);
    expect_refusal(XS_RM, path, NULL);
    expect_refusal(XS_SET_PERMS, path, "b0");
}

/* It may look, and that is all. */
static void try_to_change(const char *path)
{
    char child[128];

    snprintf(child, sizeof(child), "%s/mine", strcmp(path, "/") ? path : "");
    expect_refusal(XS_WRITE, path, "x");
    expect_refusal(XS_WRITE, child, "x");
    expect_refusal(XS_MKDIR, child, NULL);
    expect_refusal(XS_RM, path, NULL);
    expect_refusal(XS_SET_PERMS, path, "b0");
}

static void try_privileged(const char *peer)
{
    char path[64];
    int rc;

    for (uint32_t type = 0; type < XS_TYPE_COUNT + 5; type++) {
        if (type != XS_CONTROL && type != XS_INTRODUCE && type != XS_RELEASE &&
            type != XS_RESUME && type != XS_SET_TARGET && type < XS_TYPE_COUNT)
            continue;
        rc = ask(type, 0, peer, peer);
        expect(rc == -EACCES || rc == -ENOSYS, "privileged request", rc);
    }
    expect_refusal(XS_SET_PERMS, "@releaseDomain", "b0");
    snprintf(path, sizeof(path), "/local/domain/%s", peer);
    rc = ask(XS_WRITE, 0, "", "x");
    expect(rc == -EINVAL, "no path", rc);
    rc = ask(XS_WRITE, 0, "../../0/x", "x");
    expect(rc == -EINVAL || is_refusal(rc), "path with dots", rc);
    rc = ask(XS_READ, 77, "data", NULL);
    expect(rc == -ENOENT, "transaction of nobody", rc);
}

/* Nothing comes of watches of what is hidden or others' business. */
static void try_watches(const char *peer)
{
    struct xenbus_watch watches[4];
    char path[64];
    const char *const paths[] = { path, "/vm", "@releaseDomain", "@introduceDomain" };
    uint64_t until = time_now() + 300 * NSEC_PER_MSEC;

    snprintf(path, sizeof(path), "/local/domain/%s/data", peer);
    for (unsigned int i = 0; i < 4; i++) {
        int rc = xenbus_watch(&watches[i], paths[i]);

        expect(!rc, "watch", rc);
        free(xenbus_watch_next(&watches[i], time_now() + NSEC_PER_MSEC));
    }
    for (unsigned int i = 0; i < 4; i++) {
        char *event = xenbus_watch_next(&watches[i], until);

        expect(!event, event ? event : "", 0);
        free(event);
        xenbus_unwatch(&watches[i]);
    }
}

/* What a domain gives away of its own is not its own any more. */
static void give_away(const char *peer)
{
    char perms[16];
    int rc = xenbus_mkdir(0, "data/gift");

    expect(!rc, "own node", rc);
    snprintf(perms, sizeof(perms), "n%s", peer);
    rc = ask(XS_SET_PERMS, 0, "data/gift", perms);
    expect(is_refusal(rc), "gift of a node", rc);
    rc = ask(XS_RM, 0, "data/gift", NULL);
    expect(!rc, "removal of an own node", rc);
}

static void rights(const char *peer)
{
    static const char *const nodes[] = { "",      "/data",  "/control/shutdown",
                                         "/name", "/store", "/none" };
    char path[64], *vm = NULL;
    int rc;

    for (unsigned int i = 0; i < ARRAY_SIZE(nodes); i++) {
        snprintf(path, sizeof(path), "/local/domain/%s%s", peer, nodes[i]);
        try_hidden(path);
        snprintf(path, sizeof(path), "/local/domain/0%s", nodes[i]);
        try_hidden(path);
    }
    try_hidden("/vm");
    try_hidden("/tool");
    try_to_change("/");
    try_to_change("/local");
    try_to_change("/local/domain");
    try_to_change("name");
    try_to_change("memory/target");
    try_to_change("console/port");
    try_to_change("store");
    expect_refusal(XS_SET_PERMS, "/local/domain", "b0");
    rc = xenbus_read(0, "vm", &vm, NULL);
    expect(!rc, "own vm", rc);
    if (!rc)
        try_to_change(vm);
    free(vm);
    try_privileged(peer);
    try_watches(peer);
    give_away(peer);
    rc = xenbus_write(0, "data/own", "1", 1);
    expect(!rc, "own node", rc);
}

/* --- quota --- */

static unsigned int make_nodes(int *rc)
{
    static char big[BIG];
    char path[64];
    unsigned int n = 0;

    memset(big, 'n', sizeof(big));
    for (*rc = 0; !*rc && n < MANY; n += !*rc) {
        snprintf(path, sizeof(path), "data/many/%u", n);
        *rc = xenbus_write(0, path, big, sizeof(big));
    }
    return n;
}

static unsigned int make_watches(int *rc)
{
    char token[16];
    unsigned int n = 0;

    for (*rc = 0; !*rc && n < MANY; n += !*rc) {
        snprintf(token, sizeof(token), "t%u", n);
        *rc = ask(XS_WATCH, 0, "data", token);
    }
    return n;
}

static unsigned int make_transactions(int *rc)
{
    uint32_t tx;
    unsigned int n = 0;

    for (*rc = 0; !*rc && n < MANY; n += !*rc)
        *rc = xenbus_transaction_start(&tx);
    return n;
}

static unsigned int fill_transaction(int *rc)
{
    static char big[BIG];
    char path[64];
    unsigned int n = 0;
    uint32_t tx;

    *rc = xenbus_transaction_start(&tx);
    for (; !*rc && n < MANY; n += !*rc) {
        snprintf(path, sizeof(path), "data/in-transaction/%u", n);
        *rc = xenbus_write(tx, path, big, sizeof(big));
    }
    xenbus_transaction_end(tx, false);
    return n;
}

static void report(const char *what, unsigned int n, int rc)
{
    printf("%u %s, then error %d\n", n, what, rc);
    expect(n && n < MANY && (rc == -ENOSPC || rc == -E2BIG || rc == -ENOMEM), what, rc);
}

static void quota(void)
{
    static char large[XENSTORE_PAYLOAD_MAX - 16];
    unsigned int n;
    int rc;

    n = fill_transaction(&rc);
    report("nodes in a transaction", n, rc);
    n = make_nodes(&rc);
    report("nodes", n, rc);
    rc = xenbus_rm(0, "data/many");
    expect(!rc, "removal", rc);
    n = make_watches(&rc);
    report("watches", n, rc);
    n = make_transactions(&rc);
    report("transactions", n, rc);
    rc = xenbus_write(0, "data/large", large, sizeof(large));
    expect(rc == -ENOSPC || rc == -E2BIG, "large value", rc);
    rc = ask(XS_RESET_WATCHES, 0, "", NULL);
    expect(!rc, "reset", rc);
    rc = xenbus_write(0, "data/again", "1", 1);
    expect(!rc, "write afterwards", rc);
}

/* --- the ring, over the head of the kernel's own connection --- */

static struct xenstore_domain_interface *ring;

static bool open_ring(void)
{
    ring = window_reserve(1);
    return ring && !map_mfn(ring, boot_info->store_mfn, PTE_RW);
}

/* As far as there is room. Returns whether there was for all of it. */
static bool put(const void *bytes, size_t len)
{
    uint32_t prod = ring->req_prod;

    if (len > XENSTORE_RING_SIZE - (prod - READ_ONCE(ring->req_cons)))
        return false;
    for (size_t i = 0; i < len; i++)
        ring->req[MASK_XENSTORE_IDX(prod++)] = ((const char *)bytes)[i];
    __atomic_store_n(&ring->req_prod, prod, __ATOMIC_SEQ_CST);
    event_send(boot_info->store_evtchn);
    return true;
}

static void put_message(uint32_t type, uint32_t tx, uint32_t len, const char *payload)
{
    struct xsd_sockmsg header = { .type = type, .tx_id = tx, .len = len };

    put(&header, sizeof(header));
    if (payload)
        put(payload, strlen(payload) + 1);
}

static void wild_requests(void)
{
    ring->req_prod += 5000;
}

static void wild_responses(void)
{
    ring->rsp_cons -= 5000;
}

static void both_wild(void)
{
    ring->req_prod = ring->req_cons - 1;
    ring->rsp_cons = ring->rsp_prod + 1;
}

static void long_payload(void)
{
    put_message(XS_READ, 0, XENSTORE_PAYLOAD_MAX + 1, NULL);
}

static void endless_payload(void)
{
    put_message(XS_WRITE, 0, ~0u, NULL);
}

static void noise(void)
{
    uint64_t random = time_now() | 1;
    char bytes[512];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        bytes[i] = random;
    }
    put(bytes, sizeof(bytes));
}

/* Not an error of the protocol: the daemon answers, nobody asked. */
static void unknown_types(void)
{
    put_message(XS_TYPE_COUNT, 0, 2, "x");
    put_message(XS_INVALID, 0, 2, "x");
    put_message(XS_WATCH_EVENT, 0, 2, "x");
    put_message(XS_ERROR, 12345, 2, "x");
}

/* Until the connection works; it may be found broken more than once. */
static void recover(const char *what)
{
    uint64_t limit = time_now() + 10 * NSEC_PER_SEC;
    int rc;

    event_send(boot_info->store_evtchn);
    thread_sleep_until(time_now() + 2 * NSEC_PER_MSEC);
    do
        rc = xenbus_write(0, "data/recovered", what, strlen(what));
    while (rc == -ENOTCONN && xenbus_present() && time_now() < limit);
    expect(!rc, what, rc);
}

/* Noise may look like the beginning of a long message: then the ring is begun anew, as
 * the daemon cannot know. */
static void begin_anew(void)
{
    WRITE_ONCE(ring->req_prod, ring->req_cons + XENSTORE_RING_SIZE + 1);
    recover("anew");
}

static void garbage(void)
{
    static const struct {
        const char *name;
        void (*fn)(void);
    } kinds[] = {
        { "wild requests", wild_requests },
        { "wild responses", wild_responses },
        { "both wild", both_wild },
        { "long payload", long_payload },
        { "endless payload", endless_payload },
        { "unknown types", unknown_types },
    };

    if (!open_ring())
        return expect(false, "ring", 0);
    for (unsigned int round = 0; round < 20; round++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
            kinds[i].fn();
            recover(kinds[i].name);
        }
        noise();
        begin_anew();
    }
}

/* Answers and events pile up: only the kernel's thread would take them, and it is not
 * woken any more. */
static void deaf(void)
{
    static char big[BIG];

    if (!open_ring())
        return;
    xenbus_write(0, "data/long", big, sizeof(big));
    for (unsigned int i = 0; i < 100; i++) {
        char token[16];

        snprintf(token, sizeof(token), "t%u", i);
        ask(XS_WATCH, 0, "data", token);
    }
    event_mask(boot_info->store_evtchn);
    printf("deaf: good\n");
    for (;;) {
        put_message(XS_READ, 0, 10, "data/long");
        put_message(XS_WRITE, 0, 11, "data/other");
        thread_sleep_until(time_now() + NSEC_PER_MSEC);
    }
}

/* --- without end --- */

static void flood(void)
{
    static char big[BIG];
    char path[64];

    for (unsigned long i = 0;; i++) {
        snprintf(path, sizeof(path), "data/flood/%lu", i % 100);
        xenbus_write(0, path, big, sizeof(big));
    }
}

static void make_directory(void)
{
    char path[64];

    for (unsigned int i = 0; i < NAMES; i++) {
        snprintf(path, sizeof(path), "data/%u", i);
        xenbus_mkdir(0, path);
    }
}

static void list(void)
{
    make_directory();
    for (;;)
        ask(XS_DIRECTORY_PART, 0, "data", "0");
}

static void commit(void)
{
    char path[64];
    uint32_t tx;

    make_directory();
    for (;;) {
        if (xenbus_transaction_start(&tx))
            continue;
        for (unsigned int i = 0; i < NAMES; i++) {
            snprintf(path, sizeof(path), "data/%u", i);
            xenbus_write(tx, path, "x", 1);
        }
        xenbus_transaction_end(tx, true);
    }
}

static void refused(void)
{
    for (;;)
        ask(XS_READ, 0, "/local/domain/0/name", NULL);
}

static void shout(void)
{
    for (unsigned long i = 0;; i++)
        printf("%lu: the same text again and again, as fast as it is taken\n", i);
}

static void (*const endless[])(void) = { flood, list, commit, refused, shout, deaf };
static const char *const endless_names[] = { "flood",   "list",  "commit",
                                             "refused", "shout", "deaf" };

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "", *argument = argc > 2 ? argv[2] : "0";

    for (unsigned int i = 0; i < ARRAY_SIZE(endless); i++)
        if (!strcmp(what, endless_names[i]))
            endless[i]();
    if (!strcmp(what, "victim"))
        victim(strtoul(argument, NULL, 0));
    else if (!strcmp(what, "rights"))
        rights(argument);
    else if (!strcmp(what, "quota"))
        quota();
    else if (!strcmp(what, "garbage"))
        garbage();
    else
        return EXIT_FAILURE;
    printf("%s: %s\n", what, good ? "good" : "BAD");
    return EXIT_SUCCESS;
}
