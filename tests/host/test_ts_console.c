/* SPDX-License-Identifier: MIT */
/* The console daemon's core against guests and viewers that behave, and that do not. */
#include "test.h"
#include "ts_fake.h"

#include <stdlib.h>

#include <abi/io/console.h>

#define MAX_SEEN 200000

static struct ts_hv *hv;
static struct ts_consoles *consoles;

/* A domain with a console ring and an unbound port. */
struct guest {
    domid_t id;
    evtchn_port_t port;
    xen_pfn_t mfn;
    struct xencons_interface *ring;
    evtchn_port_t ours;
};

static struct guest make_guest(void)
{
    struct ts_domain_params params = { .max_vcpus = 1 };
    struct guest g = { 0 };

    assert_int_equal(hv->ops->domain_create(hv, &params, &g.id), 0);
    assert_int_equal(hv->ops->domain_set_max_mem(hv, g.id, 4), 0);
    assert_int_equal(hv->ops->memory_populate(hv, g.id, &g.mfn, 1, 0), 1);
    assert_int_equal(hv->ops->evtchn_alloc_unbound(hv, g.id, 0, &g.port), 0);
    g.ring = fake_frame(g.mfn);
    return g;
}

static struct guest add_guest(void)
{
    struct guest g = make_guest();

    assert_int_equal(ts_console_add(consoles, g.id, g.mfn, g.port, &g.ours), 0);
    assert_int_equal(fake_peer(g.id, g.port), g.ours);
    assert_int_equal(ts_console_port(consoles, g.id), g.ours);
    return g;
}

static void remove_guest(const struct guest *g)
{
    ts_console_remove(consoles, g->id);
    assert_int_equal(hv->ops->domain_destroy(hv, g->id), 0);
}

/* What the guest's driver does. */
static void guest_writes(const struct guest *g, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g->ring->out[g->ring->out_prod++ % sizeof(g->ring->out)] = text[i];
    ts_consoles_event(consoles, g->ours);
}

static size_t guest_reads(const struct guest *g, char *text)
{
    size_t n = 0;

    while (g->ring->in_cons != g->ring->in_prod)
        text[n++] = g->ring->in[g->ring->in_cons++ % sizeof(g->ring->in)];
    text[n] = '\0';
    return n;
}

struct seen {
    char text[MAX_SEEN];
    size_t n, room; /* room: what it takes before it says it is full */
    bool gone, ready;
};

static size_t seen_output(void *context, const char *text, size_t n)
{
    struct seen *s = context;

    n = n < s->room ? n : s->room;
    assert_true(s->n + n < MAX_SEEN);
    memcpy(s->text + s->n, text, n);
    s->n += n;
    s->room -= n;
    s->text[s->n] = '\0';
    return n;
}

static void seen_gone(void *context)
{
    ((struct seen *)context)->gone = true;
}

static void seen_ready(void *context)
{
    ((struct seen *)context)->ready = true;
}

static const struct ts_viewer_ops viewer_ops = { seen_output, seen_gone, seen_ready };

static struct seen *new_seen(size_t room)
{
    struct seen *s = calloc(1, sizeof(*s));

    s->room = room;
    return s;
}

static int start_with(size_t scrollback, unsigned int max_viewers)
{
    struct ts_console_limits limits = { scrollback, max_viewers };

    hv = fake_hv_start(256);
    consoles = ts_consoles_create(hv, &limits);
    return 0;
}

static int start(void **state)
{
    (void)state;
    return start_with(2048, 2);
}

static int stop(void **state)
{
    (void)state;
    ts_consoles_destroy(consoles);
    fake_hv_check_empty();
    fake_hv_stop();
    return 0;
}

/* --- */

static void output_and_input(void **state)
{
    struct guest g = add_guest();
    struct seen *s = new_seen(MAX_SEEN);
    struct ts_viewer *v;
    char text[1025];

    (void)state;
    guest_writes(&g, "before ", 7);
    assert_int_equal(fake_events(g.id, g.port), 1);
    assert_int_equal(ts_viewer_attach(consoles, g.id, true, &viewer_ops, s, &v), 0);
    guest_writes(&g, "after", 5);
    assert_string_equal(s->text, "before after");
    assert_int_equal(ts_viewer_input(v, "typed", 5), 5);
    assert_int_equal(fake_events(g.id, g.port), 3);
    assert_int_equal(guest_reads(&g, text), 5);
    assert_string_equal(text, "typed");
    assert_int_equal(ts_console_history(consoles, g.id, text, 6), 6);
    assert_memory_equal(text, " after", 6);
    guest_writes(&g, " last", 5);
    g.ring->out[g.ring->out_prod++ % sizeof(g.ring->out)] = '!';
    remove_guest(&g);
    assert_string_equal(s->text, "before after last!");
    assert_true(s->gone);
    free(s);
}

