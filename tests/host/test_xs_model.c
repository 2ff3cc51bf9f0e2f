/* SPDX-License-Identifier: MIT */
/*
 * The store against a model: random operations of domains 0, 1 and 2, in transactions and
 * outside, on a tree of forty nodes. Each result, value, list, set of permissions and
 * commit must be what the model says, and watches must fire for what changed, no more.
 */
#include "xs_client.h"
#include "hv_host.h"

#define PATHS        40u /* "/" and three levels of a, b, c */
#define DOMS         3u
#define TRANSACTIONS 4u
#define OPS          150000u
#define LOG          64u

enum op { READ, LIST, GET_PERMS, WRITE, MKDIR, REMOVE, SET_PERMS, NR_OPS };

struct perms {
    unsigned int owner;
    uint8_t others;
    int8_t listed[DOMS]; /* access of 1 and 2; -1: not listed */
};

struct model_node {
    bool exists;
    uint32_t value; /* 0: none */
    struct perms perms;
    uint64_t version;
};

struct model {
    struct model_node node[PATHS];
};

struct action {
    enum op op;
    unsigned int path;
    uint32_t value;
    struct perms perms;
};

static struct model live;
static uint64_t versions;
static unsigned int conflicts, commits, refusals, events; /* so many were seen */
static struct transaction {
    bool open;
    unsigned int dom;
    uint32_t id;
    struct model base, view;
    uint8_t seen[PATHS]; /* 1: permissions, 2: content */
    struct action log[LOG];
    unsigned int logged;
} transactions[TRANSACTIONS];

static char names[PATHS][8];
static struct xs_server *server;
static struct xs_local *local[DOMS];
static bool fired[DOMS][PATHS][PATHS]; /* watch on the first path, event of the second */
static bool expected[DOMS][PATHS][PATHS];
static bool watched[DOMS][PATHS];

static unsigned int pick(unsigned int n)
{
    return (unsigned int)(host_random() % n);
}

static unsigned int parent_of(unsigned int path)
{
    return (path - 1) / 3;
}

static void name_paths(void)
{
    strcpy(names[0], "/");
    for (unsigned int i = 1; i < PATHS; i++)
        snprintf(names[i], sizeof(names[i]), "%.5s/%c", i < 4 ? "" : names[parent_of(i)],
                 "abc"[(i - 1) % 3]);
}

/* --- the model --- */
static unsigned int access_of(const struct perms *perms, unsigned int dom)
{
    if (!dom || perms->owner == dom)
        return 7;
    return perms->listed[dom] >= 0 ? (unsigned int)perms->listed[dom] : perms->others;
}

static unsigned int nearest(const struct model *m, unsigned int path)
{
    while (!m->node[path].exists)
        path = parent_of(path);
    return path;
}

static int judge(const struct model *m, unsigned int dom, unsigned int path,
                 unsigned int need)
{
    if ((access_of(&m->node[nearest(m, path)].perms, dom) & need) != need)
        return -XEN_EACCES;
    return m->node[path].exists ? 0 : -XEN_ENOENT;
}

static bool is_within(unsigned int path, unsigned int top)
{
    while (path > top)
        path = parent_of(path);
    return path == top;
}

static void expect_event(unsigned int path, bool exact, const struct perms *near,
                         unsigned int count)
{
    for (unsigned int d = 0; d < DOMS; d++) {
        bool may = false;

        for (unsigned int i = 0; i < count; i++)
            may |= access_of(&near[i], d) & XS_ACCESS_READ;
        for (unsigned int w = 0; w < PATHS && may; w++)
            if (watched[d][w] && (exact ? w == path : is_within(path, w)))
                expected[d][w][path] = true;
    }
}

static void model_create(struct model *m, unsigned int dom, unsigned int path)
{
    struct model_node *node = &m->node[path], *parent = &m->node[parent_of(path)];

    if (!parent->exists)
        model_create(m, dom, parent_of(path));
    else
        parent->version = ++versions;
    *node = (struct model_node){ .exists = true, .perms = parent->perms };
    node->version = ++versions;
    if (dom)
        node->perms.owner = dom;
}

