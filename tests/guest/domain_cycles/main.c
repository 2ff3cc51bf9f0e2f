/* SPDX-License-Identifier: MIT */
/*
 * Behaviour: whenever a domain is killed, nothing of it is left.
 * Provocation: cycles of building a second domain and killing it at a random moment:
 * after any step of building; a random time after its start, while it pins a tree of
 * tables, maps and unmaps a grant, grants, sets timers, sends events, crashes or shuts
 * down; meanwhile, in half of the cycles, domain 0's other vCPU pins its tables, maps its
 * grants or its frames, asks about it, pauses it or destroys it too. The command line
 * says how many cycles.
 * Expected: each domain goes; free frames, ports and grant mappings at the end are exactly
 * those of the start.
 *
 *   qemu: -smp 2
 *   args: 100
 *   timeout: 120
 *   xen: differs it keeps memory of gone domains in pools, and key g tells no sum of mappings
 */
#include "child.h"

#include <random.h>
#include <test.h>

#include <abi/memory.h>
#include <abi/sysctl.h>
#include <mini-os/events.h>
#include <mini-os/grants.h>
#include <mini-os/smp.h>
#include <mini-os/time.h>

COVERS(XEN_DOMCTL_destroydomain, XEN_DOMCTL_createdomain);

#define LEAVES      15                  /* level 1 tables in the tree */
#define MOMENT_NS   (2 * NSEC_PER_MSEC) /* longest life */
#define BUILD_STEPS 5

/* What the other vCPU does to the domain meanwhile. */
enum meddling {
    MEDDLE_NOT,
    MEDDLE_PIN,
    MEDDLE_MAP,
    MEDDLE_ASK,
    MEDDLE_PEEK,
    MEDDLE_PAUSE,
    MEDDLE_DESTROY,
    NR_MEDDLINGS,
};

static struct guest guest;
static struct random rnd = { 20 };
static evtchn_port_t channel;
static unsigned long tree[LEAVES + 1]; /* frames: level 2, then the level 1 tables */
static void *tree_window, *grant_window;
static grant_ref_t granted;
static unsigned int done[NR_DEEDS];

/* --- the other vCPU --- */

static volatile uint32_t meddling;
static volatile bool is_meddling, meddler_ends;
static unsigned int pins_seen, maps_seen;

/* Its grant mapped and unmapped: the domain may go in between, the mapping holds it. */
static void meddle_map(void)
{
    grant_handle_t handle;

    if (grant_map(grant_window, guest.id, CHILD_REF, 0, &handle) != GNTST_okay)
        return;
    maps_seen++;
    check_eq(grant_unmap(grant_window, handle), GNTST_okay);
}

static void meddle_pin(void)
{
    struct mmuext_op op = { .cmd = MMUEXT_PIN_L2_TABLE, .arg1.mfn = tree[0] };

    pins_seen += !HYPERVISOR_mmuext_op(&op, 1, NULL, guest.id);
    op.cmd = MMUEXT_UNPIN_TABLE;
    HYPERVISOR_mmuext_op(&op, 1, NULL, guest.id);
}

static void meddle_ask(void)
{
    static struct vcpu_guest_context context;
    struct xen_domctl op = { 0 };
    struct xen_domctl_getdomaininfo info;

    guest_info(guest.id, &info);
    op.u.vcpucontext.ctxt.p = &context;
    domctl(&op, XEN_DOMCTL_getvcpucontext, guest.id);
}

/* Its frames mapped and unmapped. */
static void meddle_peek(void)
{
    unsigned long window = (unsigned long)grant_window;

    for (unsigned int i = 0; i < 32; i++)
        HYPERVISOR_update_va_mapping_otherdomain(window, pte_make(guest.mfn[i], PTE_RO),
                                                 UVMF_INVLPG | UVMF_LOCAL, guest.id);
    HYPERVISOR_update_va_mapping(window, 0, UVMF_INVLPG | UVMF_LOCAL);
}

static void meddle_pause(void)
{
    if (!domctl_simple(XEN_DOMCTL_pausedomain, guest.id))
        domctl_simple(XEN_DOMCTL_unpausedomain, guest.id);
}

static void meddle(void)
{
    switch (meddling) {
    case MEDDLE_PIN:
        return meddle_pin();
    case MEDDLE_MAP:
        return meddle_map();
    case MEDDLE_ASK:
        return meddle_ask();
    case MEDDLE_PEEK:
        return meddle_peek();
    case MEDDLE_PAUSE:
        return meddle_pause();
    case MEDDLE_DESTROY:
        domctl_simple(XEN_DOMCTL_destroydomain, guest.id);
        return;
    default:
        time_sleep(100 * NSEC_PER_USEC);
    }
}