static void without_history(void **state)
{
    struct guest g = add_guest();
    struct seen *s = new_seen(MAX_SEEN);
    struct ts_viewer *v;

    (void)state;
    guest_writes(&g, "before ", 7);
    assert_int_equal(ts_viewer_attach(consoles, g.id, false, &viewer_ops, s, &v), 0);
    guest_writes(&g, "after", 5);
    assert_string_equal(s->text, "after");
    ts_viewer_detach(v);
    guest_writes(&g, "more", 4);
    assert_string_equal(s->text, "after");
    remove_guest(&g);
    assert_false(s->gone);
    free(s);
}

/* Text of a length that matches no size: the newest stays, in order. */
static void scrollback_keeps_the_newest(void **state)
{
    struct guest g = add_guest();
    char all[20000], text[4096];

    (void)state;
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (char)(i * 31 + i / 251);
    for (size_t at = 0; at < sizeof(all);) {
        size_t n = 1 + at % 977, kept;

        n = n < sizeof(all) - at ? n : sizeof(all) - at;
        guest_writes(&g, all + at, n);
        at += n;
        kept = ts_console_history(consoles, g.id, text, sizeof(text));
        assert_int_equal(kept, at < 2048 ? at : 2048);
        assert_memory_equal(text, all + at - kept, kept);
    }
    remove_guest(&g);
}

/* A slow viewer loses text, and knows how much; the guest and the other lose nothing. */
static void slow_viewer(void **state)
{
    struct guest g = add_guest();
    struct seen *slow = new_seen(10), *fast = new_seen(MAX_SEEN);
    struct ts_viewer *v, *w;
    char line[1000];

    (void)state;
    assert_int_equal(ts_viewer_attach(consoles, g.id, true, &viewer_ops, slow, &v), 0);
    assert_int_equal(ts_viewer_attach(consoles, g.id, true, &viewer_ops, fast, &w), 0);
    for (unsigned int i = 0; i < 20; i++) {
        memset(line, 'a' + (char)i, sizeof(line));
        guest_writes(&g, line, sizeof(line));
        assert_int_equal(g.ring->out_cons, g.ring->out_prod);
    }
    assert_int_equal(fast->n, 20000);
    assert_int_equal(slow->n, 10);
    slow->room = MAX_SEEN;
    ts_viewer_ready(v);
    assert_int_equal(ts_viewer_lost(v), 20000 - 10 - 2048);
    assert_int_equal(slow->n, 10 + 2048);
    assert_memory_equal(slow->text + 10, fast->text + 20000 - 2048, 2048);
    assert_int_equal(ts_viewer_lost(w), 0);
    remove_guest(&g);
    free(slow);
    free(fast);
}

static void full_input(void **state)
{
    struct guest g = add_guest();
    struct seen *s = new_seen(0);
    struct ts_viewer *v;
    char text[1025], typed[1500];

    (void)state;
    for (unsigned int i = 0; i < sizeof(typed); i++)
        typed[i] = (char)('a' + i % 26);
    assert_int_equal(ts_viewer_attach(consoles, g.id, true, &viewer_ops, s, &v), 0);
    assert_int_equal(ts_viewer_input(v, typed, 1500), 1024);
    assert_int_equal(ts_viewer_input(v, typed + 1024, 476), 0);
    ts_consoles_event(consoles, g.ours);
    assert_false(s->ready);
    assert_int_equal(guest_reads(&g, text), 1024);
    assert_memory_equal(text, typed, 1024);
    ts_consoles_event(consoles, g.ours);
    assert_true(s->ready);
    assert_int_equal(ts_viewer_input(v, typed + 1024, 476), 476);
    assert_int_equal(guest_reads(&g, text), 476);
    assert_memory_equal(text, typed + 1024, 476);
    remove_guest(&g);
    free(s);
}

static void limits_and_absent_domains(void **state)
{
    struct guest g = add_guest();
    struct seen *s = new_seen(0);
    struct ts_viewer *v[3];
    char text[8];
    evtchn_port_t port;

    (void)state;
    assert_int_equal(ts_viewer_attach(consoles, g.id, true, &viewer_ops, s, &v[0]), 0);
    assert_int_equal(ts_viewer_attach(consoles, g.id, true, &viewer_ops, s, &v[1]), 0);
    assert_int_equal(ts_viewer_attach(consoles, g.id, true, &viewer_ops, s, &v[2]),
                     -XEN_EBUSY);
    ts_viewer_detach(v[0]);
    assert_int_equal(ts_viewer_attach(consoles, g.id, true, &viewer_ops, s, &v[0]), 0);
    assert_int_equal(ts_viewer_attach(consoles, 77, true, &viewer_ops, s, &v[2]),
                     -XEN_ESRCH);
    assert_int_equal(ts_console_add(consoles, g.id, g.mfn, g.port, &port), -XEN_EEXIST);
    assert_int_equal(ts_console_history(consoles, 77, text, 8), 0);
    assert_int_equal(ts_console_port(consoles, 77), 0);
    ts_console_remove(consoles, 77);
    ts_consoles_event(consoles, 4000);
    remove_guest(&g);
    free(s);
}