static void model_remove(struct model *m, unsigned int path, bool is_live)
{
    m->node[parent_of(path)].version = ++versions;
    for (unsigned int i = path; i < PATHS; i++) {
        struct perms near[] = { m->node[i].perms, m->node[parent_of(i)].perms };

        if (m->node[i].exists && is_within(i, path) && is_live)
            expect_event(i, i != path, near, 2);
    }
    for (unsigned int i = PATHS; i-- > path;)
        if (is_within(i, path))
            m->node[i].exists = false;
}

static int model_change(struct model *m, unsigned int dom, const struct action *a,
                        bool is_live, bool *effect)
{
    struct model_node *node = &m->node[a->path];
    struct perms near[3];
    int rc;

    *effect = false;
    rc = judge(m, dom, a->path, a->op == SET_PERMS ? 6 : XS_ACCESS_WRITE);
    if (a->op == REMOVE) {
        if (rc == -XEN_ENOENT && m->node[parent_of(a->path)].exists)
            return 0;
        if (rc || !a->path)
            return rc ? rc : -XEN_EINVAL;
        *effect = true;
        model_remove(m, a->path, is_live);
        return 0;
    }
    if (rc == -XEN_EACCES || (rc && a->op == SET_PERMS))
        return rc;
    if (a->op == SET_PERMS && dom && node->perms.owner != a->perms.owner)
        return -XEN_EPERM;
    if (!rc && a->op == MKDIR)
        return 0;
    near[2] = node->perms;
    if (rc)
        model_create(m, dom, a->path);
    if (rc || a->op != SET_PERMS)
        near[2] = node->perms;
    if (a->op == WRITE)
        node->value = a->value;
    if (a->op == SET_PERMS)
        node->perms = a->perms;
    node->version = ++versions;
    near[0] = node->perms;
    near[1] = m->node[a->path ? parent_of(a->path) : 0].perms;
    if (is_live)
        expect_event(a->path, false, near, 3);
    *effect = true;
    return 0;
}

static bool same_perms(const struct perms *a, const struct perms *b)
{
    return a->owner == b->owner && a->others == b->others &&
           a->listed[1] == b->listed[1] && a->listed[2] == b->listed[2];
}

static bool model_conflict(const struct transaction *t)
{
    for (unsigned int i = 0; i < PATHS; i++) {
        const struct model_node *base = &t->base.node[i], *now = &live.node[i];

        if (!t->seen[i] || (!base->exists && !now->exists))
            continue;
        if (base->exists != now->exists)
            return true;
        if (t->seen[i] == 2 ? base->version != now->version
                            : !same_perms(&base->perms, &now->perms))
            return true;
    }
    return false;
}

static void see(struct transaction *t, unsigned int path, uint8_t how)
{
    if (t->seen[path] < how)
        t->seen[path] = how;
}

static void see_change(struct transaction *t, const struct action *a)
{
    bool exists = t->view.node[a->path].exists;

    see(t, a->path, a->op == MKDIR && exists ? 1 : 2);
    if (!exists)
        see(t, nearest(&t->view, a->path), 1);
}

/* --- both --- */
static unsigned int list_perms(const struct perms *perms, struct xs_permission *list)
{
    unsigned int count = 1;

    list[0] = (struct xs_permission){ (domid_t)perms->owner, perms->others };
    for (unsigned int d = 1; d < DOMS; d++)
        if (perms->listed[d] >= 0)
            list[count++] =
                (struct xs_permission){ (domid_t)d, (uint8_t)perms->listed[d] };
    return count;
}

static unsigned int children;

