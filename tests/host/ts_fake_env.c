/* SPDX-License-Identifier: MIT */
/* The model xenstore, files, a manager's surroundings, and a kernel image. */
#include "ts_fake.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <abi/elfnote.h>

bool fake_fails(void);

/* --- xenstore: a list of nodes; a transaction keeps a copy to go back to --- */

#define PATH_MAX_ 128

struct node {
    char path[PATH_MAX_];
    char value[96];
    char perms[24];
};

struct nodes {
    struct node *node;
    unsigned int n, room;
};

static struct {
    struct nodes now, before;
    bool in_transaction;
    unsigned int conflicts;
    bool introduced[2048];
} store;

static struct node *find_node(const char *path)
{
    for (unsigned int i = store.now.n; i-- > 0;)
        if (!strcmp(store.now.node[i].path, path))
            return &store.now.node[i];
    return NULL;
}

const char *fake_node(const char *path)
{
    struct node *node = find_node(path);

    return node ? node->value : NULL;
}

const char *fake_node_perms(const char *path)
{
    struct node *node = find_node(path);

    return node ? node->perms : NULL;
}

unsigned int fake_nr_nodes(void)
{
    return store.now.n;
}

bool fake_is_introduced(domid_t id)
{
    return store.introduced[id];
}

void fake_store_conflicts(unsigned int n)
{
    store.conflicts = n;
}

static void copy_nodes(struct nodes *to, const struct nodes *from)
{
    free(to->node);
    *to = *from;
    to->node = malloc((from->room + 1) * sizeof(*to->node));
    if (from->n)
        memcpy(to->node, from->node, from->n * sizeof(*to->node));
}

static int store_begin(void *context, uint32_t *transaction)
{
    (void)context;
    if (fake_fails())
        return -XEN_ENOSPC;
    assert_false(store.in_transaction);
    copy_nodes(&store.before, &store.now);
    store.in_transaction = true;
    *transaction = 7;
    return 0;
}

static int store_end(void *context, uint32_t transaction, bool commit)
{
    int rc = 0;

    (void)context;
    assert_true(store.in_transaction);
    assert_int_equal(transaction, 7);
    store.in_transaction = false;
    if (commit && fake_fails())
        rc = -XEN_EIO;
    else if (commit && store.conflicts && store.conflicts--)
        rc = -XEN_EAGAIN;
    if (!commit || rc)
        copy_nodes(&store.now, &store.before);
    return rc;
}

/* A new node has its parent's permissions. */
static struct node *add_node(const char *path)
{
    struct nodes *now = &store.now;
    struct node *node, *parent;
    char up[PATH_MAX_];

    if (now->n == now->room) {
        now->room = now->room ? now->room * 2 : 64;
        now->node = realloc(now->node, now->room * sizeof(*now->node));
    }
    snprintf(up, sizeof(up), "%s", path);
    *strrchr(up, '/') = '\0';
    parent = *up ? find_node(up) : NULL;
    if (!parent && *up)
        parent = add_node(up);
    if (now->n == now->room) {
        now->room *= 2;
        now->node = realloc(now->node, now->room * sizeof(*now->node));
    }
    node = &now->node[now->n++];
    snprintf(node->path, sizeof(node->path), "%s", path);
    node->value[0] = '\0';
    parent = *up ? find_node(up) : NULL;
    snprintf(node->perms, sizeof(node->perms), "%s", parent ? parent->perms : "0n-");
    return node;
}

static int store_write(void *context, uint32_t transaction, const char *path,
                       const void *value, size_t n)
{
    struct node *node = find_node(path);

    (void)context;
    (void)transaction;
    if (fake_fails())
        return -XEN_ENOSPC;
    if (!node)
        node = add_node(path);
    assert_true(n < sizeof(node->value));
    memcpy(node->value, value, n);
    node->value[n] = '\0';
    return 0;
}

static int store_read(void *context, uint32_t transaction, const char *path, char *text,
                      size_t size)
{
    const char *value = fake_node(path);

    (void)context;
    (void)transaction;
    if (!value)
        return -XEN_ENOENT;
    snprintf(text, size, "%s", value);
    return 0;
}