static void meddler(void *unused)
{
    (void)unused;
    while (!meddler_ends) {
        is_meddling = meddling != MEDDLE_NOT;
        meddle();
    }
}

static void set_meddling(enum meddling what)
{
    meddling = what;
    while (is_meddling != (what != MEDDLE_NOT))
        time_sleep(20 * NSEC_PER_USEC);
}

/* --- building --- */

static int give_frames(void)
{
    struct xen_memory_reservation want = { .nr_extents = LEAVES + 1, .domid = guest.id };
    struct xen_domctl op = { 0 };
    int rc;

    op.u.max_mem.max_memkb = (guest.nr_pages + LEAVES + 1) * (PAGE_SIZE / 1024);
    rc = domctl(&op, XEN_DOMCTL_max_mem, guest.id);
    if (rc)
        return rc;
    for (unsigned int i = 0; i <= LEAVES; i++)
        tree[i] = guest.nr_pages + i;
    want.extent_start.p = tree;
    return HYPERVISOR_memory_op(XENMEM_populate_physmap, &want) == LEAVES + 1 ? 0
                                                                              : -ENOMEM;
}

/* Level 1 tables full of read-only mappings of the domain's frames, and their parent. */
static int fill_frame(unsigned int i, pte_t *table)
{
    int rc = HYPERVISOR_update_va_mapping_otherdomain((unsigned long)table,
                                                      pte_make(tree[i], PTE_RW),
                                                      UVMF_INVLPG | UVMF_ALL, guest.id);

    if (rc)
        return rc;
    memset(table, 0, PAGE_SIZE);
    for (unsigned int n = 0; n < (i ? PTES_PER_TABLE : LEAVES); n++)
        table[n] =
            i ? pte_make(guest.mfn[n % 32], PTE_RO) : pte_make(tree[n + 1], PTE_TABLE);
    return HYPERVISOR_update_va_mapping((unsigned long)table, 0, UVMF_INVLPG | UVMF_ALL);
}

static int grow_tree(struct guest *g)
{
    int rc = give_frames();

    (void)g;
    for (unsigned int i = 0; i <= LEAVES && !rc; i++)
        rc = fill_frame(i, tree_window);
    return rc;
}

/* The first n steps of building. */
static int build(unsigned int n)
{
    static int (*const step[BUILD_STEPS])(struct guest *) = {
        guest_create, guest_populate, grow_tree, guest_load, guest_pin,
    };
    int rc = 0;

    for (unsigned int i = 0; i < n && !rc; i++)
        rc = step[i](&guest);
    return rc;
}

static int connect(void)
{
    struct evtchn_alloc_unbound unbound = { .dom = guest.id, .remote_dom = 0 };
    int rc = (int)HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &unbound);

    if (rc)
        return rc;
    guest.args->port = unbound.port;
    rc = event_bind_interdomain(guest.id, unbound.port, NULL, NULL);
    channel = rc > 0 ? (evtchn_port_t)rc : 0;
    return rc > 0 ? 0 : rc;
}

static void start(enum deed deed)
{
    int ref = grant_access(guest.id, virt_to_mfn(&guest), 0);

    require(ref > 0);
    granted = (grant_ref_t)ref;
    guest.args->from_builder = granted;
    order_of(guest.args)->deed = deed;
    order_of(guest.args)->root_mfn = tree[0];
    require(!guest_set_context(&guest, child));
    require(!connect());
    require(!guest_unpause(&guest));
}

/* --- killing --- */

static bool is_gone(domid_t id)
{
    struct xen_domctl_getdomaininfo info;

    return !guest_info(id, &info);
}

static void wait_gone(domid_t id)
{
    uint64_t deadline = time_now() + 10 * NSEC_PER_SEC;

    while (!is_gone(id) && time_now() < deadline)
        time_sleep(50 * NSEC_PER_USEC);
    if (!is_gone(id))
        fail("d%u does not go", id);
}

/* In half of the cycles our end of the channel goes first, else with the domain. */
static void kill(void)
{
    bool is_closed_first = channel && random_below(&rnd, 2);
    int rc;

    if (is_closed_first)
        event_close(channel);
    guest_unmap(&guest);
    rc = domctl_simple(XEN_DOMCTL_destroydomain, guest.id);
    check_eq(rc == -ESRCH && meddling == MEDDLE_DESTROY ? 0 : rc, 0);
    set_meddling(MEDDLE_NOT);
    wait_gone(guest.id);
    if (channel && !is_closed_first)
        event_close(channel);
    channel = 0;
}