static void each_child(void *context, const char *name)
{
    const struct model *m = ((void **)context)[0];
    unsigned int path = *(unsigned int *)((void **)context)[1];

    assert_int_equal(strlen(name), 1);
    assert_true(m->node[path * 3 + 1 + (unsigned int)(name[0] - 'a')].exists);
    children++;
}

static void check_list(const struct model *m, unsigned int dom, uint32_t tx,
                       unsigned int path, int want)
{
    void *context[] = { (void *)(uintptr_t)m, &path };

    children = 0;
    assert_int_equal(xs_local_list(local[dom], tx, names[path], each_child, context),
                     want);
    for (unsigned int i = path * 3 + 1; !want && i < PATHS && i < path * 3 + 4; i++)
        children -= m->node[i].exists;
    assert_int_equal(children, 0);
}

static void check_read(const struct model *m, unsigned int dom, uint32_t tx,
                       unsigned int path, int want)
{
    char text[16], value[16] = "";
    size_t length;

    assert_int_equal(
        xs_local_read(local[dom], tx, names[path], text, sizeof(text), &length), want);
    if (want)
        return;
    if (m->node[path].value)
        snprintf(value, sizeof(value), "%u", m->node[path].value);
    assert_string_equal(text, value);
    assert_int_equal(length, strlen(value));
}

static void check_perms(const struct model *m, unsigned int dom, uint32_t tx,
                        unsigned int path, int want)
{
    struct xs_permission list[4], want_list[4];
    unsigned int count = list_perms(&m->node[path].perms, want_list);
    int rc = xs_local_get_permissions(local[dom], tx, names[path], list, 4);

    assert_int_equal(rc, want ? want : (int)count);
    for (unsigned int i = 0; !want && i < count; i++) {
        assert_int_equal(list[i].domid, want_list[i].domid);
        assert_int_equal(list[i].access, want_list[i].access);
    }
}

static int real_change(unsigned int dom, uint32_t tx, const struct action *a)
{
    struct xs_permission list[4];
    char text[16];

    switch (a->op) {
    case WRITE:
        snprintf(text, sizeof(text), "%u", a->value);
        return xs_local_write(local[dom], tx, names[a->path], text, strlen(text));
    case MKDIR:
        return xs_local_mkdir(local[dom], tx, names[a->path]);
    case REMOVE:
        return xs_local_remove(local[dom], tx, names[a->path]);
    default:
        return xs_local_set_permissions(local[dom], tx, names[a->path], list,
                                        list_perms(&a->perms, list));
    }
}

static struct action random_action(void)
{
    struct action a = { .op = (enum op)pick(NR_OPS), .path = pick(PATHS) };

    a.value = 1 + pick(100000);
    a.perms.owner = pick(DOMS);
    a.perms.others = (uint8_t)pick(4);
    a.perms.listed[1] = (int8_t)((int)pick(5) - 1);
    a.perms.listed[2] = (int8_t)((int)pick(5) - 1);
    return a;
}

static void look(struct transaction *t, unsigned int dom, const struct action *a)
{
    const struct model *m = t ? &t->view : &live;
    int want = judge(m, dom, a->path, XS_ACCESS_READ);
    uint32_t tx = t ? t->id : 0;

    if (t)
        see(t, a->path, 2);
    if (a->op == READ)
        check_read(m, dom, tx, a->path, want);
    else if (a->op == LIST)
        check_list(m, dom, tx, a->path, want);
    else
        check_perms(m, dom, tx, a->path, want);
}

static void change(struct transaction *t, unsigned int dom, const struct action *a)
{
    struct model *m = t ? &t->view : &live;
    bool effect = false;
    int want = 0;

    if (t && t->logged == LOG)
        return;
    if (t && a->op == REMOVE)
        see(t, a->path, 2);
    if (a->op == REMOVE)
        want = judge(m, dom, a->path, XS_ACCESS_READ);
    if (want != -XEN_ENOENT) {
        if (t)
            see_change(t, a);
        want = model_change(m, dom, a, !t, &effect);
    }
    assert_int_equal(real_change(dom, t ? t->id : 0, a), want);
    refusals += want == -XEN_EACCES;
    if (t && effect)
        t->log[t->logged++] = *a;
}