/* Empty nodes above that were made only for this one go, too: nothing is to be left. */
static int store_remove(void *context, uint32_t transaction, const char *path)
{
    size_t n = strlen(path);
    unsigned int to = 0, had = store.now.n;

    (void)context;
    (void)transaction;
    for (unsigned int i = 0; i < store.now.n; i++) {
        const char *p = store.now.node[i].path;

        if (!strncmp(p, path, n) && (!p[n] || p[n] == '/'))
            continue;
        store.now.node[to++] = store.now.node[i];
    }
    store.now.n = to;
    return to == had ? -XEN_ENOENT : 0;
}

static int store_set_perms(void *context, uint32_t transaction, const char *path,
                           domid_t owner, char others, domid_t reader)
{
    struct node *node = find_node(path);

    (void)context;
    (void)transaction;
    if (fake_fails())
        return -XEN_ENOMEM;
    assert_non_null(node);
    if (reader == DOMID_INVALID)
        snprintf(node->perms, sizeof(node->perms), "%u%c-", owner, others);
    else
        snprintf(node->perms, sizeof(node->perms), "%u%c%u", owner, others, reader);
    return 0;
}

static int store_introduce(void *context, domid_t id, uint64_t mfn, evtchn_port_t port)
{
    (void)context;
    (void)port;
    if (fake_fails())
        return -XEN_ENOMEM;
    assert_int_equal(fake_frame_owner(mfn), id);
    assert_false(store.introduced[id]);
    store.introduced[id] = true;
    return 0;
}

static void store_ended(void *context, domid_t id)
{
    (void)context;
    (void)id;
}

static void store_release(void *context, domid_t id)
{
    (void)context;
    store.introduced[id] = false;
}

const struct ts_store_ops fake_store_ops = {
    .begin = store_begin,
    .end = store_end,
    .write = store_write,
    .read = store_read,
    .remove = store_remove,
    .set_perms = store_set_perms,
    .introduce = store_introduce,
    .ended = store_ended,
    .release = store_release,
};

void fake_store_stop(void)
{
    free(store.now.node);
    free(store.before.node);
    memset(&store, 0, sizeof(store));
}

/* --- files --- */

static struct {
    const char *path;
    const void *data;
    size_t size;
} files[16];
static unsigned int nr_loaded;

void fake_file(const char *path, const void *data, size_t size)
{
    unsigned int i = 0;

    while (files[i].path && strcmp(files[i].path, path))
        assert_true(++i < 16);
    files[i].path = path;
    files[i].data = data;
    files[i].size = size;
}

unsigned int fake_loaded_files(void)
{
    return nr_loaded;
}

int fake_load(void *context, const char *path, const void **data, size_t *size,
              struct ts_err *err)
{
    (void)context;
    if (fake_fails())
        return ts_fail(err, -XEN_EIO, "%s is on a broken disk", path);
    for (unsigned int i = 0; i < 16 && files[i].path; i++) {
        if (strcmp(files[i].path, path))
            continue;
        *data = files[i].data;
        *size = files[i].size;
        nr_loaded++;
        return 0;
    }
    return -XEN_ENOENT;
}

void fake_unload(void *context, const void *data, size_t size)
{
    (void)context;
    (void)size;
    assert_non_null(data);
    nr_loaded--;
}

/* --- the rest --- */

static struct ts_consoles *consoles;
static uint64_t timer;
static char events[8192];
static size_t events_size;
static bool events_read;

static void env_random(void *context, void *bytes, size_t n)
{
    static uint8_t next = 1;

    (void)context;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)bytes)[i] = next = (uint8_t)(next * 73 + 41);
}

static void env_set_timer(void *context, uint64_t deadline_ns)
{
    (void)context;
    timer = deadline_ns;
}

void (*fake_event_hook)(enum ts_event event, const struct ts_domain *domain,
                        const char *text);

static void env_event(void *context, enum ts_event event, const struct ts_domain *d,
                      const char *text)
{
    static const char *const names[] = {
        [TS_EVENT_CREATED] = "created",
        [TS_EVENT_ENDED] = "ended",
        [TS_EVENT_RESTARTED] = "restarted",
        [TS_EVENT_RESTART_FAILED] = "restart-failed",
        [TS_EVENT_PRESERVED] = "preserved",
        [TS_EVENT_RENAMED] = "renamed",
        [TS_EVENT_SHUTDOWN_TIMEOUT] = "timeout",
        [TS_EVENT_DESTROYED] = "destroyed",
    };

    (void)context;
    assert_non_null(text);
    if (fake_event_hook)
        fake_event_hook(event, d, text);
    if (events_read)
        events_size = 0;
    events_read = false;
    if (events_size < sizeof(events) - 128)
        events_size +=
            (size_t)snprintf(events + events_size, sizeof(events) - events_size,
                             "%s %s\n", names[event], d->name);
}