/* Any indices: no access outside the ring, and a sane guest is served again after. */
static void hostile_indices(void **state)
{
    static const uint32_t values[] = { 0,         1,          1023,       1024,
                                       1025,      2047,       2048,       2049,
                                       4096,      0x7fffffff, 0x80000000, 0xfffff000,
                                       0xffffffff };
    const unsigned int n = sizeof(values) / sizeof(values[0]);
    struct guest g = add_guest();
    struct seen *s = new_seen(MAX_SEEN);
    struct ts_viewer *v;
    char text[1025];

    (void)state;
    assert_int_equal(ts_viewer_attach(consoles, g.id, true, &viewer_ops, s, &v), 0);
    for (unsigned int i = 0; i < n * n * n; i++) {
        g.ring->out_prod = values[i % n];
        g.ring->out_cons = values[i / n % n];
        g.ring->in_cons = values[i / n / n];
        g.ring->in_prod = values[i % 7];
        s->n = 0;
        s->room = MAX_SEEN;
        ts_consoles_event(consoles, g.ours);
        assert_true(s->n <= 2048);
        assert_int_equal(g.ring->out_cons, g.ring->out_prod);
        assert_true(ts_viewer_input(v, "x", 1) <= 1);
    }
    guest_reads(&g, text);
    ts_viewer_input(v, "", 0);
    s->n = 0;
    guest_writes(&g, "sane", 4);
    assert_string_equal(s->text, "sane");
    assert_int_equal(ts_viewer_input(v, "input", 5), 5);
    assert_int_equal(guest_reads(&g, text), 5);
    remove_guest(&g);
    free(s);
}

static void many_guests(void **state)
{
    struct guest g[100];
    char text[8];

    (void)state;
    for (unsigned int i = 0; i < 100; i++)
        g[i] = add_guest();
    for (unsigned int i = 0; i < 100; i++)
        guest_writes(&g[i], (const char *)&i, 2);
    for (unsigned int i = 0; i < 100; i++) {
        assert_int_equal(ts_console_history(consoles, g[i].id, text, 8), 2);
        assert_memory_equal(text, &i, 2);
    }
    for (unsigned int i = 0; i < 100; i++)
        remove_guest(&g[(i * 37) % 100]);
}

static void every_step_fails(void **state)
{
    struct guest g = make_guest();
    int rc = -1;

    (void)state;
    for (unsigned long n = 1; rc; n++) {
        fake_fail_at(n);
        rc = ts_console_add(consoles, g.id, g.mfn, g.port, &g.ours);
        if (rc)
            assert_int_equal(fake_nr_maps(), 0);
    }
    fake_fail_at(0);
    ts_console_remove(consoles, g.id);
    rc = -1;
    for (unsigned long n = 1; rc; n++) {
        fake_fail_alloc_at(n);
        rc = ts_console_add(consoles, g.id, g.mfn, g.port, &g.ours);
        if (rc)
            assert_int_equal(fake_nr_maps(), 0);
    }
    fake_fail_alloc_at(1); /* the scroll-back cannot grow */
    for (unsigned int i = 0; i < 3; i++)
        guest_writes(&g, "0123456789abcdef0123456789abcdef", 32);
    for (unsigned int i = 0; i < 100; i++)
        guest_writes(&g, "0123456789abcdef0123456789abcdef", 32);
    assert_true(fake_has_failed());
    remove_guest(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(output_and_input, start, stop),
        cmocka_unit_test_setup_teardown(without_history, start, stop),
        cmocka_unit_test_setup_teardown(scrollback_keeps_the_newest, start, stop),
        cmocka_unit_test_setup_teardown(slow_viewer, start, stop),
        cmocka_unit_test_setup_teardown(full_input, start, stop),
        cmocka_unit_test_setup_teardown(limits_and_absent_domains, start, stop),
        cmocka_unit_test_setup_teardown(hostile_indices, start, stop),
        cmocka_unit_test_setup_teardown(many_guests, start, stop),
        cmocka_unit_test_setup_teardown(every_step_fails, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