static void start(struct transaction *t)
{
    *t = (struct transaction){
        .open = true, .dom = pick(DOMS), .base = live, .view = live
    };
    assert_int_equal(xs_local_transaction_start(local[t->dom], &t->id), 0);
}

static void end(struct transaction *t)
{
    bool commit = pick(4), effect, conflict = t->logged && model_conflict(t);

    t->open = false;
    assert_int_equal(xs_local_transaction_end(local[t->dom], t->id, commit),
                     commit && conflict ? -XEN_EAGAIN : 0);
    conflicts += commit && conflict;
    if (!commit || conflict)
        return;
    commits += t->logged > 1;
    for (unsigned int i = 0; i < t->logged; i++)
        assert_int_equal(model_change(&live, t->dom, &t->log[i], true, &effect), 0);
}

/* --- watches --- */
static unsigned int find_path(const char *name)
{
    for (unsigned int i = 0; i < PATHS; i++)
        if (!strcmp(names[i], name))
            return i;
    fail_msg("event of %s", name);
    return 0;
}

static void event(void *context, const char *path, const char *token)
{
    unsigned int dom = (unsigned int)(uintptr_t)context;

    fired[dom][find_path(token)][find_path(path)] = true;
    events++;
}

/* A transaction's write over its own write is one event, hence sets are compared. */
static void check_events(void)
{
    run(server);
    assert_memory_equal(fired, expected, sizeof(fired));
    memset(fired, 0, sizeof(fired));
    memset(expected, 0, sizeof(expected));
}

static void toggle_watch(void)
{
    unsigned int dom = pick(DOMS), path = pick(PATHS);
    const char *name = names[path];

    check_events(); /* unwatch takes back what has not been told */
    if (watched[dom][path]) {
        assert_int_equal(xs_local_unwatch(local[dom], name, name), 0);
        assert_int_equal(xs_local_unwatch(local[dom], name, name), -XEN_ENOENT);
    } else {
        assert_int_equal(
            xs_local_watch(local[dom], name, name, event, (void *)(uintptr_t)dom), 0);
        assert_int_equal(xs_local_watch(local[dom], name, name, event, NULL),
                         -XEN_EEXIST);
        expected[dom][path][path] = true;
    }
    watched[dom][path] = !watched[dom][path];
}

static void one_step(unsigned int step)
{
    struct transaction *t = &transactions[pick(TRANSACTIONS)];
    unsigned int dom = pick(DOMS);
    struct action a = random_action();
    bool in_transaction = t->open && pick(2);

    if (!pick(50))
        toggle_watch();
    else if (!t->open && !pick(10))
        start(t);
    else if (t->open && !pick(12))
        end(t);
    else if (a.op <= GET_PERMS)
        look(in_transaction ? t : NULL, in_transaction ? t->dom : dom, &a);
    else if (in_transaction || !pick(3))
        change(in_transaction ? t : NULL, in_transaction ? t->dom : dom, &a);
    if (step % 8 == 0)
        check_events();
    if (step % 256 == 0)
        assert_true(xs_server_check(server));
}

static void random_operations(void **state)
{
    (void)state;
    host_random_seed(42);
    name_paths();
    server = test_server(NULL);
    for (domid_t d = 0; d < DOMS; d++)
        local[d] = xs_local_open(server, d);
    live.node[0] =
        (struct model_node){ .exists = true, .perms = { 0, 0, { -1, -1, -1 } } };
    for (unsigned int i = 0; i < OPS; i++)
        one_step(i);
    assert_true(conflicts > 100 && commits > 100 && refusals > 1000 && events > 10000);
    for (unsigned int d = 0; d < DOMS; d++)
        xs_local_close(local[d]);
    test_server_end(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(random_operations) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