const char *fake_events_seen(void)
{
    if (events_read)
        events_size = 0;
    events[events_size] = '\0';
    events_read = true;
    return events;
}

uint64_t fake_timer(void)
{
    return timer;
}

struct ts_consoles *fake_consoles(void)
{
    return consoles;
}

struct ts_manager *fake_manager_start_on(const struct ts_store_ops *ops, void *context)
{
    struct ts_manager_env env = {
        .hv = fake_hv(),
        .consoles = consoles = ts_consoles_create(fake_hv(), NULL),
        .store = ops,
        .store_context = context,
        .load = fake_load,
        .unload = fake_unload,
        .random = env_random,
        .set_timer = env_set_timer,
        .event = env_event,
    };
    size_t size;
    const void *kernel = fake_kernel(&size);

    fake_events_seen();
    fake_events_seen();
    fake_file("kernel", kernel, size);
    return ts_manager_create(&env);
}

struct ts_manager *fake_manager_start(unsigned int frames)
{
    fake_hv_start(frames);
    fake_store_stop();
    return fake_manager_start_on(&fake_store_ops, NULL);
}

void fake_manager_stop(struct ts_manager *manager)
{
    ts_manager_destroy(manager);
    ts_consoles_destroy(consoles);
    consoles = NULL;
    assert_int_equal(nr_loaded, 0);
    fake_hv_check_empty();
    fake_hv_stop();
    fake_store_stop();
}

/* --- an image --- */

#define BASE         0x400000ull
#define HEADERS_SIZE 4096
#define TEXT_SIZE    (2 * 4096)
#define BSS_SIZE     4096

static uint8_t image[HEADERS_SIZE + TEXT_SIZE];

static void put(uint8_t **at, const void *bytes, size_t n)
{
    memcpy(*at, bytes, n);
    *at += n;
}

static void put_note(uint8_t **at, uint32_t type, const void *desc, uint32_t size)
{
    uint32_t head[3] = { 4, size, type };

    put(at, head, sizeof(head));
    put(at, "Xen", 4);
    put(at, desc, size);
    *at += -(size_t)size & 3;
}

static void put_number(uint8_t **at, uint32_t type, uint64_t value)
{
    put_note(at, type, &value, 8);
}

static void put_segment(unsigned int i, uint32_t type, uint64_t offset, uint64_t filesz,
                        uint64_t memsz)
{
    uint32_t words[2] = { type, 7 };
    uint64_t longs[6] = { offset, BASE, 0, filesz, memsz, 4096 };
    uint8_t *at = image + 64 + i * 56;

    put(&at, words, sizeof(words));
    put(&at, longs, sizeof(longs));
}

static void put_header(void)
{
    static const uint8_t ident[16] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
    uint16_t kind[2] = { 2, 62 }, sizes[6] = { 64, 56, 2, 64, 0, 0 };
    uint32_t version = 1, flags = 0;
    uint64_t longs[3] = { BASE + 16, 64, 0 };
    uint8_t *at = image;

    put(&at, ident, sizeof(ident));
    put(&at, kind, sizeof(kind));
    put(&at, &version, 4);
    put(&at, longs, sizeof(longs));
    put(&at, &flags, 4);
    put(&at, sizes, sizeof(sizes));
}

const void *fake_kernel(size_t *size)
{
    uint8_t *start = image + 256, *at = start;

    memset(image, 0, sizeof(image));
    put_note(&at, XEN_ELFNOTE_GUEST_OS, "fake", 5);
    put_note(&at, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    put_note(&at, XEN_ELFNOTE_LOADER, "generic", 8);
    put_number(&at, XEN_ELFNOTE_VIRT_BASE, BASE);
    put_number(&at, XEN_ELFNOTE_PADDR_OFFSET, 0);
    put_number(&at, XEN_ELFNOTE_ENTRY, BASE + 32);
    put_number(&at, XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 4096);
    put_header();
    put_segment(0, 1, HEADERS_SIZE, TEXT_SIZE, TEXT_SIZE + BSS_SIZE);
    put_segment(1, 4, 256, (uint64_t)(at - start), (uint64_t)(at - start));
    for (unsigned int i = 0; i < TEXT_SIZE; i++)
        image[HEADERS_SIZE + i] = (uint8_t)(i * 7 + i / 4096);
    *size = sizeof(image);
    return image;
}