static void end_while_building(void)
{
    unsigned int steps = 1 + random_below(&rnd, BUILD_STEPS);

    require(!build(steps));
    if (steps == BUILD_STEPS)
        set_meddling(random_below(&rnd, NR_MEDDLINGS));
    kill();
}

static void end_at_work(void)
{
    enum deed deed = random_below(&rnd, NR_DEEDS);

    require(!build(BUILD_STEPS));
    start(deed);
    if (random_below(&rnd, 2))
        set_meddling(random_below(&rnd, NR_MEDDLINGS));
    time_delay(random_below(&rnd, MOMENT_NS));
    done[deed] += !!order_of(guest.args)->began;
    kill();
    check_eq(grant_end_access(granted), 0);
}

static void cycle(void)
{
    if (random_below(&rnd, 4))
        end_at_work();
    else
        end_while_building();
}

/* What is allocated once is, from here on: table pages for mappings, ports, ... */
static void warm_up(void)
{
    for (unsigned int i = 0; i < 20 || !maps_seen || !pins_seen; i++)
        cycle();
}

/* --- accounts --- */

/* Grant mappings that we hold, as debug key 'g' tells them: "d0: ... N mappings held". */
static int mappings_held(void)
{
    static char text[16384];
    struct xen_sysctl op = { .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    char *at, *found = NULL;
    int held = 0;

    op.cmd = XEN_SYSCTL_debug_keys;
    op.u.debug_keys.nr_keys = 1;
    op.u.debug_keys.keys.p = "g";
    require(!HYPERVISOR_sysctl(&op));
    op.cmd = XEN_SYSCTL_readconsole;
    op.u.readconsole = (struct xen_sysctl_readconsole){ .count = sizeof(text) - 1 };
    op.u.readconsole.buffer.p = text;
    require(!HYPERVISOR_sysctl(&op));
    text[op.u.readconsole.count] = '\0';
    for (at = text; (at = strstr(at, "d0: ")) && (at = strstr(at, "in use, "));
         found = at)
        at += strlen("in use, ");
    if (!found)
        return -1;
    for (; *found >= '0' && *found <= '9'; found++)
        held = held * 10 + (*found - '0');
    return held;
}

static unsigned int open_ports(void)
{
    struct evtchn_status status = { .dom = DOMID_SELF };
    unsigned int open = 0;

    for (; !HYPERVISOR_event_channel_op(EVTCHNOP_status, &status); status.port++)
        open += status.status != EVTCHNSTAT_closed;
    return open;
}

static uint64_t settled_free_pages(uint64_t expected)
{
    for (unsigned int i = 0; i < 500 && machine_free_pages() != expected; i++)
        time_sleep(NSEC_PER_MSEC);
    return machine_free_pages();
}

static unsigned int number_of_cycles(void)
{
    unsigned int n = 0;

    for (const char *s = (const char *)boot_info->cmd_line; *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (unsigned int)(*s - '0');
    return n;
}

static void set_up(void)
{
    require(grants_init(1) == 0);
    tree_window = window_reserve(1);
    grant_window = window_reserve(1);
    require(tree_window && grant_window);
    require(vcpu_start(1, meddler, NULL) == 0);
}

static void report(unsigned int cycles, uint64_t start)
{
    note("%u cycles in %lu ms; killed at work: pinning %u, mapping %u, granting %u, "
         "timers "
         "%u, events %u, crashing %u, shutting down %u",
         cycles, (time_now() - start) / NSEC_PER_MSEC, done[DEED_PIN], done[DEED_MAP],
         done[DEED_GRANT], done[DEED_TIMER], done[DEED_EVENTS], done[DEED_SUICIDE],
         done[DEED_SHUTDOWN]);
    note("the other vCPU has pinned %u times and mapped %u times", pins_seen, maps_seen);
}

void test_main(void)
{
    unsigned int cycles = number_of_cycles(), ports;
    uint64_t free_pages, start;
    int held;

    set_up();
    warm_up();
    time_sleep(200 * NSEC_PER_MSEC);
    ports = open_ports();
    held = mappings_held();
    check_eq(held, 0);
    free_pages = machine_free_pages();
    start = time_now();
    for (unsigned int i = 0; i < cycles; i++)
        cycle();
    report(cycles, start);
    check_eq(settled_free_pages(free_pages), free_pages);
    check_eq(open_ports(), ports);
    check_eq(mappings_held(), held);
    meddler_ends = true;
    vcpu_join(1);
}
